/** One feature's reference against its counts: sides, histogram, effects and p. No thresholds of a verdict here. */
import type { DriftPolicy, EffectMethod, EffectPolicy } from '../policy';
import { designEffectOf, MIN_REFERENCE_CLUSTERS, MIN_WINDOW_CLUSTERS, type DesignEffect } from './design-effect';
import type { DriftHistogram, DriftTest, SideCounts } from './drift-measurement';
import { histogramEffect } from './histogram-effect';
import { binnedKs, homogeneity, psiPValue } from './homogeneity';
import { DAY_MS, sizeBiasedMean } from './intraclass';
import { ksPValue, ksStatisticSorted } from './ks';
import type { CategoricalProfile, NumericProfile } from './profile';
import { populationStabilityIndex, shares } from './psi';
import type { FeatureCounts, WindowCounts } from './window-counts';

/**
 * What judging needs of a policy. Everything that came after the first release may be absent, as it is in policies that entered
 * workflow histories before: then p is exact, rows are independent, and answers are not judged.
 */
export type MeasurePolicy = Pick<DriftPolicy, 'alpha' | 'minRows' | 'minFeatures' | 'minShare'> & {
  readonly numeric: EffectLimits;
  readonly categorical: EffectLimits;
} & Partial<Pick<DriftPolicy, 'pValue' | 'clusterBy' | 'weightByImportance' | 'anyTopK' | 'prediction'>>;

export type EffectLimits = Omit<EffectPolicy, 'also'> & Partial<Pick<EffectPolicy, 'also'>>;

export interface Comparison {
  readonly name: string;
  readonly kind: 'number' | 'string';
  readonly reference: SideCounts;
  readonly current: SideCounts;
  readonly histogram: DriftHistogram | null;
  readonly outcome: Outcome | null;
  /** Why there is no outcome. */
  readonly missing: string;
}

export interface Outcome {
  readonly effect: number;
  readonly also: readonly { readonly method: EffectMethod; readonly threshold: number; readonly effect: number }[];
  readonly pValue: number;
  readonly test: DriftTest;
}

/** Clusters of the window. null: rows are taken as independent. */
export interface WindowClusters {
  readonly by: 'hour' | 'day';
  readonly clusters: number;
  readonly meanSize: number;
}

/** Hours are grouped into UTC days, as the reference's are. */
export function windowClusters(
  hours: WindowCounts['hours'],
  clusterBy: DriftPolicy['clusterBy'],
): WindowClusters | null {
  if (clusterBy === 'none') return null;
  const sizes = new Map<number, number>();
  for (const { start, rows } of hours) {
    const key = clusterBy === 'hour' ? start : Math.floor(start / DAY_MS);
    sizes.set(key, (sizes.get(key) ?? 0) + rows);
  }
  return { by: clusterBy, clusters: sizes.size, meanSize: sizeBiasedMean([...sizes.values()]) };
}

export interface ComparisonInput {
  readonly name: string;
  readonly kind: 'number' | 'string';
  readonly reference: NumericProfile | CategoricalProfile | null;
  readonly current: FeatureCounts | null;
  readonly clusters: WindowClusters | null;
  /** The window's values, ascending: p of a number is then that of KS. null: from the counts. */
  readonly sorted: Float64Array | null;
}

const NOTHING: SideCounts = { rows: 0, nulls: 0 };
const sideOf = ({ rows, nulls }: SideCounts): SideCounts => ({ rows, nulls });

export function compareCounts(input: ComparisonInput, policy: MeasurePolicy): Comparison {
  const { name, kind, reference, current } = input;
  const sides = {
    reference: reference === null ? NOTHING : sideOf(reference),
    current: current === null ? NOTHING : sideOf(current),
  };
  const table = reference === null || current === null ? null : tableOf(reference, current);
  const missing = shortage(input, table, policy);
  const before = table?.reference ?? [];
  const now = table?.current ?? [];
  return {
    name,
    kind,
    ...sides,
    histogram: table === null ? null : histogramOf(table),
    outcome: missing === null && table !== null ? outcomeOf(input, before, now, policy) : null,
    missing: missing ?? '',
  };
}

interface Table {
  readonly reference: readonly number[];
  readonly current: readonly number[];
  readonly edges: readonly number[] | null;
  readonly categories: readonly string[] | null;
}

/** What new categories beyond the named ones are shown as. */
export const UNNAMED = '(other new categories)';

