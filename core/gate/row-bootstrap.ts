import { RatchetError } from '../errors';
import type { Task } from '../model';
import type { MetricName } from '../policy';
import { everyRowAlone } from './cluster-statistic';
import { heldOutRows } from './held-out-rows';
import { pairedDifference } from './paired-difference';

export interface RowBootstrapInput {
  readonly task: Task;
  readonly classes: readonly string[];
  readonly threshold: number;
  readonly truth: readonly string[];
  readonly candidate: readonly number[];
  readonly champion: readonly number[];
  readonly metric: MetricName;
  readonly resamples: number;
  readonly confidence: number;
  readonly seed: number;
}

/** Positive: the candidate is better. */
export interface RowBootstrapDifference {
  readonly candidate: number;
  readonly champion: number;
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  readonly rows: number;
}

/**
 * What a bound would say that takes every row as independent. Never a rule: it is printed beside the gate's own, to show what
 * resampling rows hides.
 *
 * @throws RATCHET_INPUT_INVALID for scores or truths that the task does not know; RATCHET_INSUFFICIENT_DATA where these rows
 * define neither the metric nor an interval.
 */
export function rowBootstrapDifference(input: RowBootstrapInput): RowBootstrapDifference {
  const candidate = heldOutRows('candidate', { ...input, scores: input.candidate });
  const champion = heldOutRows('champion', { ...input, scores: input.champion });
  if (candidate.rows === null || champion.rows === null) {
    const faults = [...candidate.faults, ...champion.faults];
    throw new RatchetError('RATCHET_INPUT_INVALID', faults.map((fault) => fault.text).join('; '), {
      details: { faults },
    });
  }
  const clusters = everyRowAlone(input.truth.length);
  const result = pairedDifference(input.metric, candidate.rows, champion.rows, clusters, input);
  if (result.candidate === null || result.champion === null || result.difference === null || result.interval === null) {
    throw new RatchetError(
      'RATCHET_INSUFFICIENT_DATA',
      `${input.truth.length} rows give no interval of the difference in ${input.metric}`,
    );
  }
  return {
    candidate: result.candidate,
    champion: result.champion,
    difference: result.difference,
    ...result.interval,
    rows: input.truth.length,
  };
}
