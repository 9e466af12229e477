/** Our rule over two tables: effect and adjusted p together (core/drift/judge-drift.ts is the same over counts of windows). */
import { benjaminiHochberg } from '../drift/benjamini-hochberg';
import { quantileBins } from '../drift/binning';
import type { DesignEffect } from '../drift/design-effect';
import { homogeneity } from '../drift/homogeneity';
import type { DriftMethod } from '../drift/method';
import type { Reason } from '../verdict';
import type { NumberPair, StringPair } from './column-pair';
import type { EffectRule } from './compare-rule';
import type { ComparedTest, Comparison, FeatureComparison } from './comparison';
import type { MethodRuns } from './run-methods';

/** One column before the p-values of all columns are known. */
export interface Measured {
  readonly effect: number | null;
  readonly pValue: number | null;
  /** Other distances of the rule that reached their thresholds. */
  readonly also: readonly { readonly method: DriftMethod; readonly effect: number; readonly threshold: number }[];
  readonly design: DesignEffect | null;
  /** Why nothing could be measured. */
  readonly missing: string | null;
}

export const unmeasured = (missing: string): Measured => ({
  effect: null,
  pValue: null,
  also: [],
  design: null,
  missing,
});

/** @param design null: rows are independent; a text: why the design effect is unknown. */
export function measureEffect(
  pair: NumberPair | StringPair,
  runs: MethodRuns,
  rule: EffectRule,
  design: DesignEffect | string | null,
): Measured {
  const limits = pair.kind === 'number' ? rule.numeric : rule.categorical;
  const missing = shortage(pair, rule.minRows) ?? (typeof design === 'string' ? design : null);
  if (missing !== null) return unmeasured(missing);
  const effect = runs.run(limits.method);
  if (effect.statistic === null) return unmeasured(effect.note ?? `${limits.method} is not defined`);
  const also = limits.also.flatMap(({ method, threshold }) => {
    const { statistic } = runs.run(method);
    return statistic !== null && statistic >= threshold ? [{ method, effect: statistic, threshold }] : [];
  });
  const known = typeof design === 'string' ? null : design;
  const pValue = known === null ? runs.run(limits.test).pValue : clusteredP(pair, rule, known);
  if (pValue === null) return unmeasured(`${limits.test} has no p-value for these rows`);
  return { effect: effect.statistic, pValue, also, design: known, missing: null };
}

/** Clustered rows: Rao and Scott's χ² on the bins or categories stands for KS, whose p cannot be corrected so closely. */
function clusteredP(pair: NumberPair | StringPair, rule: EffectRule, design: DesignEffect): number {
  if (pair.kind === 'number') {
    const bins = quantileBins(pair.reference, pair.current, rule.numeric.bins);
    return homogeneity(bins.reference, bins.current, true, design).pValue;
  }
  const names = [...new Set([...pair.reference.keys(), ...pair.current.keys()])].sort();
  return homogeneity(
    names.map((name) => pair.reference.get(name) ?? 0),
    names.map((name) => pair.current.get(name) ?? 0),
    false,
    design,
  ).pValue;
}

function shortage(pair: NumberPair | StringPair, minRows: number): string | null {
  const needed = Math.max(1, minRows);
  const [before, now] = sizesOf(pair);
  if (!(now >= needed)) return `the current table has ${now} values, needs ${needed}`;
  if (!(before >= needed)) return `the reference has ${before} values, needs ${needed}`;
  return null;
}

export function sizesOf(pair: NumberPair | StringPair): readonly [number, number] {
  if (pair.kind === 'number') return [pair.reference.length, pair.current.length];
  const total = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);
  return [total(pair.reference), total(pair.current)];
}

export type Judged = Pick<FeatureComparison, 'effect' | 'pValue' | 'adjustedPValue' | 'verdict' | 'reason'>;

export interface NamedMeasurement {
  readonly name: string;
  readonly kind: 'number' | 'string';
  readonly measured: Measured;
}

/** In the order given. */
export function judgeFeatures(features: readonly NamedMeasurement[], rule: EffectRule): readonly Judged[] {
  const known = features.filter(({ measured }) => measured.pValue !== null);
  const adjusted = benjaminiHochberg(known.map(({ measured }) => measured.pValue ?? 1));
  const adjustedOf = new Map(known.map((feature, i) => [feature, adjusted[i]!]));
  return features.map((feature) => judgeFeature(feature, adjustedOf.get(feature) ?? null, rule));
}

