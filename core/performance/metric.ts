import type { MetricName } from '../policy';
import type { Interval, MeanEstimate } from './interval';
import { Z_95 } from './interval';

/** A metric over labelled rows. `low` and `high` bound it at 95 %; null where no interval is known (one row, macro F1). */
export interface MetricValue {
  readonly name: MetricName;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

const LOSSES: ReadonlySet<MetricName> = new Set(['logLoss', 'brier', 'rmse', 'mae']);

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
export const meanLoss = (name: MetricName, estimate: MeanEstimate | null): readonly MetricValue[] => {
  if (estimate === null || !Number.isFinite(estimate.mean)) return [];
  // Values near the largest double overflow the variance: then there is no interval.
  const known = estimate.standardError !== null && Number.isFinite(Z_95 * estimate.standardError);
  const half = known ? Z_95 * (estimate.standardError ?? 0) : null;
  return [
    {
      name,
      value: estimate.mean,
      low: half === null ? null : Math.max(0, estimate.mean - half),
      high: half === null ? null : estimate.mean + half,
    },
  ];
};
