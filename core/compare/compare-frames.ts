import { quantileBins } from '../drift/binning';
import { CATEGORICAL_METHODS, NUMERIC_METHODS, type DriftMethod } from '../drift/method';
import { shares } from '../drift/bin-shares';
import { RatchetError } from '../errors';
import type { Frame } from '../frame';
import { clustersOf, designOf } from './cluster-design';
import { ONLY_REFERENCE, pairColumns, type ColumnPair, type NumberPair, type StringPair } from './column-pair';
import type { CompareRule } from './compare-rule';
import type { ComparedHistogram, ComparedTest, Comparison, FeatureComparison } from './comparison';
import {
  judgeFeatures,
  judgeTable,
  measureEffect,
  sizesOf,
  unmeasured,
  withThresholds,
  type Judged,
  type Measured,
} from './judge-effect';
import { judgeAsEvidently, judgeTableAsEvidently, withEvidentlyThresholds } from './judge-evidently';
import { MethodRuns } from './run-methods';

export interface CompareOptions {
  readonly rule: CompareRule;
  /** Run too, and reported first, for every column of their kind. */
  readonly methods?: readonly DriftMethod[];
  /** Only these; default: every column that both tables have. */
  readonly columns?: readonly string[];
  /** Overrides the kind that the reader found; `string` turns numbers into names. */
  readonly kinds?: Readonly<Record<string, 'number' | 'string'>>;
  /** Column whose equal values are rows that move together (an hour, a customer): p counts effective rows. */
  readonly clusterBy?: string;
  /** Importance by feature, for the drifted share and the rule's top k. */
  readonly weights?: Readonly<Record<string, number>>;
}

/** Bins of the pictures where the rule has none of its own. */
const PICTURE_BINS = 10;
/** Categories drawn by name; the rest of a table is one bar. */
const PICTURE_CATEGORIES = 30;

/**
 * Compares two tables column by column and as a whole. Deterministic; sorts every number column once. Missing values and
 * infinities are left out of both sides and counted. A column of numbers here and text there is `insufficient`, never skipped.
 *
 * @throws RATCHET_COLUMN_MISSING when `columns`, `kinds`, `weights` or `clusterBy` name a column that no table (for
 *   clusterBy: not both) has; RATCHET_INPUT_INVALID for an unknown method.
 */
export function compareFrames(reference: Frame, current: Frame, options: CompareOptions): Comparison {
  checkNames(reference, current, options);
  const { rule, columns, kinds, clusterBy } = options;
  const { pairs, notCompared } = pairColumns(reference, current, { columns, kinds, without: clusterBy });
  const clusters = clusterBy === undefined ? null : clustersOf(reference, current, clusterBy);
  const binning = rule.kind === 'evidently' ? 'evidently' : 'quantile';
  const bins = rule.kind === 'evidently' ? PICTURE_BINS : rule.numeric.bins;
  const compared = pairs.map((pair) => {
    if (pair.kind === 'mixed') return { pair, runs: null, measured: unmeasured(mixedText(pair)) };
    const runs = new MethodRuns(pair, rule.kind === 'evidently' ? { binning } : { binning, bins });
    if (rule.kind === 'evidently') return { pair, runs, measured: null };
    const design =
      clusters === null
        ? null
        : designOf(
            clusters,
            reference.columns.get(pair.name)!,
            current.columns.get(pair.name)!,
            pair.kind === 'number' ? pair.reference : new Float64Array(0),
            bins,
          );
    return { pair, runs, measured: measureEffect(pair, runs, rule, design) };
  });

  const features =
    rule.kind === 'evidently'
      ? compared.map(({ pair, runs }) => {
          if (pair.kind === 'mixed' || runs === null) return mixedFeature(pair as Mixed);
          const { decisive, ...judged } = judgeAsEvidently(pair, runs);
          const tests = testsOf(runs, [...(options.methods ?? [])], [decisive]);
          return featureOf(pair, withEvidentlyThresholds(tests), judged, bins);
        })
      : judgeFeatures(
          compared.map(({ pair, measured }) => ({
            name: pair.name,
            kind: pair.kind === 'number' ? 'number' : 'string',
            measured: measured as Measured,
          })),
          rule,
        ).map((judged, i) => {
          const { pair, runs, measured } = compared[i]!;
          if (pair.kind === 'mixed' || runs === null) return mixedFeature(pair as Mixed);
          const limits = pair.kind === 'number' ? rule.numeric : rule.categorical;
          const needed =
            measured?.missing === null ? [limits.method, ...limits.also.map((a) => a.method), limits.test] : [];
          const tests = testsOf(runs, [...(options.methods ?? []), ...needed], []);
          return featureOf(pair, withThresholds(tests, pair.kind, rule), judged, bins);
        });

  const order = { drift: 0, warn: 1, ok: 2, insufficient: 3 } as const;
  const vanished = notCompared.filter(({ why }) => why === ONLY_REFERENCE).map(({ name }) => name);
  const ranked = [...features].sort(
    (a, b) => order[a.verdict] - order[b.verdict] || (b.effect ?? -1) - (a.effect ?? -1) || (a.name < b.name ? -1 : 1),
  );
  return {
    schemaVersion: 1,
    preset: rule.preset,
    reference: { rows: reference.rows },
    current: { rows: current.rows },
    features: ranked,
    dataset:
      rule.kind === 'evidently' ? judgeTableAsEvidently(ranked) : judgeTable(ranked, rule, options.weights, vanished),
    notCompared,
  };
}

