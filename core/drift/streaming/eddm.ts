/**
 * EDDM, early drift detection method: the distance between two errors of a model that is not getting worse grows or stays.
 *
 * With p' the mean and s' the standard deviation (ddof 1) of the distances, the largest p' + 2s' is remembered as the maximum.
 * Warning when (p' + 2s')/maximum < alpha, drift when < beta, after `warmStart` errors. Made for gradual drift; on a stable
 * stream it alarms more often than DDM. Assumes independent binary errors.
 *
 * Values: 1 the model was wrong, 0 it was right. As in river the state stays `warning` between errors and while the maximum
 * grows. Detections equal river 0.26.1's (test/golden).
 * Reference: M. Baena-García et al., "Early Drift Detection Method", IWKDDS 2006.
 */
import { addToMean, emptyMean, type RunningMean } from './running-mean';
import { isCount, problemsOf, type StreamingDetector } from './streaming-detector';

export interface EddmParameters {
  /** No signal before more than this many errors; the maximum is not tracked before more than this many values. */
  readonly warmStart: number;
  /** Warning below this share of the maximum, in (0, 1]. */
  readonly alpha: number;
  /** Drift below this share of the maximum; at most alpha. */
  readonly beta: number;
}

export interface EddmMemory {
  n: number;
  /** Value number of the last error; 0: none yet. */
  lastError: number;
  readonly distances: RunningMean;
  /** Sum of squared deviations of the distances. */
  deviation: number;
  /** null: none yet. */
  maximum: number | null;
  warning: boolean;
}

export const EDDM: StreamingDetector<EddmParameters, EddmMemory> = {
  defaults: { warmStart: 30, alpha: 0.95, beta: 0.9 },
  domain: 'binary',
  problems: (p) =>
    problemsOf([
      [isCount(p.warmStart, 1), 'warmStart must be a whole number of at least 1'],
      [p.alpha > 0 && p.alpha <= 1, 'alpha must lie between 0 and 1'],
      [p.beta > 0 && p.beta <= p.alpha, 'beta must lie between 0 and alpha'],
    ]),
  start: () => ({ n: 0, lastError: 0, distances: emptyMean(), deviation: 0, maximum: null, warning: false }),
  step(parameters, memory, value) {
    memory.n += 1;
    if (value === 1 && addError(parameters, memory)) return 'drift';
    return memory.warning ? 'warning' : 'none';
  },
};

/** True: a drift. */
function addError(parameters: EddmParameters, memory: EddmMemory): boolean {
  const distance = memory.n - memory.lastError;
  memory.lastError = memory.n;
  const before = memory.distances.mean;
  addToMean(memory.distances, distance);
  const { n: errors, mean } = memory.distances;
  memory.deviation += (distance - before) * (distance - mean);
  if (memory.n <= parameters.warmStart) return false;
  const level = mean + 2 * Math.sqrt(errors > 1 ? memory.deviation / (errors - 1) : 0);
  if (memory.maximum === null || level > memory.maximum) {
    memory.maximum = level;
    return false;
  }
  if (errors <= parameters.warmStart) return false;
  const share = level / memory.maximum;
  if (share < parameters.beta) return true;
  memory.warning = share < parameters.alpha;
  return false;
}
