/**
 * Log-loss and Brier score of probabilities of the positive class. Means over rows, so their intervals are normal.
 *
 * Log-loss = −mean ln(probability given to what happened); the probability is clipped to [{@link LOG_LOSS_CLIP},
 * 1 − LOG_LOSS_CLIP] first, as scikit-learn does for doubles: one sure wrong answer costs 36.04, not infinity.
 * Brier = mean (probability − outcome)², in [0, 1].
 */
import { meanEstimate } from './interval';

/** 2^-52, the spacing of doubles at 1. */
export const LOG_LOSS_CLIP = 2 ** -52;

/** Loss of one row, >= 0. */
export function logLossOfRow(truthIsPositive: boolean, score: number): number {
  const p = Math.min(1 - LOG_LOSS_CLIP, Math.max(LOG_LOSS_CLIP, score));
  return truthIsPositive ? -Math.log(p) : -Math.log(1 - p);
}

export const brierOfRow = (truthIsPositive: boolean, score: number): number => (score - (truthIsPositive ? 1 : 0)) ** 2;

const over = (
  truthIsPositive: readonly boolean[],
  scores: readonly number[],
  loss: (truth: boolean, score: number) => number,
): Float64Array => Float64Array.from(truthIsPositive, (truth, i) => loss(truth, scores[i]!));

/** Mean log-loss; null for no rows. Both arrays have the same length. */
export const logLoss = (truthIsPositive: readonly boolean[], scores: readonly number[]): number | null =>
  meanEstimate(over(truthIsPositive, scores, logLossOfRow))?.mean ?? null;

/** Mean Brier score; null for no rows. */
export const brier = (truthIsPositive: readonly boolean[], scores: readonly number[]): number | null =>
  meanEstimate(over(truthIsPositive, scores, brierOfRow))?.mean ?? null;
