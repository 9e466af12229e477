/** RMSE and MAE of rows, in the target's unit; with intervals from counts: from-counts.ts. */
import { meanEstimate } from './interval';

const over = (truth: readonly number[], scores: readonly number[], loss: (error: number) => number): Float64Array =>
  Float64Array.from(truth, (value, i) => loss(scores[i]! - value));

/** null for no rows. Both arrays have the same length. */
export function rmse(truth: readonly number[], scores: readonly number[]): number | null {
  const mse = meanEstimate(over(truth, scores, (error) => error * error));
  return mse === null ? null : Math.sqrt(mse.mean);
}

/** null for no rows. */
export const mae = (truth: readonly number[], scores: readonly number[]): number | null =>
  meanEstimate(over(truth, scores, Math.abs))?.mean ?? null;
