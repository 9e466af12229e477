/**
 * Area under the ROC curve = P(score of a positive > score of a negative) + ½ P(equal), by mid-ranks.
 *
 * Interval: DeLong's variance, in the O(n log n) form by ranks, cut to [0, 1]. Where the sample separates the classes
 * perfectly the variance is 0 and says nothing; Wilson's interval for min(positives, negatives) trials stands in.
 *
 * References: J. A. Hanley & B. J. McNeil, Radiology 143, 1982; E. R. DeLong et al., Biometrics 44, 1988; X. Sun & W. Xu,
 * "Fast Implementation of DeLong's Algorithm", IEEE SPL 21(11), 2014.
 */
import { Z_95, wilsonInterval } from './interval';
import type { MetricValue } from './metric';

/** null when one class is absent. `truthIsPositive` and `scores` have the same length; scores are finite. */
export function auc(truthIsPositive: readonly boolean[], scores: readonly number[]): number | null {
  const positives = truthIsPositive.filter(Boolean).length;
  const negatives = truthIsPositive.length - positives;
  if (positives === 0 || negatives === 0) return null;
  const ranks = midRanks(scores);
  let sum = 0;
  truthIsPositive.forEach((truth, i) => {
    if (truth) sum += ranks[i]!;
  });
  return (sum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** AUC with its interval; nothing when one class is absent. */
export function aucMetric(truthIsPositive: readonly boolean[], scores: readonly number[]): readonly MetricValue[] {
  const value = auc(truthIsPositive, scores);
  if (value === null) return [];
  const ranks = midRanks(scores);
  const ofPositives = placements(truthIsPositive, scores, ranks, true);
  const ofNegatives = placements(truthIsPositive, scores, ranks, false);
  const variance = sampleVariance(ofPositives) / ofPositives.length + sampleVariance(ofNegatives) / ofNegatives.length;
  if (variance > 0) {
    const half = Z_95 * Math.sqrt(variance);
    return [{ name: 'auc', value, low: Math.max(0, value - half), high: Math.min(1, value + half) }];
  }
  const trials = Math.min(ofPositives.length, ofNegatives.length);
  const interval = wilsonInterval(value * trials, trials);
  return [{ name: 'auc', value, low: interval?.low ?? null, high: interval?.high ?? null }];
}

/** For each row of one class: the share of the other class that it beats (positives) or is beaten by (negatives). */
function placements(truth: readonly boolean[], scores: readonly number[], ranks: Float64Array, own: boolean): number[] {
  const rows = truth.flatMap((t, i) => (t === own ? [i] : []));
  const within = midRanks(rows.map((i) => scores[i]!));
  const others = truth.length - rows.length;
  return rows.map((row, k) => {
    const below = (ranks[row]! - within[k]!) / others;
    return own ? below : 1 - below;
  });
}

/** Ranks from 1, ties sharing the mean of theirs. */
export function midRanks(values: readonly number[]): Float64Array {
  const order = Uint32Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let i = 0; i < order.length;) {
    let end = i + 1;
    while (end < order.length && values[order[end]!] === values[order[i]!]) end++;
    const rank = (i + 1 + end) / 2;
    for (; i < end; i++) ranks[order[i]!] = rank;
  }
  return ranks;
}

function sampleVariance(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1);
}