/** null: the two do not count the same things. */
function tableOf(reference: NumericProfile | CategoricalProfile, current: FeatureCounts): Table | null {
  if (reference.kind === 'number') {
    if (current.kind !== 'number' || current.counts.length !== reference.edges.length + 1) return null;
    return { reference: reference.counts, current: current.counts, edges: reference.edges, categories: null };
  }
  if (current.kind !== 'string') return null;
  const known = new Map(Object.entries(reference.counts));
  const seen = new Map(Object.entries(current.counts).filter(([, count]) => count > 0));
  const categories = [...new Set([...known.keys(), ...seen.keys()])].sort(
    (a, b) => (known.get(b) ?? 0) - (known.get(a) ?? 0) || (a < b ? -1 : 1),
  );
  const table = {
    reference: categories.map((category) => known.get(category) ?? 0),
    current: categories.map((category) => seen.get(category) ?? 0),
    edges: null,
    categories,
  };
  if (current.unnamed === 0) return table;
  return {
    reference: [...table.reference, 0],
    current: [...table.current, current.unnamed],
    edges: null,
    categories: [...categories, UNNAMED],
  };
}

/** What lacks for a comparison, or null. One value a side is needed even where the policy's minimum is 0. */
function shortage(input: ComparisonInput, table: Table | null, policy: MeasurePolicy): string | null {
  const { reference, current, kind } = input;
  if (reference === null) return 'the reference profile does not have it';
  if (reference.kind !== kind) return `the reference profile has it as ${reference.kind}`;
  if (current === null) return 'the window has no such column';
  if (table === null) return 'the window was counted over other bins than the reference has';
  const needed = Math.max(1, policy.minRows);
  const before = reference.rows - reference.nulls;
  const now = current.rows - current.nulls;
  if (!(now >= needed)) return `the window has ${now} values of ${current.rows} rows, needs ${needed}`;
  if (!(before >= needed)) return `the reference has ${before} values of ${reference.rows} rows, needs ${needed}`;
  return clusterShortage(reference, input.clusters);
}

function clusterShortage(reference: NumericProfile | CategoricalProfile, window: WindowClusters | null): string | null {
  if (window === null) return null;
  const { by } = window;
  const figure = reference.clusters?.[by];
  if (figure === undefined) return `rows are clustered by ${by}, but the reference was made without event times`;
  if (figure.clusters < MIN_REFERENCE_CLUSTERS) {
    return `the reference has rows of ${figure.clusters} ${by}s, needs ${MIN_REFERENCE_CLUSTERS} to know how alike they are`;
  }
  if (figure.icc === null) return `every ${by} of the reference has one row: how alike they are is unknown`;
  if (window.clusters < MIN_WINDOW_CLUSTERS) {
    return `the window has rows of ${window.clusters} ${by}s, needs ${MIN_WINDOW_CLUSTERS}`;
  }
  return null;
}

function outcomeOf(
  input: ComparisonInput,
  before: readonly number[],
  now: readonly number[],
  policy: MeasurePolicy,
): Outcome {
  const isNumber = input.kind === 'number';
  const limits = isNumber ? policy.numeric : policy.categorical;
  const design = designOf(input, before);
  const also = (limits.also ?? []).map((extra) => ({ ...extra, effect: histogramEffect(extra.method, before, now) }));
  const effect = histogramEffect(limits.method, before, now);
  const sample = input.reference?.kind === 'number' ? input.reference.sample : [];
  if (input.sorted !== null && isNumber) return { effect, also, ...ksOutcome(sample, input.sorted, design) };
  const { pValue, ...test } = homogeneity(before, now, isNumber, design);
  const n = sumOf(before);
  const m = sumOf(now);
  return {
    effect,
    also,
    pValue,
    test: {
      name: 'chiSquare',
      ...test,
      designEffect: design,
      binnedKs: isNumber ? binnedKs(before, now, design) : null,
      psiPValue: isNumber ? psiPValue(populationStabilityIndex(before, now), n, m, before.length) : null,
    },
  };
}

function designOf({ reference, current, clusters }: ComparisonInput, before: readonly number[]): DesignEffect | null {
  const figure = clusters === null ? undefined : reference?.clusters?.[clusters.by];
  if (clusters === null || figure === undefined || reference === null || current === null) return null;
  const components = Math.max(1, before.filter((count) => count > 0).length - 1);
  return designEffectOf(
    figure,
    { reference: reference.rows - reference.nulls, current: current.rows - current.nulls },
    clusters.meanSize,
    components,
  );
}

function ksOutcome(
  sample: readonly number[],
  sorted: Float64Array,
  design: DesignEffect | null,
): Pick<Outcome, 'pValue' | 'test'> {
  const divisor = design?.largest ?? 1;
  const rows = (n: number): number => (divisor === 1 ? n : Math.max(1, Math.floor(n / divisor)));
  const ks = ksPValue(ksStatisticSorted(sample, sorted), rows(sample.length), rows(sorted.length));
  return {
    pValue: ks.pValue,
    test: {
      name: 'ks',
      statistic: ks.statistic,
      referenceRows: sample.length,
      currentRows: sorted.length,
      method: ks.method,
      designEffect: design,
    },
  };
}

function histogramOf(table: Table): DriftHistogram | null {
  const reference = shares(table.reference);
  const current = shares(table.current);
  if (reference === null || current === null) return null;
  const { edges, categories } = table;
  return { edges, categories, reference, current, referenceCounts: table.reference, currentCounts: table.current };
}

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
