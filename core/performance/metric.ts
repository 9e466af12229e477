import type { MetricName } from '../policy';
import type { Interval, MeanEstimate } from './interval';
import { Z_95 } from './interval';

/** A metric over labelled rows. `low` and `high` bound it at 95 %; null where no interval is known (one row). */
export interface MetricValue {
  readonly name: MetricName;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

const LOSSES: ReadonlySet<MetricName> = new Set([
  'fpr',
  'logLoss',
  'brier',
  'rmse',
  'mae',
  'mse',
  'mape',
  'calibrationError',
]);

/** Losses are better when smaller, gains when larger. */
export const isLoss = (metric: MetricName): boolean => LOSSES.has(metric);

/** A metric in [0, 1], or nothing when it is undefined (no row it could speak of). */
export const proportion = (
  name: MetricName,
  k: number,
  n: number,
  interval: Interval | null,
): readonly MetricValue[] =>
  n > 0 ? [{ name, value: k / n, low: interval?.low ?? null, high: interval?.high ?? null }] : [];

/** A mean of non-negative losses with its normal interval, cut at 0. */
export const meanLoss = (name: MetricName, estimate: MeanEstimate | null, z: number = Z_95): readonly MetricValue[] =>
  meanMetric(name, estimate, z, 0);

/** A mean with its normal interval, cut at `floor`. */
export const meanMetric = (
  name: MetricName,
  estimate: MeanEstimate | null,
  z: number,
  floor: number | null = null,
): readonly MetricValue[] => {
  if (estimate === null || !Number.isFinite(estimate.mean)) return [];
  // Values near the largest double overflow the variance: then there is no interval.
  const half = estimate.standardError === null ? NaN : z * estimate.standardError;
  const low = estimate.mean - half;
  const high = estimate.mean + half;
  const known = Number.isFinite(low) && Number.isFinite(high);
  return [
    {
      name,
      value: estimate.mean,
      low: known ? (floor === null ? low : Math.max(floor, low)) : null,
      high: known ? high : null,
    },
  ];
};
