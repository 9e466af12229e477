/**
 * Performance by slice: the rows whose feature has one value. Looking at many slices makes some look bad by chance, so a rule
 * that names a feature is judged with intervals at error 0.05/m, m the judged slices of the feature (Bonferroni: all m
 * intervals hold together in 95 % of the windows, however the slices depend on each other).
 */
import type { Task } from '../model';
import type { MetricName, PerformancePolicy, PerformanceRule } from '../policy';
import { worstVerdict, type Reason, type Verdict } from '../verdict';
import { metricsFromCounts, taskOfCounts } from './from-counts';
import { isLoss, type MetricValue } from './metric';
import type { SliceCounts } from './performance-counts';
import { evaluateRule, type PerformanceRuleResult } from './rule';

/** Plain JSON. */
export interface SliceReport {
  /** By which metric the slices are ordered; null: there are none. */
  readonly metric: MetricName | null;
  /** Worst first; slices with too few labels last, most rows first. */
  readonly slices: readonly SliceMeasurement[];
  /** null: no rule names a slice. Otherwise `inconclusive` when one could not be judged on any slice. */
  readonly verdict: Extract<Verdict, 'pass' | 'fail' | 'inconclusive'> | null;
  readonly reasons: readonly Reason[];
}

export interface SliceMeasurement {
  readonly feature: string;
  /** null: the rows where the feature is missing. */
  readonly value: string | null;
  readonly rows: number;
  readonly labelled: number;
  readonly coverage: number;
  /** Enough labels for a verdict (`minLabelled` and `minCoverage` of the policy, by slice). */
  readonly sufficient: boolean;
  /** With intervals at 95 % for this slice alone. */
  readonly metrics: readonly MetricValue[];
  /** The rules that name its feature, with corrected bounds; empty when insufficient. */
  readonly rules: readonly PerformanceRuleResult[];
}

/**
 * Measures slices and judges the rules that name their feature, `ratioToHoldout` and `dropFromHoldout` against the hold-out
 * of all rows. A slice without enough labels is shown and not judged; a rule without any judged slice is `inconclusive`.
 */
export function measureSlices(
  slices: readonly SliceCounts[],
  policy: PerformancePolicy,
  holdoutMetrics: Readonly<Record<string, number>>,
): SliceReport {
  const values = policy.values ?? null;
  const judged = (feature: string): number => slices.filter((s) => s.feature === feature && enough(s, policy)).length;
  const measured = slices.map((slice): SliceMeasurement => {
    const { rows, labelled } = slice.counts;
    const sufficient = enough(slice, policy);
    const rules = sufficient ? policy.rules.filter((rule) => rule.slice === slice.feature) : [];
    const corrected =
      rules.length === 0 ? [] : metricsFromCounts(slice.counts, { values, alpha: 0.05 / judged(slice.feature) });
    return {
      feature: slice.feature,
      value: slice.value,
      rows,
      labelled,
      coverage: rows === 0 ? 0 : labelled / rows,
      sufficient,
      metrics: metricsFromCounts(slice.counts, { values }),
      // The correction is in the bound, so the bound always counts.
      rules: rules.map((rule) => evaluateRule({ ...rule, withConfidence: true }, corrected, holdoutMetrics)),
    };
  });
  const first = slices[0];
  const metric = first === undefined ? null : (policy.rules[0]?.metric ?? defaultMetric(taskOfCounts(first.counts)));
  const outcomes = policy.rules
    .filter((rule) => rule.slice !== undefined)
    .map((rule) => {
      // A slice carries the rules of its feature in the policy's order.
      const position = policy.rules.filter((other) => other.slice === rule.slice).indexOf(rule);
      const own = measured.filter((slice) => slice.feature === rule.slice);
      return judgeOver(rule, position, own);
    });
  const worst = outcomes.length === 0 ? null : worstVerdict(outcomes.map((outcome) => outcome.verdict));
  return {
    metric,
    slices: metric === null ? [] : worstFirst(measured, metric),
    verdict: worst === 'error' ? 'inconclusive' : worst,
    reasons: outcomes.flatMap((outcome) => outcome.reasons),
  };
}

const enough = ({ counts }: SliceCounts, policy: PerformancePolicy): boolean =>
  counts.labelled >= Math.max(1, policy.minLabelled) && counts.labelled / counts.rows >= policy.minCoverage;

export const defaultMetric = (task: Task): MetricName => (task === 'regression' ? 'rmse' : 'accuracy');

interface Outcome {
  readonly verdict: Extract<Verdict, 'pass' | 'fail' | 'inconclusive'>;
  readonly reasons: readonly Reason[];
}

function judgeOver(rule: PerformanceRule, position: number, slices: readonly SliceMeasurement[]): Outcome {
  const results = slices.flatMap((slice) => {
    const result = slice.rules[position];
    return result === undefined ? [] : [{ slice, result }];
  });
  const fired = results.filter(({ result }) => result.fired === true);
  const settled = results.filter(({ result }) => result.fired !== null);
  const feature = rule.slice ?? '';
  if (fired.length > 0) {
    return {
      verdict: 'fail',
      reasons: fired.map(({ slice, result }) => ({
        code: `performance.slice.${rule.metric}`,
        text: `${rule.metric} of ${feature} = ${slice.value ?? '(missing)'} is ${figure(result.observed)}, bound ${figure(result.bound)}, also at ${figure(result.confidenceBound)} (corrected for ${results.length} slices): fires`,
        observed: result.observed,
        expected: result.bound,
      })),
    };
  }
  const text =
    settled.length === 0
      ? `${rule.metric} by ${feature} could not be judged: no slice has enough labels and a known bound`
      : `${rule.metric} by ${feature}: ${settled.length} of ${slices.length} slices judged, none breaks its bound`;
  return settled.length === 0
    ? { verdict: 'inconclusive', reasons: [{ code: 'performance.unjudged', text }] }
    : { verdict: 'pass', reasons: [{ code: `performance.slice.${rule.metric}`, text }] };
}

/** Slices that can be judged by the metric's value, the rest by their rows. */
export function worstFirst(slices: readonly SliceMeasurement[], metric: MetricName): readonly SliceMeasurement[] {
  const badness = (slice: SliceMeasurement): number => {
    const value = slice.sufficient ? slice.metrics.find((m) => m.name === metric)?.value : undefined;
    return value === undefined ? -Infinity : isLoss(metric) ? value : -value;
  };
  return [...slices].sort((a, b) => {
    const [badA, badB] = [badness(a), badness(b)];
    return badA === badB ? b.rows - a.rows : badB - badA;
  });
}

const figure = (value: number | null): string => (value === null ? '?' : String(Number(value.toPrecision(4))));
