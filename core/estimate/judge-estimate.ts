import type { Reason } from '../verdict';
import type { PerformanceEstimate } from './estimate-performance';
import type { EstimatedMetric } from './expected-confusion';
import type { Reliability } from './judge-reliability';

/**
 * What an estimate can say. It has no `pass` on purpose: an estimate may raise suspicion, it never blesses, promotes or clears a
 * breach. `unsuspicious`: nothing seen. `unreliable`: the inputs left the reference's support. `insufficient`: too little known.
 */
export type EstimateVerdict = 'suspicious' | 'unsuspicious' | 'unreliable' | 'insufficient';

export interface EstimateJudgement {
  readonly verdict: EstimateVerdict;
  readonly reasons: readonly Reason[];
}

export interface EstimatePolicy {
  /** Metrics that are judged; at least one. */
  readonly metrics: readonly EstimatedMetric[];
  /** Fewest rows of a window. */
  readonly minRows: number;
  /** `below` (default): only an estimate under the healthy range is suspicious. `both`: one above it too. */
  readonly sides?: 'below' | 'both';
}

/** Precedence: insufficient (rows) > unreliable > suspicious > insufficient (a metric unknown) > unsuspicious. */
export function judgeEstimate(
  estimate: PerformanceEstimate,
  reliability: Reliability,
  policy: EstimatePolicy,
): EstimateJudgement {
  if (!(estimate.rows >= policy.minRows) || estimate.rows === 0) {
    const text = `${estimate.rows} rows, ${policy.minRows} are needed for an estimate`;
    return {
      verdict: 'insufficient',
      reasons: [{ code: 'estimate.rows', text, observed: estimate.rows, expected: policy.minRows }],
    };
  }
  if (!reliability.reliable) return { verdict: 'unreliable', reasons: reliability.reasons };
  const judged = policy.metrics.map((name) => estimate.metrics.find(({ metric }) => metric === name));
  const suspicious = judged.flatMap((found) => {
    if (found?.value == null || found.outside === null || found.thresholds === null) return [];
    if (found.outside === 'above' && policy.sides !== 'both') return [];
    const limit = found.outside === 'below' ? found.thresholds.low : found.thresholds.high;
    const text = `estimated ${found.metric} ${found.value.toFixed(4)} is ${found.outside} ${limit.toFixed(4)} of the reference`;
    return [{ code: `estimate.${found.outside}`, text, observed: found.value, expected: limit }];
  });
  if (suspicious.length > 0) return { verdict: 'suspicious', reasons: suspicious };
  // A healthy range that holds every value could never be left: that is no evidence of health.
  const unknown = policy.metrics.filter((_, i) => {
    const found = judged[i];
    if (found?.value == null || found.thresholds === null) return true;
    return found.thresholds.low <= 0 && (policy.sides !== 'both' || found.thresholds.high >= 1);
  });
  if (unknown.length > 0 || policy.metrics.length === 0) {
    const text =
      policy.metrics.length === 0
        ? 'no metric is named'
        : `no estimate, or no healthy range that it could leave, for ${unknown.join(', ')}`;
    return { verdict: 'insufficient', reasons: [{ code: 'estimate.metric', text }] };
  }
  return { verdict: 'unsuspicious', reasons: [] };
}