type Mixed = Extract<ColumnPair, { readonly kind: 'mixed' }>;

const mixedText = ({ text }: Mixed): string =>
  `it holds text in the ${text === 'reference' ? 'reference and numbers in the current table' : 'current table and numbers in the reference'}`;

function mixedFeature(pair: Mixed): FeatureComparison {
  return {
    name: pair.name,
    kind: 'string',
    reference: { values: 0, nulls: pair.rows.reference },
    current: { values: 0, nulls: pair.rows.current },
    tests: [],
    effect: null,
    pValue: null,
    adjustedPValue: null,
    verdict: 'insufficient',
    reason: {
      code: 'compare.kind',
      text: `${pair.name} could not be compared: ${mixedText(pair)}`,
      observed: null,
    },
    histogram: null,
  };
}

/** Each method once, in order; `extra` are results that were made otherwise. */
function testsOf(runs: MethodRuns, methods: readonly DriftMethod[], extra: readonly ComparedTest[]): ComparedTest[] {
  const asked = [...new Set(methods)].filter((method) => runs.suits(method)).map((method) => runs.run(method));
  return [...asked, ...extra.filter((test) => !asked.some((a) => a.method === test.method))];
}

function featureOf(
  pair: NumberPair | StringPair,
  tests: readonly ComparedTest[],
  judged: Judged,
  bins: number,
): FeatureComparison {
  const [before, now] = sizesOf(pair);
  return {
    name: pair.name,
    kind: pair.kind,
    reference: { values: before, nulls: pair.nulls.reference },
    current: { values: now, nulls: pair.nulls.current },
    tests,
    ...judged,
    histogram: histogramOf(pair, bins),
  };
}

function histogramOf(pair: NumberPair | StringPair, bins: number): ComparedHistogram | null {
  const [before, now] = sizesOf(pair);
  if (before === 0 || now === 0) return null;
  if (pair.kind === 'number') {
    const counted = quantileBins(pair.reference, pair.current, bins);
    return {
      edges: counted.edges,
      categories: null,
      reference: shares(counted.reference) ?? [],
      current: shares(counted.current) ?? [],
    };
  }
  const total = (name: string): number => (pair.reference.get(name) ?? 0) + (pair.current.get(name) ?? 0);
  const names = [...new Set([...pair.reference.keys(), ...pair.current.keys()])]
    .sort((a, b) => total(b) - total(a) || (a < b ? -1 : 1))
    .slice(0, PICTURE_CATEGORIES);
  return {
    edges: null,
    categories: names,
    reference: names.map((name) => (pair.reference.get(name) ?? 0) / before),
    current: names.map((name) => (pair.current.get(name) ?? 0) / now),
  };
}

function checkNames(reference: Frame, current: Frame, options: CompareOptions): void {
  const there = new Set([...reference.columns.keys(), ...current.columns.keys()]);
  for (const name of [...(options.columns ?? []), ...Object.keys({ ...options.kinds, ...options.weights })]) {
    if (there.has(name)) continue;
    throw new RatchetError(
      'RATCHET_COLUMN_MISSING',
      `no table has a column "${name}"; there are ${[...there].join(', ')}`,
    );
  }
  const known: readonly string[] = [...NUMERIC_METHODS, ...CATEGORICAL_METHODS];
  for (const method of options.methods ?? []) {
    if (known.includes(method)) continue;
    const methods = [...new Set(known)].join(', ');
    throw new RatchetError('RATCHET_INPUT_INVALID', `there is no method "${String(method)}"; there are ${methods}`);
  }
}
