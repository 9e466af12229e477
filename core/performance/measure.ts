import type { PerformancePolicy, PerformanceRule } from '../policy';
import { worstVerdict, type Reason, type Verdict } from '../verdict';
import { metricsOf, selectLabelledRows, type AnsweredRows } from './labelled-rows';
import { isLoss, type MetricValue } from './metric';

/** Performance over a window's matured labels. Plain JSON. */
export interface PerformanceMeasurement {
  readonly schemaVersion: 1;
  /** `pass`: no rule fired. `fail`: one did. `inconclusive`: too few labels, or a rule that could not be judged. */
  readonly verdict: Extract<Verdict, 'pass' | 'fail' | 'inconclusive'>;
  readonly metrics: readonly MetricValue[];
  readonly rows: number;
  /** Rows with a truth and an answer that the task knows. */
  readonly labelled: number;
  /** Rows with a truth or an answer that it does not know; they count as unlabelled. */
  readonly invalid: number;
  /** labelled / rows; 0 for no rows. */
  readonly coverage: number;
  readonly rules: readonly PerformanceRuleResult[];
  readonly reasons: readonly Reason[];
}

export interface PerformanceRuleResult {
  readonly metric: PerformanceRule['metric'];
  readonly kind: PerformanceRule['kind'];
  readonly withConfidence: boolean;
  readonly observed: number | null;
  /** The end of the interval that must break the bound too, when `withConfidence`. */
  readonly confidenceBound: number | null;
  /** What `observed` is compared with (the holdout's ratio already applied); null when the holdout metric is unknown. */
  readonly bound: number | null;
  /** null: could not be judged. */
  readonly fired: boolean | null;
}

/**
 * Measures the answers of a window against its labels and evaluates the policy's rules. A loss breaks its bound above, a
 * gain below. Missing labels, a metric that these rows do not define or an unknown holdout metric give `inconclusive`; so
 * does a policy without rules. Never NaN, never throws.
 */
export function measurePerformance(
  input: AnsweredRows,
  policy: PerformancePolicy,
  holdoutMetrics: Readonly<Record<string, number>>,
): PerformanceMeasurement {
  const rows = input.truths.length;
  const { rows: selected, labelled, invalid } = selectLabelledRows(input);
  const coverage = rows === 0 ? 0 : labelled / rows;
  const metrics = metricsOf(selected);
  const shortages = shortagesOf(labelled, rows, coverage, policy);
  const rules = policy.rules.map((rule) => evaluate(rule, metrics, holdoutMetrics));

  const verdict = shortages.length > 0 ? 'inconclusive' : ruleVerdict(rules);
  return {
    schemaVersion: 1,
    verdict,
    metrics,
    rows,
    labelled,
    invalid,
    coverage,
    rules,
    reasons: [
      ...shortages,
      ...(invalid > 0 ? [invalidReason(invalid, rows)] : []),
      ...(rules.length === 0 ? [{ code: 'performance.noRules', text: 'the policy has no performance rule' }] : []),
      ...rules.map(ruleReason),
    ],
  };
}

function ruleVerdict(rules: readonly PerformanceRuleResult[]): 'pass' | 'fail' | 'inconclusive' {
  const worst = worstVerdict(rules.map((r) => (r.fired === null ? 'inconclusive' : r.fired ? 'fail' : 'pass')));
  return worst === 'error' ? 'inconclusive' : worst;
}

function shortagesOf(labelled: number, rows: number, coverage: number, policy: PerformancePolicy): readonly Reason[] {
  const reasons: Reason[] = [];
  const needed = Math.max(1, policy.minLabelled);
  if (!(labelled >= needed)) {
    reasons.push({
      code: 'performance.labelled',
      text: `${labelled} labelled rows, needs ${needed}`,
      observed: labelled,
      expected: needed,
    });
  }
  if (!(coverage >= policy.minCoverage)) {
    reasons.push({
      code: 'performance.coverage',
      text: `${labelled} of ${rows} rows have a label (${(100 * coverage).toFixed(1)} %), needs ${100 * policy.minCoverage} %`,
      observed: coverage,
      expected: policy.minCoverage,
    });
  }
  return reasons;
}

const invalidReason = (invalid: number, rows: number): Reason => ({
  code: 'performance.invalid',
  text: `${invalid} of ${rows} rows have a label or an answer that the task does not know; they count as unlabelled`,
  observed: invalid,
  expected: 0,
});

function evaluate(
  rule: PerformanceRule,
  metrics: readonly MetricValue[],
  holdoutMetrics: Readonly<Record<string, number>>,
): PerformanceRuleResult {
  const metric = metrics.find((m) => m.name === rule.metric) ?? null;
  const holdout = Object.hasOwn(holdoutMetrics, rule.metric) ? (holdoutMetrics[rule.metric] ?? NaN) : NaN;
  const limit = rule.kind === 'absolute' ? rule.bound : rule.bound * holdout;
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

function ruleReason(rule: PerformanceRuleResult): Reason {
  const loss = isLoss(rule.metric);
  const name = `${rule.metric}${rule.kind === 'ratioToHoldout' ? ' against its holdout' : ''}`;
  const values = { observed: rule.observed, expected: rule.bound };
  if (rule.fired === null) {
    const lacks =
      rule.observed === null
        ? 'these rows do not define it'
        : rule.bound === null
          ? 'the holdout metric is unknown'
          : 'its confidence interval is unknown';
    return { code: 'performance.unjudged', text: `${name} could not be judged: ${lacks}`, ...values };
  }
  const sign = rule.observed === rule.bound ? '=' : (rule.observed ?? 0) > (rule.bound ?? 0) ? '>' : '<';
  const confidence =
    rule.withConfidence && rule.confidenceBound !== null
      ? ` (95 % ${loss ? 'lower' : 'upper'} bound ${figure(rule.confidenceBound)})`
      : '';
  return {
    code: `performance.${rule.metric}`,
    text: `${name} ${figure(rule.observed)} ${sign} ${figure(rule.bound)}${confidence}: ${rule.fired ? 'fires' : 'within its bound'}`,
    ...values,
  };
}

const figure = (value: number | null): string => (value === null ? '?' : String(Number(value.toPrecision(4))));
