import { RatchetError } from '../errors';
import { frameOf, numberColumn, stringColumn, type Frame, type FrameColumn } from '../frame';
import type { EpochMs, FeatureColumns, FeatureSpec } from '../model';
import { spearmanCorrelations } from './correlation';
import { binOf, categoryCodes, countInBins, float32Values } from './feature-values';
import { clusterFiguresOf, MAX_CELLS } from './intraclass';
import { encodingOf } from './multivariate/encoding';
import { fitPca, MAXIMUM_FEATURES } from './multivariate/fit-pca';
import {
  SAMPLE_ROWS,
  type CategoricalProfile,
  type NumericProfile,
  type ProfileSource,
  type ReferenceProfile,
} from './profile';

export interface ProfileOptions {
  /** Quantile bins a numeric feature, an integer of at least 2. Ties make fewer. */
  readonly bins: number;
  /** Event time by row: gives the cluster figures. Without it `clusterBy` cannot be judged. */
  readonly eventTime?: ArrayLike<EpochMs>;
  /** The version's answers on these rows: scores (binary, regression) or labels (multiclass). null: no answer. */
  readonly prediction?: readonly (number | string | null)[];
  /** The true answers, numbers for regression. */
  readonly target?: readonly (number | string | null)[];
  /** Importance by feature, finite and >= 0, for every feature. */
  readonly importance?: Readonly<Record<string, number>>;
  /** true: Spearman correlations of the number features (the first 100). */
  readonly correlations?: boolean;
  /** true: principal components of the features (the first 200), where the rows suffice for a fit. */
  readonly multivariate?: boolean;
  readonly madeFrom?: ProfileSource;
}

/**
 * Freezes the distribution of training rows. Deterministic; about one sort a numeric feature.
 *
 * @throws RATCHET_COLUMN_MISSING when `features` lacks a column of `specs`; RATCHET_INPUT_INVALID for options out of range.
 */
export function buildReferenceProfile(
  features: FeatureColumns,
  specs: readonly FeatureSpec[],
  options: ProfileOptions,
): ReferenceProfile {
  return buildProfileFromFrame(frameOf(features, specs), specs, options);
}

/** The same for a table in typed columns; a string feature may lie in a number column, not the other way round. */
export function buildProfileFromFrame(
  frame: Frame,
  specs: readonly FeatureSpec[],
  options: ProfileOptions,
): ReferenceProfile {
  checkOptions(frame, specs, options);
  const profiles = specs.map(({ name, kind }): readonly [string, NumericProfile | CategoricalProfile] => {
    const column = frame.columns.get(name);
    if (column === undefined) {
      throw new RatchetError('RATCHET_COLUMN_MISSING', `the reference rows have no column "${name}"`);
    }
    if (kind === 'number' && column.kind !== 'number') {
      throw new RatchetError('RATCHET_INPUT_INVALID', `the reference column "${name}" holds strings, expected numbers`);
    }
    return [name, kind === 'number' ? numericProfile(column, options) : categoricalProfile(column, options)];
  });
  return {
    schemaVersion: 2,
    rows: frame.rows,
    features: Object.fromEntries(profiles),
    ...(options.importance && { importance: options.importance }),
    ...(options.prediction && { prediction: answerProfile(options.prediction, options) }),
    ...(options.target && { target: answerProfile(options.target, options) }),
    ...(options.correlations === true && { correlations: spearmanCorrelations(frame, specs) }),
    ...(options.multivariate === true && multivariateOf(frame, specs)),
    ...(options.madeFrom && { madeFrom: options.madeFrom }),
  };
}

/** Nothing where nothing can be fitted: a check that asks for it then says that there is no such reference. */
function multivariateOf(frame: Frame, specs: readonly FeatureSpec[]): Pick<ReferenceProfile, 'multivariate'> {
  const chunks = 10;
  const first = specs.slice(0, MAXIMUM_FEATURES);
  if (frame.rows < 2 * chunks || !first.some((spec) => !('why' in encodingOf(frame, spec)))) return {};
  return { multivariate: fitPca(frame, first, { chunks }) };
}

/** A typing error must not become hours. */
const MOST_BINS = 1_000_000;

function checkOptions(frame: Frame, specs: readonly FeatureSpec[], options: ProfileOptions): void {
  const invalid = (message: string): RatchetError => new RatchetError('RATCHET_INPUT_INVALID', message);
  if (!Number.isInteger(options.bins) || options.bins < 2 || options.bins > MOST_BINS) {
    throw invalid(`bins is ${options.bins}, must be an integer of at least 2 and at most ${MOST_BINS}`);
  }
  for (const name of ['eventTime', 'prediction', 'target'] as const) {
    const length = options[name]?.length ?? frame.rows;
    if (length !== frame.rows) throw invalid(`${name} has ${length} values for ${frame.rows} rows`);
  }
  const { importance } = options;
  if (importance === undefined) return;
  for (const { name } of specs) {
    const value = Object.hasOwn(importance, name) ? importance[name]! : Number.NaN;
    if (!(value >= 0 && Number.isFinite(value))) {
      throw invalid(`the importance of "${name}" is ${value}, must be a finite number of at least 0`);
    }
  }
}

