import type { PerformanceRule } from '../policy';
import { isLoss, type MetricValue } from './metric';

export interface PerformanceRuleResult {
  readonly metric: PerformanceRule['metric'];
  readonly kind: PerformanceRule['kind'];
  readonly withConfidence: boolean;
  readonly observed: number | null;
  /** The end of the interval that must break the bound too, when `withConfidence`. */
  readonly confidenceBound: number | null;
  /** What `observed` is compared with (the holdout already applied); null when the holdout metric is unknown. */
  readonly bound: number | null;
  /** null: could not be judged. */
  readonly fired: boolean | null;
}

/** Judges one rule by metrics: a loss breaks its bound above, a gain below; on the bound is within it. */
export function evaluateRule(
  rule: PerformanceRule,
  metrics: readonly MetricValue[],
  holdoutMetrics: Readonly<Record<string, number>>,
): PerformanceRuleResult {
  const metric = metrics.find((m) => m.name === rule.metric) ?? null;
  const limit = limitOf(rule, holdoutMetrics);
  const bound = Number.isFinite(limit) ? limit : null;
  const loss = isLoss(rule.metric);
  const confidenceBound = metric === null ? null : loss ? metric.low : metric.high;
  const breaks = (value: number): boolean | null => (bound === null ? null : loss ? value > bound : value < bound);

  const byEstimate = metric === null ? null : breaks(metric.value);
  const byBound = confidenceBound === null ? null : breaks(confidenceBound);
  // An estimate within its bound settles it; only a broken one asks for the interval.
  const fired = rule.withConfidence && byEstimate === true ? byBound : byEstimate;
  return {
    metric: rule.metric,
    kind: rule.kind,
    withConfidence: rule.withConfidence,
    observed: metric?.value ?? null,
    confidenceBound,
    bound,
    fired,
  };
}

/** NaN when the holdout metric is unknown. */
function limitOf(rule: PerformanceRule, holdoutMetrics: Readonly<Record<string, number>>): number {
  if (rule.kind === 'absolute') return rule.bound;
  const holdout = Object.hasOwn(holdoutMetrics, rule.metric) ? (holdoutMetrics[rule.metric] ?? NaN) : NaN;
  if (rule.kind === 'ratioToHoldout') return rule.bound * holdout;
  return isLoss(rule.metric) ? holdout + rule.bound : holdout - rule.bound;
}
