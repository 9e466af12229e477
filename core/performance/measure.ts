import type { PerformancePolicy } from '../policy';
import { worstVerdict, type Reason, type Verdict } from '../verdict';
import { countPerformance } from './count';
import { metricsFromCounts } from './from-counts';
import type { AnsweredRows } from './labelled-rows';
import { isLoss, type MetricValue } from './metric';
import type { PerformanceCounts, SliceCounts } from './performance-counts';
import { measureSlices, type SliceReport } from './slices';
import { evaluateRule, type PerformanceRuleResult } from './rule';

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
  /** Absent when no slices were counted and no rule asks for them. */
  readonly slices?: SliceReport;
}

/**
 * Measures the answers of a window against its labels and evaluates the policy's rules. A loss breaks its bound above, a
 * gain below. Missing labels, a metric that these rows do not define or an unknown holdout metric give `inconclusive`; so
 * does a policy without rules. Never NaN, never throws.
 */
export const measurePerformance = (
  input: AnsweredRows,
  policy: PerformancePolicy,
  holdoutMetrics: Readonly<Record<string, number>>,
  slices: readonly SliceCounts[] = [],
): PerformanceMeasurement => measurePerformanceCounts(countPerformance(input), policy, holdoutMetrics, slices);

/** The same from counts. Rules that name a slice judge `slices`; without any they cannot be judged. */
export function measurePerformanceCounts(
  counts: PerformanceCounts,
  policy: PerformancePolicy,
  holdoutMetrics: Readonly<Record<string, number>>,
  slices: readonly SliceCounts[] = [],
): PerformanceMeasurement {
  const { rows, labelled, invalid } = counts;
  const coverage = rows === 0 ? 0 : labelled / rows;
  const metrics = metricsFromCounts(counts, { values: policy.values ?? null });
  const shortages = shortagesOf(labelled, rows, coverage, policy);
  const rules = policy.rules
    .filter((rule) => rule.slice === undefined)
    .map((rule) => evaluateRule(rule, metrics, holdoutMetrics));
  const sliced =
    slices.length > 0 || policy.rules.some((rule) => rule.slice !== undefined)
      ? measureSlices(slices, policy, holdoutMetrics)
      : null;

  const verdict = shortages.length > 0 ? 'inconclusive' : ruleVerdict(rules, sliced);
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
      ...(policy.rules.length === 0
        ? [{ code: 'performance.noRules', text: 'the policy has no performance rule' }]
        : []),
      ...rules.map(ruleReason),
      ...(sliced?.reasons ?? []),
    ],
    ...(sliced === null ? {} : { slices: sliced }),
  };
}

function ruleVerdict(
  rules: readonly PerformanceRuleResult[],
  slices: SliceReport | null,
): 'pass' | 'fail' | 'inconclusive' {
  const worst = worstVerdict([
    ...rules.map((r) => (r.fired === null ? 'inconclusive' : r.fired ? 'fail' : 'pass')),
    ...(slices === null || slices.verdict === null ? [] : [slices.verdict]),
  ]);
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

function ruleReason(rule: PerformanceRuleResult): Reason {
  const loss = isLoss(rule.metric);
  const name = `${rule.metric}${rule.kind === 'absolute' ? '' : ' against its holdout'}`;
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
