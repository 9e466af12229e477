/**
 * Every metric of a task from the sufficient statistics of its rows, each with its confidence interval and its source. A metric
 * that the counts do not define (no positive answer: no precision) is left out; no value is ever NaN or infinite.
 */
import type { Task } from '../model';
import { aucFromRanks } from './auc';
import { calibrationErrorMetric } from './calibration-error';
import { SATURATED } from './count';
import { binaryDecisionMetrics, businessValueMetric, multiclassDecisionMetrics } from './decisions';
import { twoSidedZ, type MeanEstimate } from './interval';
import { meanLoss, type MetricValue } from './metric';
import type { LossSums, PerformanceCounts } from './performance-counts';

export interface MetricOptions {
  /** Needed only when the counts cannot say: binary decisions without probabilities. Default: {@link taskOfCounts}. */
  readonly task?: Task;
  /** Business value of one decision, [truth][answer] in the order of the classes; null: no such metric. */
  readonly values?: readonly (readonly number[])[] | null;
  /** Two-sided error of the intervals, in (0, 1). Default 0.05: 95 %. */
  readonly alpha?: number;
}

/** Regression has no confusion; only binary has calibration bins. */
export const taskOfCounts = (counts: PerformanceCounts): Task =>
  counts.confusion === null ? 'regression' : counts.calibration === null ? 'multiclass' : 'binary';

export function metricsFromCounts(counts: PerformanceCounts, options: MetricOptions = {}): readonly MetricValue[] {
  const z = twoSidedZ(options.alpha ?? 0.05);
  const { confusion, losses } = counts;
  const value = confusion === null ? [] : businessValueMetric(confusion, options.values ?? null, z);
  switch (options.task ?? taskOfCounts(counts)) {
    case 'binary':
      return [
        ...(confusion === null ? [] : binaryDecisionMetrics(binaryConfusion(confusion), z)),
        ...aucFromRanks(counts.ranks, z),
        ...meanLoss('logLoss', meanOf(losses.logLoss), z),
        ...meanLoss('brier', meanOf(losses.brier), z),
        ...calibrationErrorMetric(counts.calibration, z),
        ...value,
      ];
    case 'multiclass':
      return [...(confusion === null ? [] : multiclassDecisionMetrics(confusion, z)), ...value];
    case 'regression':
      return [
        ...rootMetric(losses.squared, z),
        ...meanLoss('mae', meanOf(losses.absolute), z),
        ...meanLoss('mse', meanOf(losses.squared), z),
        ...meanLoss('mape', meanOf(losses.absolutePercentage), z),
      ];
  }
}

const binaryConfusion = (matrix: readonly (readonly number[])[]) => ({
  trueNegative: matrix[0]?.[0] ?? 0,
  falsePositive: matrix[0]?.[1] ?? 0,
  falseNegative: matrix[1]?.[0] ?? 0,
  truePositive: matrix[1]?.[1] ?? 0,
});

/** Mean and standard error by the sums; null without rows or when the sums left the doubles. */
function meanOf(sums: LossSums | undefined): MeanEstimate | null {
  if (sums === undefined || !(sums.n > 0) || !(sums.sum < SATURATED)) return null;
  const mean = sums.sum / sums.n;
  if (sums.n < 2 || !(sums.sumSquares < SATURATED)) return { mean, standardError: null };
  const squares = Math.max(0, sums.sumSquares - sums.n * mean * mean);
  return { mean, standardError: Math.sqrt(squares / (sums.n - 1) / sums.n) };
}

/** RMSE = √MSE by the delta method: its standard error is that of MSE divided by 2·RMSE. */
function rootMetric(squared: LossSums | undefined, z: number): readonly MetricValue[] {
  const mse = meanOf(squared);
  if (mse === null) return [];
  const root = Math.sqrt(mse.mean);
  const standardError = mse.standardError === null ? null : root === 0 ? 0 : mse.standardError / (2 * root);
  return meanLoss('rmse', { mean: root, standardError }, z);
}
