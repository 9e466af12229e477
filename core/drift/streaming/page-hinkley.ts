/**
 * Page–Hinkley test: a cumulative sum of deviations from the running mean x̄, with forgetting.
 *
 * U ← αU + (x − x̄) − δ and L ← αL + (x − x̄) + δ. A rise of the mean is a drift when U − min U > λ, a fall when max L − L > λ,
 * after `minInstances` values. `mode` says which count. No warnings. δ is the change that is tolerated and λ the height of the
 * alarm, both in the unit of the values: for 0/1 errors the default λ = 50 is slow; take less. Assumes independent values.
 *
 * Detections equal river 0.26.1's (test/golden); like it, max L starts from −1.
 * References: E. S. Page, "Continuous Inspection Schemes", Biometrika 41, 1954; D. V. Hinkley, Biometrika 57, 1970.
 */
import { addToMean, emptyMean, type RunningMean } from './running-mean';
import { isCount, problemsOf, type StreamingDetector } from './streaming-detector';

export interface PageHinkleyParameters {
  readonly minInstances: number;
  /** Tolerated change δ, at least 0. */
  readonly delta: number;
  /** Height λ of the alarm, above 0. */
  readonly threshold: number;
  /** Forgetting factor α, in (0, 1]. */
  readonly alpha: number;
  readonly mode: 'up' | 'down' | 'both';
}

export interface PageHinkleyMemory {
  readonly values: RunningMean;
  upSum: number;
  /** null: no value yet. */
  upMinimum: number | null;
  downSum: number;
  downMaximum: number;
}

export const PAGE_HINKLEY: StreamingDetector<PageHinkleyParameters, PageHinkleyMemory> = {
  defaults: { minInstances: 30, delta: 0.005, threshold: 50, alpha: 1 - 0.0001, mode: 'both' },
  domain: 'finite',
  problems: (p) =>
    problemsOf([
      [isCount(p.minInstances, 1), 'minInstances must be a whole number of at least 1'],
      [p.delta >= 0 && p.delta < Infinity, 'delta must be at least 0'],
      [p.threshold > 0 && p.threshold < Infinity, 'threshold must be above 0'],
      [p.alpha > 0 && p.alpha <= 1, 'alpha must lie between 0 and 1'],
      [['up', 'down', 'both'].includes(p.mode), "mode must be 'up', 'down' or 'both'"],
    ]),
  start: () => ({ values: emptyMean(), upSum: 0, upMinimum: null, downSum: 0, downMaximum: -1 }),
  step(parameters, memory, value) {
    const { minInstances, delta, threshold, alpha, mode } = parameters;
    addToMean(memory.values, value);
    const apart = value - memory.values.mean;
    memory.upSum = alpha * memory.upSum + apart - delta;
    memory.downSum = alpha * memory.downSum + apart + delta;
    memory.upMinimum = memory.upMinimum === null ? memory.upSum : Math.min(memory.upMinimum, memory.upSum);
    memory.downMaximum = Math.max(memory.downMaximum, memory.downSum);
    if (memory.values.n < minInstances) return 'none';
    const rose = mode !== 'down' && memory.upSum - memory.upMinimum > threshold;
    const fell = mode !== 'up' && memory.downMaximum - memory.downSum > threshold;
    return rose || fell ? 'drift' : 'none';
  },
};
