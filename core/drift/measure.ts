import type { FeatureColumns, FeatureSpec, FeatureValue } from '../model';
import type { DriftPolicy } from '../policy';
import type { Reason } from '../verdict';
import { benjaminiHochberg } from './benjamini-hochberg';
import { chiSquareHomogeneity } from './chi-square';
import type {
  DriftHistogram,
  DriftMeasurement,
  DriftTest,
  FeatureDrift,
  FeatureDriftLevel,
  SideCounts,
} from './drift-measurement';
import { countInBins, readCategorical, readNumeric } from './feature-values';
import { jensenShannonDistance } from './jensen-shannon';
import { ksTwoSampleSorted } from './ks';
import type { CategoricalProfile, NumericProfile, ReferenceProfile } from './profile';
import { populationStabilityIndex, shares } from './psi';

type MeasurePolicy = Pick<DriftPolicy, 'numeric' | 'categorical' | 'alpha' | 'minRows' | 'minFeatures' | 'minShare'>;

/**
 * Compares a window with the frozen reference. A feature has drifted only when its effect (PSI or Jensen–Shannon) reaches
 * the threshold *and* its Benjamini–Hochberg adjusted p (KS for numbers, χ² for categories) is at most α: the effect alone
 * fires on small windows, p alone on large ones. `warn` is the same with the lower threshold. Missing values are left
 * out of both sides (core/quality judges null shares); with fewer than `minRows` values on either side, an unknown
 * feature or a missing column the feature is `insufficient`.
 *
 * The dataset is `drift` when enough features drifted; else `insufficient` when any feature could not be measured; else
 * `warn` when any feature warned or drifted; else `noDrift`. So less evidence never turns into `noDrift`. Never NaN, never throws.
 */
export function measureDrift(
  profile: ReferenceProfile,
  current: FeatureColumns,
  specs: readonly FeatureSpec[],
  policy: MeasurePolicy,
): DriftMeasurement {
  const raw = specs.map((spec) => compare(spec, ownProfile(profile, spec), ownColumn(current, spec), policy));
  const measured = raw.filter((comparison) => comparison.outcome !== null);
  const adjusted = benjaminiHochberg(measured.map((comparison) => comparison.outcome?.pValue ?? 1));
  const adjustedOf = new Map(measured.map((comparison, i) => [comparison, adjusted[i]!]));

  const features = raw
    .map((comparison) => judgeFeature(comparison, adjustedOf.get(comparison) ?? null, policy))
    .sort((a, b) => (b.effect ?? -1) - (a.effect ?? -1));
  return judgeDataset(features, profile.rows, current.rows, policy);
}

interface Comparison {
  readonly spec: FeatureSpec;
  readonly reference: SideCounts;
  readonly current: SideCounts;
  readonly histogram: DriftHistogram | null;
  readonly outcome: { readonly effect: number; readonly pValue: number; readonly test: DriftTest } | null;
  /** Why there is no outcome. */
  readonly missing: string;
}

const NOTHING: SideCounts = { rows: 0, nulls: 0 };

const ownProfile = (profile: ReferenceProfile, spec: FeatureSpec): NumericProfile | CategoricalProfile | null =>
  Object.hasOwn(profile.features, spec.name) ? (profile.features[spec.name] ?? null) : null;

const ownColumn = (current: FeatureColumns, spec: FeatureSpec): readonly FeatureValue[] | null =>
  Object.hasOwn(current.columns, spec.name) ? (current.columns[spec.name] ?? null) : null;

function compare(
  spec: FeatureSpec,
  reference: NumericProfile | CategoricalProfile | null,
  column: readonly FeatureValue[] | null,
  policy: MeasurePolicy,
): Comparison {
  const unmeasured = (missing: string): Comparison => ({
    spec,
    reference: reference === null ? NOTHING : { rows: reference.rows, nulls: reference.nulls },
    current: NOTHING,
    histogram: null,
    outcome: null,
    missing,
  });
  if (reference === null) return unmeasured('the reference profile does not have it');
  if (column === null) return unmeasured('the window has no such column');
  if (reference.kind !== spec.kind) return unmeasured(`the reference profile has it as ${reference.kind}`);
  return reference.kind === 'number'
    ? compareNumeric(spec, reference, column, policy)
    : compareCategorical(spec, reference, column, policy);
}

function compareNumeric(
  spec: FeatureSpec,
  reference: NumericProfile,
  column: readonly FeatureValue[],
  policy: MeasurePolicy,
): Comparison {
  const values = readNumeric(column);
  const counts = countInBins(values.sorted, reference.edges);
  const sides = { reference: sideOf(reference), current: sideOf(values) };
  const missing = shortage(sides.reference, sides.current, policy.minRows);
  const ks = missing === null ? ksTwoSampleSorted(reference.sample, values.sorted) : null;
  return {
    spec,
    ...sides,
    histogram: histogramOf(reference.counts, counts, reference.edges, null),
    outcome: ks && {
      effect: populationStabilityIndex(reference.counts, counts),
      pValue: ks.pValue,
      test: {
        name: 'ks',
        statistic: ks.statistic,
        referenceRows: reference.sample.length,
        currentRows: values.sorted.length,
        method: ks.method,
      },
    },
    missing: missing ?? '',
  };
}

