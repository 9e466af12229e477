/**
 * DDM, drift detection method: the error rate of a model that is not getting worse falls or stays.
 *
 * With p the share of errors among n values and s = √(p(1 − p)/n), the smallest p + s is remembered as p_min, s_min.
 * Warning when p + s > p_min + warningThreshold · s_min, drift when p + s > p_min + driftThreshold · s_min, after `warmStart`
 * values. Assumes independent binary errors; slow to see gradual drift, since p averages all values since the last drift.
 * A stream without any error has p_min = s_min = 0: its first error is a drift (as in river).
 *
 * Values: 1 the model was wrong, 0 it was right. Detections equal river 0.26.1's (test/golden).
 * Reference: J. Gama et al., "Learning with Drift Detection", SBIA 2004.
 */
import { addToMean, emptyMean, type RunningMean } from './running-mean';
import { isCount, problemsOf, type StreamingDetector } from './streaming-detector';

export interface DdmParameters {
  /** No signal up to and including this many values. */
  readonly warmStart: number;
  /** Standard deviations above the best level. */
  readonly warningThreshold: number;
  readonly driftThreshold: number;
}

export interface DdmMemory {
  readonly errors: RunningMean;
  /** The smallest level so far; null: still warming up. */
  best: { readonly p: number; readonly s: number } | null;
}

export const DDM: StreamingDetector<DdmParameters, DdmMemory> = {
  defaults: { warmStart: 30, warningThreshold: 2, driftThreshold: 3 },
  domain: 'binary',
  problems: (p) =>
    problemsOf([
      [isCount(p.warmStart, 0), 'warmStart must be a whole number of at least 0'],
      [p.warningThreshold > 0 && p.warningThreshold < Infinity, 'warningThreshold must be above 0'],
      [
        p.driftThreshold >= p.warningThreshold && p.driftThreshold < Infinity,
        'driftThreshold must not be below warningThreshold',
      ],
    ]),
  start: () => ({ errors: emptyMean(), best: null }),
  step(parameters, memory, value) {
    addToMean(memory.errors, value);
    const { n, mean: p } = memory.errors;
    if (n <= parameters.warmStart) return 'none';
    const s = Math.sqrt(Math.max(0, p * (1 - p)) / n);
    if (memory.best === null || p + s <= memory.best.p + memory.best.s) memory.best = { p, s };
    const { best } = memory;
    if (p + s > best.p + parameters.driftThreshold * best.s) return 'drift';
    return p + s > best.p + parameters.warningThreshold * best.s ? 'warning' : 'none';
  },
};
