import type { MetricAt, ReportedEstimate, ReportedMetric, ReportedPerformance } from '../drift/report-data';
import { isLoss } from '../performance/metric';
import type { MetricName } from '../policy';
import type { EvaluatedWindow, EvaluationReportOptions } from './of-evaluations';
import type { StoredMeasurement } from './stored-measurement';

/** Performance of the window with its history; null when neither labels nor an estimate were looked at. */
export function performanceOf(
  m: StoredMeasurement,
  history: readonly EvaluatedWindow[],
  { holdoutMetrics = {}, policy }: EvaluationReportOptions,
): ReportedPerformance | null {
  const { performance, estimate } = m;
  if (performance === null && estimate === null) return null;
  const realised = performance?.metrics ?? [];
  // Estimated and not realised: shown as well, it is all there is while labels are missing.
  const estimatedOnly = (estimate?.estimate.metrics ?? [])
    .filter((e) => e.value !== null && !realised.some((r) => r.name === e.metric))
    .map((e) => e.metric);
  const ruled = (performance?.rules ?? []).map((rule) => rule.metric);
  const names = [...new Set<string>([...ruled, ...realised.map((r) => r.name), ...estimatedOnly])];
  const rows = performance?.rows ?? m.rows ?? 0;
  return {
    verdict: performance?.verdict ?? null,
    rows,
    labelled: performance?.labelled ?? 0,
    coverage: performance?.coverage ?? 0,
    minCoverage: policy?.performance.minCoverage ?? null,
    metrics: names.map((name) => metricOf(name, m, history, holdoutMetrics)),
    coverageOverTime: history.flatMap(({ record, measurement }) => {
      const then = measurement.performance;
      if (then === null) return [];
      return [{ windowEnd: record.windowEnd, rows: then.rows, labelled: then.labelled, coverage: then.coverage }];
    }),
    estimate: estimateOf(m),
  };
}

function metricOf(
  name: string,
  m: StoredMeasurement,
  history: readonly EvaluatedWindow[],
  holdoutMetrics: Readonly<Record<string, number>>,
): ReportedMetric {
  const now = m.performance?.metrics.find((metric) => metric.name === name);
  return {
    name,
    value: now?.value ?? null,
    low: now?.low ?? null,
    high: now?.high ?? null,
    loss: isLoss(name as MetricName),
    holdout: Object.hasOwn(holdoutMetrics, name) ? (holdoutMetrics[name] ?? null) : null,
    bounds: (m.performance?.rules ?? [])
      .filter((rule) => rule.metric === name)
      .map(({ kind, bound, withConfidence, fired }) => ({ kind, bound, withConfidence, fired })),
    overTime: history.map((window) => metricAt(name, window)),
  };
}

function metricAt(name: string, { record, measurement }: EvaluatedWindow): MetricAt {
  const then = measurement.performance?.metrics.find((metric) => metric.name === name);
  const guess = measurement.estimate?.estimate.metrics.find(({ metric }) => metric === name);
  return {
    windowEnd: record.windowEnd,
    value: then?.value ?? null,
    low: then?.low ?? null,
    high: then?.high ?? null,
    estimated:
      guess?.value == null
        ? null
        : {
            value: guess.value,
            low: guess.low,
            high: guess.high,
            reliable: measurement.estimate?.reliability.reliable === true,
          },
  };
}

function estimateOf({ estimate }: StoredMeasurement): ReportedEstimate | null {
  if (estimate === null) return null;
  return {
    verdict: estimate.judgement.verdict,
    reliable: estimate.reliability.reliable,
    reasons: [
      ...new Map([...estimate.judgement.reasons, ...estimate.reliability.reasons].map((r) => [r.text, r])).values(),
    ],
  };
}
