import { assertScores } from './binary-rows';
import { assertCalibrationMap, calibrate, type CalibrationMap } from './calibration-map';
import type { EstimateReference, MetricReference } from './estimate-reference';
import {
  CONFUSION_METRICS,
  confusionMetric,
  expectedAuc,
  type EstimatedMetric,
  type ExpectedConfusion,
} from './expected-confusion';
import { confusionFromCounts, countForEstimate, type EstimateCounts } from './score-counts';

export interface MetricEstimate {
  readonly metric: EstimatedMetric;
  /** In [0, 1]; null: not defined for these rows. */
  readonly value: number | null;
  /** value ± 3 sampling errors, cut to [0, 1]; null: the reference has no row that the metric speaks of. */
  readonly low: number | null;
  readonly high: number | null;
  readonly standardError: number | null;
  /** Healthy range on the reference; null: unknown. */
  readonly thresholds: MetricReference['thresholds'];
  /** Where the value lies outside of the healthy range; null: inside, or not known. */
  readonly outside: 'below' | 'above' | null;
}

/** Plain JSON. */
export interface PerformanceEstimate {
  readonly rows: number;
  /** null when there are no rows, and for multiclass. */
  readonly confusion: ExpectedConfusion | null;
  readonly metrics: readonly MetricEstimate[];
}

/** Sampling errors on either side of an estimate. */
const BAND_ERRORS = 3;

/**
 * Estimated metrics of unlabelled rows from their counts alone: no AUC, which needs rows.
 * @param map the calibration that the counts were made with, usually `reference.calibration.map`.
 * @throws RatchetError RATCHET_INPUT_INVALID: a broken map, or counts that do not fit it.
 */
export function estimateFromCounts(
  map: CalibrationMap,
  counts: EstimateCounts,
  reference: EstimateReference,
): PerformanceEstimate {
  assertCalibrationMap(map);
  const confusion = confusionFromCounts(map, counts);
  const rows = counts.reduce((sum, count) => sum + count.n, 0);
  return {
    rows,
    confusion: rows === 0 ? null : confusion,
    metrics: CONFUSION_METRICS.map((metric) => withBand(metric, confusionMetric(metric, confusion), rows, reference)),
  };
}

/**
 * The same from rows, with the AUC.
 * @param scores n probabilities in [0, 1]. @param answers n values 0 or 1.
 * @throws RatchetError RATCHET_INPUT_INVALID with the index of a bad row.
 */
export function estimatePerformance(
  scores: ArrayLike<number>,
  answers: ArrayLike<number>,
  reference: EstimateReference,
): PerformanceEstimate {
  assertScores(scores);
  const { map } = reference.calibration;
  const fromCounts = estimateFromCounts(map, countForEstimate(map, scores, answers), reference);
  const probabilities = Array.from(scores, (score) => calibrate(map, score));
  const area = withBand('auc', expectedAuc(scores, probabilities), scores.length, reference);
  return { ...fromCounts, metrics: [...fromCounts.metrics, area] };
}

function withBand(
  metric: EstimatedMetric,
  value: number | null,
  rows: number,
  reference: EstimateReference,
): MetricEstimate {
  const known = reference.metrics.find((candidate) => candidate.metric === metric);
  const spread = known?.spread ?? null;
  const standardError = spread === null || rows === 0 ? null : spread.deviation / Math.sqrt(rows * spread.share);
  return { metric, ...bandOf(value, standardError), thresholds: known?.thresholds ?? null, ...placeOf(value, known) };
}

export function bandOf(
  value: number | null,
  standardError: number | null,
): Pick<MetricEstimate, 'value' | 'low' | 'high' | 'standardError'> {
  const half = standardError === null ? null : BAND_ERRORS * standardError;
  return {
    value,
    low: value === null || half === null ? null : Math.max(0, value - half),
    high: value === null || half === null ? null : Math.min(1, value + half),
    standardError,
  };
}

export function placeOf(
  value: number | null,
  known: Pick<MetricReference, 'thresholds'> | undefined,
): Pick<MetricEstimate, 'outside'> {
  const thresholds = known?.thresholds ?? null;
  if (value === null || thresholds === null) return { outside: null };
  return { outside: value < thresholds.low ? 'below' : value > thresholds.high ? 'above' : null };
}
