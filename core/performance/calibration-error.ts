/**
 * Expected calibration error of the probability of the positive class: Σ_b n_b/N · |mean score − share of positives| over 10
 * equal-width bins of the score, in [0, 1]. M. P. Naeini et al., AAAI 2015; C. Guo et al., ICML 2017.
 *
 * Interval: given the scores, T_b = Σ (outcome − score) of a bin varies by at most n_b·p(1−p), p the bin's share of positives
 * (add-one smoothed, so that a bin of one kind is not certain); |T_b| varies no more than T_b. Upper end: normal. The ECE is
 * biased upwards because noise never cancels within |·|, by at most √(2/π)·σ_b a bin (mean of the folded normal: F. C. Leone
 * et al., Technometrics 3, 1961): the lower end is reduced by that, so that a calibrated model on few rows breaks no bound.
 */
import type { MetricValue } from './metric';
import type { CalibrationBin } from './performance-counts';

const FOLDED_NORMAL_MEAN = Math.sqrt(2 / Math.PI);

/** Nothing without bins or rows. `z`: half width in standard errors. */
export function calibrationErrorMetric(bins: readonly CalibrationBin[] | null, z: number): readonly MetricValue[] {
  const rows = bins?.reduce((sum, bin) => sum + bin.n, 0) ?? 0;
  if (bins === null || !(rows > 0)) return [];
  let error = 0;
  let variance = 0;
  let bias = 0;
  for (const bin of bins) {
    if (bin.n === 0) continue;
    const p = (bin.positives + 1) / (bin.n + 2);
    const deviation = Math.sqrt(bin.n * p * (1 - p));
    error += Math.abs(bin.sumScore - bin.positives);
    variance += deviation * deviation;
    bias += FOLDED_NORMAL_MEAN * deviation;
  }
  const value = Math.min(1, error / rows);
  const half = (z * Math.sqrt(variance)) / rows;
  return [
    {
      name: 'calibrationError',
      value,
      low: Math.max(0, value - bias / rows - half),
      high: Math.min(1, value + half),
    },
  ];
}
