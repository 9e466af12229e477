/**
 * RMSE and MAE, in the target's unit. MAE is a mean: normal interval. RMSE = √MSE by the delta method: its standard error is
 * that of MSE divided by 2·RMSE.
 */
import { meanEstimate } from './interval';
import { meanLoss, type MetricValue } from './metric';

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

export function regressionLossMetrics(truth: readonly number[], scores: readonly number[]): readonly MetricValue[] {
  const mse = meanEstimate(over(truth, scores, (error) => error * error));
  const root = mse === null ? null : Math.sqrt(mse.mean);
  const standardError =
    mse === null || root === null || mse.standardError === null
      ? null
      : root === 0
        ? 0
        : mse.standardError / (2 * root);
  return [
    ...meanLoss('rmse', root === null ? null : { mean: root, standardError }),
    ...meanLoss('mae', meanEstimate(over(truth, scores, Math.abs))),
  ];
}
