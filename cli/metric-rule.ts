/** Rules such as `f1<0.85`: when a metric of `ratchet evaluate` means "no". */
import { InvalidArgumentError } from 'commander';
import type { Evaluation } from '../core/performance';
import type { EvaluationDocument } from '../policy/result-schemas';
import { metricsOf } from '../policy/metrics';

export interface MetricRule {
  /** As it was written. */
  readonly text: string;
  /** A metric of any task, or `coverage`. */
  readonly metric: string;
  readonly comparison: '<' | '<=' | '>' | '>=';
  readonly bound: number;
}

const FORM = /^\s*([A-Za-z][A-Za-z0-9]*)\s*(<=|>=|<|>)\s*(\S+)\s*$/;
const COVERAGE = 'coverage';

export const RULE_METRICS: readonly string[] = [
  ...new Set([...metricsOf('binary'), ...metricsOf('multiclass'), ...metricsOf('regression'), COVERAGE]),
];

/** Reads one more rule. @throws InvalidArgumentError saying what a rule looks like, or which metrics there are. */
export function metricRules(text: string, before: readonly MetricRule[] = []): readonly MetricRule[] {
  const [, name = '', comparison, number = ''] = FORM.exec(text) ?? [];
  const bound = Number(number);
  if (comparison === undefined || !Number.isFinite(bound)) {
    throw new InvalidArgumentError('Expected a metric, a comparison and a number, e.g. "f1<0.85".');
  }
  const metric = RULE_METRICS.find((known) => known.toLowerCase() === name.toLowerCase());
  if (metric === undefined) {
    throw new InvalidArgumentError(`There is no metric "${name}"; there are ${RULE_METRICS.join(', ')}.`);
  }
  return [...before, { text: text.trim(), metric, comparison: comparison as MetricRule['comparison'], bound }];
}

/**
 * Does the rule fire? With `confidence` the near end of the 95 % interval must break the bound too. A metric that is not known
 * (no label, not one of the task) leaves the rule open: null.
 */
export function judgeRule(
  { text, metric, comparison, bound }: MetricRule,
  evaluation: Evaluation,
  confidence: boolean,
): EvaluationDocument['rules'][number] {
  const { value, low, high } = valueOf(metric, evaluation) ?? { value: null, low: null, high: null };
  const breaks = (figure: number | null): boolean | null =>
    figure === null ? null : COMPARE[comparison](figure, bound);
  const byValue = breaks(value);
  const farEnd = comparison.startsWith('<') ? high : low;
  const fired = confidence && byValue === true ? breaks(farEnd) : byValue;
  return { rule: text, metric, observed: value, bound, fired };
}

const COMPARE: Readonly<Record<MetricRule['comparison'], (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function valueOf(
  name: string,
  { metrics, rows, coverage }: Evaluation,
): { readonly value: number; readonly low: number | null; readonly high: number | null } | null {
  // The share of labelled rows is counted, not estimated.
  if (name === COVERAGE) return rows === 0 ? null : { value: coverage, low: coverage, high: coverage };
  return metrics.find((metric) => metric.name === name) ?? null;
}