function compareCategorical(
  spec: FeatureSpec,
  reference: CategoricalProfile,
  column: readonly FeatureValue[],
  policy: MeasurePolicy,
): Comparison {
  const values = readCategorical(column);
  const known = new Map(Object.entries(reference.counts));
  const categories = [...new Set([...known.keys(), ...values.counts.keys()])].sort(
    (a, b) => (known.get(b) ?? 0) - (known.get(a) ?? 0) || (a < b ? -1 : 1),
  );
  const before = categories.map((category) => known.get(category) ?? 0);
  const now = categories.map((category) => values.counts.get(category) ?? 0);
  const sides = { reference: sideOf(reference), current: sideOf(values) };
  const missing = shortage(sides.reference, sides.current, policy.minRows);
  const test = missing === null ? chiSquareHomogeneity(before, now) : null;
  const effect = policy.categorical.method === 'js' ? jensenShannonDistance : populationStabilityIndex;
  return {
    spec,
    ...sides,
    histogram: histogramOf(before, now, null, categories),
    outcome: test && {
      effect: effect(before, now),
      pValue: test.pValue,
      test: {
        name: 'chiSquare',
        statistic: test.statistic,
        degreesOfFreedom: test.degreesOfFreedom,
        folded: test.folded,
      },
    },
    missing: missing ?? '',
  };
}

const sideOf = (side: SideCounts): SideCounts => ({ rows: side.rows, nulls: side.nulls });

/** What lacks for a comparison, or null. One value a side is needed even where the policy's minimum is 0. */
function shortage(reference: SideCounts, current: SideCounts, minRows: number): string | null {
  const needed = Math.max(1, minRows);
  const before = reference.rows - reference.nulls;
  const now = current.rows - current.nulls;
  if (!(now >= needed)) return `the window has ${now} values of ${current.rows} rows, needs ${needed}`;
  if (!(before >= needed)) return `the reference has ${before} values of ${reference.rows} rows, needs ${needed}`;
  return null;
}

function histogramOf(
  before: readonly number[],
  now: readonly number[],
  edges: readonly number[] | null,
  categories: readonly string[] | null,
): DriftHistogram | null {
  const reference = shares(before);
  const current = shares(now);
  if (reference === null || current === null) return null;
  return { edges, categories, reference, current, referenceCounts: before, currentCounts: now };
}

function judgeFeature(comparison: Comparison, adjustedPValue: number | null, policy: MeasurePolicy): FeatureDrift {
  const { spec, outcome } = comparison;
  const limits = spec.kind === 'number' ? policy.numeric : policy.categorical;
  const level: FeatureDriftLevel =
    outcome === null || adjustedPValue === null
      ? 'insufficient'
      : adjustedPValue > policy.alpha || outcome.effect < limits.warn
        ? 'ok'
        : outcome.effect < limits.threshold
          ? 'warn'
          : 'drift';
  return {
    name: spec.name,
    kind: spec.kind,
    level,
    effect: outcome?.effect ?? null,
    method: limits.method,
    warn: limits.warn,
    threshold: limits.threshold,
    pValue: outcome?.pValue ?? null,
    adjustedPValue,
    test: outcome?.test ?? null,
    reference: comparison.reference,
    current: comparison.current,
    histogram: comparison.histogram,
    reason: featureReason(comparison, level, adjustedPValue, limits),
  };
}

function featureReason(
  comparison: Comparison,
  level: FeatureDriftLevel,
  adjustedPValue: number | null,
  limits: { readonly method: 'psi' | 'js'; readonly warn: number; readonly threshold: number },
): Reason {
  const { spec, outcome, missing } = comparison;
  const code = `drift.feature.${level}`;
  if (outcome === null) return { code, text: `${spec.name} could not be measured: ${missing}`, observed: null };
  const name = limits.method === 'psi' ? 'PSI' : 'JS';
  const limit = level === 'drift' ? limits.threshold : limits.warn;
  const sign = outcome.effect >= limit ? '>=' : '<';
  const text =
    `${spec.name} ${name} ${figure(outcome.effect)} ${sign} ${limit}, ` +
    `adjusted p ${figure(adjustedPValue ?? 1)} (raw ${figure(outcome.pValue)})`;
  return { code, text, observed: outcome.effect, expected: limit };
}

function judgeDataset(
  features: readonly FeatureDrift[],
  referenceRows: number,
  currentRows: number,
  policy: MeasurePolicy,
): DriftMeasurement {
  const at = (level: FeatureDriftLevel): readonly FeatureDrift[] => features.filter((f) => f.level === level);
  const drifted = at('drift');
  const warned = at('warn');
  const insufficient = at('insufficient');
  const count = features.length;
  const enough =
    drifted.length > 0 && (drifted.length >= policy.minFeatures || drifted.length / count >= policy.minShare);
  const verdict = enough
    ? 'drift'
    : insufficient.length > 0 || count === 0
      ? 'insufficient'
      : drifted.length + warned.length > 0
        ? 'warn'
        : 'noDrift';

  const effects = features.flatMap((f) => (f.effect === null ? [] : [f.effect]));
  return {
    schemaVersion: 1,
    verdict,
    driftedFeatures: drifted.map((f) => f.name),
    insufficientFeatures: insufficient.map((f) => f.name),
    driftScore: effects.length === 0 ? null : Math.max(...effects),
    reasons: [
      {
        code: 'drift.features',
        text: `${drifted.length} of ${count} features drifted (drift from ${policy.minFeatures}, or ${figure(100 * policy.minShare)} %)`,
        observed: drifted.length,
        expected: policy.minFeatures,
      },
      ...(count === 0 ? [{ code: 'drift.noFeatures', text: 'there is no feature to measure', observed: 0 }] : []),
      ...[...drifted, ...warned, ...insufficient].map((f) => f.reason),
    ],
    referenceRows,
    currentRows,
    features,
    rule: {
      alpha: policy.alpha,
      minRows: policy.minRows,
      minFeatures: policy.minFeatures,
      minShare: policy.minShare,
    },
  };
}

/** Three significant digits, for people; the exact number stands in `observed`. */
const figure = (value: number): string => String(Number(value.toPrecision(3)));