function judgeFeature({ name, kind, measured }: NamedMeasurement, adjusted: number | null, rule: EffectRule): Judged {
  const { effect, pValue, also, design } = measured;
  const limits = kind === 'number' ? rule.numeric : rule.categorical;
  if (effect === null || pValue === null || adjusted === null) {
    const text = `${name} could not be compared: ${measured.missing}`;
    return {
      effect: null,
      pValue: null,
      adjustedPValue: null,
      verdict: 'insufficient',
      reason: { code: 'compare.insufficient', text, observed: null },
    };
  }
  const large = effect >= limits.threshold || also.length > 0;
  const verdict = adjusted > rule.alpha ? 'ok' : large ? 'drift' : effect >= limits.warn ? 'warn' : 'ok';
  const limit = verdict === 'warn' ? limits.warn : limits.threshold;
  const extra = also.map((a) => `, ${a.method} ${figure(a.effect)} >= ${a.threshold}`).join('');
  const text =
    `${name} ${limits.method} ${figure(effect)} ${effect >= limit ? '>=' : '<'} ${limit}${extra}, ` +
    `adjusted p ${figure(adjusted)} ${adjusted <= rule.alpha ? '<=' : '>'} ${rule.alpha}` +
    (design === null ? '' : ` (design effect ${figure(design.mean)})`);
  const reason: Reason = { code: `compare.${verdict}`, text, observed: effect, expected: limit };
  return { effect, pValue, adjustedPValue: adjusted, verdict, reason };
}

/** Thresholds of the rule beside the tests that it looks at. */
export function withThresholds(
  tests: readonly ComparedTest[],
  kind: 'number' | 'string',
  rule: EffectRule,
): ComparedTest[] {
  const limits = kind === 'number' ? rule.numeric : rule.categorical;
  const thresholds = new Map<DriftMethod, number>([
    ...limits.also.map(({ method, threshold }) => [method, threshold] as const),
    [limits.method, limits.threshold],
  ]);
  return tests.map((test) => {
    const threshold = thresholds.get(test.method);
    if (threshold === undefined) return test;
    const { note, ...rest } = test;
    return {
      ...rest,
      threshold,
      ...(test.statistic === null ? {} : { drifted: test.statistic >= threshold }),
      ...(note === undefined ? {} : { note }),
    };
  });
}

/**
 * @param weights importance by feature; undefined: every feature counts 1.
 * @param vanished columns of the reference that the current table lacks: what is not there cannot be "no drift".
 */
export function judgeTable(
  features: readonly FeatureComparison[],
  rule: EffectRule,
  weights: Readonly<Record<string, number>> | undefined,
  vanished: readonly string[] = [],
): Comparison['dataset'] {
  const at = (verdict: FeatureComparison['verdict']): readonly FeatureComparison[] =>
    features.filter((f) => f.verdict === verdict);
  const drifted = at('drift');
  const insufficient = at('insufficient');
  const driftedShare = shareOf(drifted, features, weights);
  const top = topOf(features, rule.anyTopK, weights);
  const decisive = drifted.filter((f) => top.includes(f.name));
  const enough =
    drifted.length > 0 &&
    (drifted.length >= rule.minFeatures || (driftedShare ?? 0) >= rule.minShare || decisive.length > 0);
  const verdict = enough
    ? 'drift'
    : insufficient.length > 0 || features.length === 0 || driftedShare === null
      ? 'insufficient'
      : drifted.length + at('warn').length + vanished.length > 0
        ? 'warn'
        : 'noDrift';
  return {
    verdict,
    driftedShare,
    reasons: [
      {
        code: 'compare.features',
        text:
          features.length === 0
            ? 'the tables have no column in common'
            : `${drifted.length} of ${features.length} features drifted (drift from ${rule.minFeatures}, or ${figure(100 * rule.minShare)} %${weights === undefined ? '' : ' of the weights'})`,
        observed: drifted.length,
        expected: rule.minFeatures,
      },
      ...vanished.map((name) => ({
        code: 'compare.vanished',
        text: `the current table has no column "${name}"`,
        observed: null,
        expected: name,
      })),
      ...decisive.map((f) => ({
        code: 'compare.importantFeature',
        text: `${f.name} is one of the ${rule.anyTopK} most important features`,
      })),
    ],
  };
}

function shareOf(
  drifted: readonly FeatureComparison[],
  features: readonly FeatureComparison[],
  weights: Readonly<Record<string, number>> | undefined,
): number | null {
  if (features.length === 0) return null;
  if (weights === undefined) return drifted.length / features.length;
  const weightOf = ({ name }: FeatureComparison): number => (Object.hasOwn(weights, name) ? (weights[name] ?? 0) : 0);
  const largest = features.reduce((most, f) => Math.max(most, weightOf(f)), 0);
  // Divided by the largest first: weights near the largest double must not overflow their sum.
  const sum = (some: readonly FeatureComparison[]): number =>
    some.reduce((total, f) => total + weightOf(f) / largest, 0);
  return largest > 0 ? sum(drifted) / sum(features) : null;
}

function topOf(
  features: readonly FeatureComparison[],
  k: number | null,
  weights: Readonly<Record<string, number>> | undefined,
): readonly string[] {
  if (k === null || weights === undefined) return [];
  return features
    .map(({ name }) => ({ name, weight: Object.hasOwn(weights, name) ? (weights[name] ?? 0) : 0 }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .slice(0, k)
    .map(({ name }) => name);
}

/** Three significant digits, for people; the exact number stands in `observed`. */
export const figure = (value: number): string => String(Number(value.toPrecision(3)));