function numericProfile(column: FrameColumn, options: ProfileOptions): NumericProfile {
  const values = float32Values(column) ?? new Float64Array(0);
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const edges = quantileEdges(sorted, options.bins);
  const sturges = sturgesEdges(sorted);
  const { eventTime } = options;
  return {
    kind: 'number',
    rows: values.length,
    nulls: values.length - sorted.length,
    min: sorted[0] ?? null,
    max: sorted.at(-1) ?? null,
    edges,
    counts: countInBins(sorted, edges),
    sample: orderStatistics(sorted, SAMPLE_ROWS),
    sturges: { edges: sturges, counts: countInBins(sorted, sturges) },
    ...momentsOf(sorted),
    ...(eventTime && {
      clusters: clusterFiguresOf(
        Int32Array.from(values, (value) => (Number.isNaN(value) ? -1 : binOf(value, edges))),
        edges.length + 1,
        eventTime,
      ),
    }),
  };
}

function categoricalProfile(column: FrameColumn, options: ProfileOptions): CategoricalProfile {
  const { codes, categories } = categoryCodes(column);
  const totals = new Array<number>(categories.length).fill(0);
  let nulls = 0;
  for (const code of codes) {
    if (code < 0) nulls++;
    else totals[code]!++;
  }
  const present = totals.flatMap((count, code) => (count > 0 ? [[categories[code]!, count] as const] : []));
  return {
    kind: 'string',
    rows: codes.length,
    nulls,
    counts: byName(present),
    ...(options.eventTime && { clusters: categoryClusters(codes, totals, options.eventTime) }),
  };
}

/** The most frequent categories keep a cell each, the others share the last one. */
function categoryClusters(codes: Int32Array, totals: readonly number[], eventTime: ArrayLike<EpochMs>) {
  const order = totals.map((_, code) => code).sort((a, b) => totals[b]! - totals[a]! || a - b);
  const cellOf = new Int32Array(totals.length);
  order.forEach((code, rank) => (cellOf[code] = Math.min(rank, MAX_CELLS - 1)));
  const cells = Math.max(1, Math.min(totals.length, MAX_CELLS));
  return clusterFiguresOf(
    codes.map((code) => (code < 0 ? -1 : cellOf[code]!)),
    cells,
    eventTime,
  );
}

/** Answers are strings when one of them is. */
function answerProfile(
  values: readonly (number | string | null)[],
  options: ProfileOptions,
): NumericProfile | CategoricalProfile {
  return values.some((value) => typeof value === 'string')
    ? categoricalProfile(stringColumn(values.map((value) => (value === null ? null : String(value)))), options)
    : numericProfile(numberColumn(values as readonly (number | null)[]), options);
}

/** Category names sorted, so that the same data gives the same JSON. `fromEntries` keeps a category named `__proto__` too. */
function byName(counts: readonly (readonly [string, number])[]): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/**
 * Inner edges at the i/bins quantiles (the smallest value with at least that share at or below it), without duplicates.
 * Where the first edge is the minimum itself (ties, or a constant) an edge just below is added: otherwise values that newly
 * appear below the reference, a sentinel −999 say, would share a bin with the tie and PSI would not see them.
 */
function quantileEdges(sorted: Float64Array, bins: number): number[] {
  const n = sorted.length;
  if (n === 0) return [];
  const edges: number[] = [];
  for (let i = 1; i < bins; i++) {
    const edge = sorted[Math.max(0, Math.ceil((i * n) / bins) - 1)]!;
    if (edges.length === 0 || edge > edges.at(-1)!) edges.push(edge);
  }
  if (edges[0] === sorted[0]) edges.unshift(nextFloat32Below(edges[0]!));
  return edges;
}

function nextFloat32Below(value: number): number {
  if (value === 0) return -1.401298464324817e-45;
  const bits = new Int32Array(new Float32Array([value]).buffer);
  bits[0]! += value > 0 ? -1 : 1;
  const below = new Float32Array(bits.buffer)[0]!;
  // Below the smallest float32 there is only −infinity, which JSON cannot hold; a double below it does as well.
  return Number.isFinite(below) ? below + 0 : value * (1 + 2 ** -50);
}

/** Inner edges of ceil(log2 n + 1) bins of equal width (H. A. Sturges, JASA 21, 1926); none for a constant. */
function sturgesEdges(sorted: Float64Array): number[] {
  const n = sorted.length;
  const low = sorted[0] ?? 0;
  const high = sorted.at(-1) ?? 0;
  if (!(high > low)) return [];
  const bins = Math.ceil(Math.log2(n) + 1);
  const edges: number[] = [];
  for (let i = 1; i < bins; i++) {
    const edge = low + ((high - low) * i) / bins;
    if (edge > (edges.at(-1) ?? low)) edges.push(edge + 0);
  }
  return edges;
}

function momentsOf(values: Float64Array): { readonly mean: number | null; readonly deviation: number | null } {
  const n = values.length;
  if (n === 0) return { mean: null, deviation: null };
  let mean = 0;
  let squares = 0;
  values.forEach((value, i) => {
    const step = value - mean;
    mean += step / (i + 1);
    squares += step * (value - mean);
  });
  // + 0: a mean of −0 would not survive JSON.
  return { mean: mean + 0, deviation: Math.sqrt(Math.max(0, squares) / n) };
}

/** All values, or `size` of them at the middle of equal steps of rank: their distribution is within 1/(2·size) of the whole. */
function orderStatistics(sorted: Float64Array, size: number): number[] {
  const n = sorted.length;
  if (n <= size) return Array.from(sorted);
  return Array.from({ length: size }, (_, i) => sorted[Math.floor(((i + 0.5) * n) / size)]!);
}
