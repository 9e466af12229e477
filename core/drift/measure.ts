import { numberColumn, stringColumn } from '../frame';
import type { EpochMs, FeatureColumns, FeatureSpec, FeatureValue } from '../model';
import { compareCounts, windowClusters, type Comparison, type MeasurePolicy } from './compare-counts';
import { countPlanOf, planned, PREDICTION_NAME, TARGET_NAME } from './count-plan';
import { countColumn } from './count-window';
import type { DriftMeasurement, DriftRule } from './drift-measurement';
import { countInBins, readNumeric } from './feature-values';
import { HOUR_MS } from './intraclass';
import { judgeDrift } from './judge-drift';
import type { CategoricalProfile, NumericProfile, ReferenceProfile } from './profile';
import type { FeatureCounts, NumericCounts, WindowCounts } from './window-counts';

/**
 * Compares a window's counts with the frozen reference; no row is needed. A feature has drifted only when an effect (PSI, KL,
 * Jensen–Shannon, Hellinger) reaches its threshold *and* its Benjamini–Hochberg adjusted p (χ² on bins or categories) is at most α:
 * the effect alone fires on small windows, p alone on large ones. `warn` is the same with the lower threshold. Missing values are
 * left out of both sides (core/quality judges null shares). With fewer than `minRows` values on either side, an unknown feature,
 * a missing column, counts of another plan, or `clusterBy` where clusters are unknown, the feature is `insufficient`.
 *
 * The data is `drift` when enough features drifted (their number, their share, one of the most important), or the answers did and
 * the policy says that this suffices; else `insufficient` when any feature could not be measured; else `warn` when any feature or
 * the answers warned or drifted; else `noDrift`. So less evidence never turns into `noDrift`. Never NaN, never throws.
 */
export function measureCounts(
  profile: ReferenceProfile,
  counts: WindowCounts,
  specs: readonly FeatureSpec[],
  policy: MeasurePolicy,
): DriftMeasurement {
  const rule = ruleOf(policy, 'counts');
  const known =
    counts.planKey === countPlanOf(profile, specs).key ||
    counts.planKey === countPlanOf(profile, specs, { prediction: false }).key;
  const clusters = windowClusters(counts.hours, rule.clusterBy);
  const compare = (
    { name, kind }: FeatureSpec,
    reference: NumericProfile | CategoricalProfile | null,
    current: FeatureCounts | null,
  ): Comparison => {
    const comparison = compareCounts(
      { name, kind, reference, current: known ? current : null, clusters, sorted: null },
      policy,
    );
    return known || reference === null
      ? comparison
      : { ...comparison, missing: 'the window was counted by another plan than that of this reference' };
  };
  const answers = rule.prediction === 'off' ? undefined : profile.prediction;
  return judgeDrift(
    {
      features: specs.map((spec) => compare(spec, own(profile.features, spec.name), own(counts.features, spec.name))),
      prediction:
        answers === undefined
          ? null
          : compare({ name: PREDICTION_NAME, kind: answers.kind }, answers, counts.prediction),
      predictionUnknown: rule.prediction !== 'off' && answers === undefined,
      profile,
      currentRows: counts.rows,
      rule,
    },
    policy,
  );
}

/**
 * The same from rows. With `pValue` 'exact' (or absent, as in policies of the first release) p of a number is that of KS between
 * the reference's sample and the rows. The answers are not judged here.
 *
 * @param options.occurredAt by row; `clusterBy` needs it and is `insufficient` without.
 */
