import { isLoss } from '../performance/metric';
import type { LabelledRows } from '../performance/labelled-rows';
import { metricsOf } from '../performance/metrics-of-rows';
import type { MetricName } from '../policy';
import { clusterBootstrapInterval, type BootstrapInterval, type BootstrapOptions } from './cluster-bootstrap';
import { clusterStatistic, type Clusters } from './cluster-statistic';

/** How much better the candidate is than the champion on the same rows; positive is better, for losses and gains alike. */
export interface PairedDifference {
  readonly candidate: number | null;
  readonly champion: number | null;
  readonly difference: number | null;
  /** null: no interval (see `clusterBootstrapInterval`), or the metric has no resampled form. */
  readonly interval: BootstrapInterval | null;
}

/** Each resample takes the same clusters for both, so what both find hard cancels. */
export function pairedDifference(
  metric: MetricName,
  candidate: LabelledRows,
  champion: LabelledRows,
  clusters: Clusters,
  options: BootstrapOptions,
): PairedDifference {
  const candidateValue = metricOf(metric, candidate);
  const championValue = metricOf(metric, champion);
  // + 0: an equal pair is 0, not the −0 that JSON would not bring back.
  const signed = (difference: number): number => (isLoss(metric) ? -difference : difference) + 0;
  const difference = candidateValue === null || championValue === null ? null : signed(candidateValue - championValue);
  const ofCandidate = clusterStatistic(metric, candidate, clusters);
  const ofChampion = clusterStatistic(metric, champion, clusters);
  const interval =
    difference === null || ofCandidate === null || ofChampion === null
      ? null
      : clusterBootstrapInterval((w) => signed(ofCandidate(w) - ofChampion(w)), clusters.count, options);
  return { candidate: candidateValue, champion: championValue, difference, interval };
}

export const metricOf = (metric: MetricName, rows: LabelledRows): number | null =>
  metricsOf(rows).find((m) => m.name === metric)?.value ?? null;