export function measureDrift(
  profile: ReferenceProfile,
  current: FeatureColumns,
  specs: readonly FeatureSpec[],
  policy: MeasurePolicy,
  options: { readonly occurredAt?: readonly EpochMs[] } = {},
): DriftMeasurement {
  const rule: DriftRule = { ...ruleOf(policy, policy.pValue ?? 'exact'), prediction: 'off' };
  const clusters = windowClusters(hoursOf(options.occurredAt ?? []), rule.clusterBy);
  const features = specs.map(({ name, kind }): Comparison => {
    const reference = own(profile.features, name);
    const column = own(current.columns, name);
    const input = { name, kind, reference, clusters };
    if (reference === null || column === null || reference.kind !== kind) {
      return compareCounts({ ...input, current: null, sorted: null }, policy);
    }
    if (reference.kind === 'number' && rule.pValue === 'exact') {
      const values = readNumeric(column);
      return compareCounts({ ...input, current: countsOfSorted(values, reference), sorted: values.sorted }, policy);
    }
    return compareCounts({ ...input, current: countValues(column, reference), sorted: null }, policy);
  });
  return judgeDrift(
    { features, prediction: null, predictionUnknown: false, profile, currentRows: current.rows, rule },
    policy,
  );
}

/**
 * Target drift: the true answers of matured labels against those of the training data. A test of its own, not among the features:
 * labels come later than rows.
 *
 * @param counts from `countColumn` with `planned(TARGET_NAME, profile.target)`, or in SQL. `hours`: the sizes of its clusters.
 * @returns null when the reference has no target.
 */
export function measureTarget(
  profile: ReferenceProfile,
  counts: FeatureCounts | null,
  hours: WindowCounts['hours'],
  policy: MeasurePolicy,
): DriftMeasurement['prediction'] {
  const { target } = profile;
  if (target === undefined) return null;
  const rule: DriftRule = { ...ruleOf(policy, 'counts'), prediction: 'off' };
  const comparison = compareCounts(
    {
      name: TARGET_NAME,
      kind: target.kind,
      reference: target,
      current: counts,
      clusters: windowClusters(hours, rule.clusterBy),
      sorted: null,
    },
    policy,
  );
  const measurement = judgeDrift(
    {
      features: [comparison],
      prediction: null,
      predictionUnknown: false,
      profile,
      currentRows: counts?.rows ?? 0,
      rule,
    },
    policy,
  );
  return measurement.features[0] ?? null;
}

/** The rule as it is applied: an effect alone (`none`) asks nothing of clusters. */
function ruleOf(policy: MeasurePolicy, pValue: DriftRule['pValue']): DriftRule {
  const applied = policy.pValue === 'none' ? 'none' : pValue;
  return {
    alpha: policy.alpha,
    minRows: policy.minRows,
    minFeatures: policy.minFeatures,
    minShare: policy.minShare,
    pValue: applied,
    clusterBy: applied === 'none' ? 'none' : (policy.clusterBy ?? 'none'),
    weightByImportance: policy.weightByImportance ?? false,
    anyTopK: policy.anyTopK ?? null,
    prediction: policy.prediction ?? 'off',
  };
}

const own = <T>(map: Readonly<Record<string, T>>, name: string): T | null =>
  Object.hasOwn(map, name) ? (map[name] ?? null) : null;

function hoursOf(times: readonly EpochMs[]): WindowCounts['hours'] {
  const hours = new Map<number, number>();
  for (const time of times) {
    if (!Number.isFinite(time)) continue;
    const start = Math.floor(time / HOUR_MS) * HOUR_MS;
    hours.set(start, (hours.get(start) ?? 0) + 1);
  }
  return [...hours].map(([start, rows]) => ({ start, rows }));
}

/** Only what comparing asks for: one sort serves KS and the bins. */
function countsOfSorted(values: ReturnType<typeof readNumeric>, reference: NumericProfile): NumericCounts {
  const { sorted, rows, nulls } = values;
  return {
    kind: 'number',
    rows,
    nulls,
    counts: countInBins(sorted, reference.edges),
    belowMin: 0,
    aboveMax: 0,
    min: sorted[0] ?? null,
    max: sorted.at(-1) ?? null,
    sum: 0,
    sumSquares: 0,
  };
}

function countValues(
  column: readonly FeatureValue[],
  reference: NumericProfile | CategoricalProfile,
): FeatureCounts | null {
  const typed =
    reference.kind === 'number'
      ? numberColumn(column.map((value) => (typeof value === 'number' ? value : null)))
      : stringColumn(column.map((value) => (value === null || value === undefined ? null : String(value))));
  return countColumn(typed, planned('', reference), null);
}
