/**
 * Bins of two numeric samples, for the statistics that compare histograms (PSI, KL, Jensen–Shannon, Hellinger).
 *
 * - `quantile` (Ratchet's default, and the PSI of banks): edges at the reference's quantiles, open at both ends, so that no
 *   window can fall outside; a bin is (e_i−1, e_i].
 * - `evidently`: what Evidently 0.7 does, whose "quantile" and `n_bins` are names only: equal widths by Sturges' rule over
 *   both samples together where the reference has more than 20 distinct values, else a bin a distinct value. A bin is
 *   [e_i, e_i+1), the last one closed; NumPy's arithmetic step by step, since a value on an edge changes its bin with the last bit.
 *
 * All functions take samples that are sorted, finite and non-empty.
 *
 * References: H. A. Sturges, JASA 21, 1926; N. Siddiqi, "Credit Risk Scorecards" (2006).
 */
import { RatchetError } from '../errors';
import { countInBins } from './feature-values';
import { powerOfTwoScale, scaledBy } from './power-of-two-scale';
import { forEachTie } from './sort-finite';

export type Binning = 'quantile' | 'evidently';

/** Counts of both sides over the same bins. */
export interface BinnedPair {
  /** quantile: inner edges; Sturges: all edges; null: a bin a distinct value. In the unit of the data. */
  readonly edges: readonly number[] | null;
  readonly reference: readonly number[];
  readonly current: readonly number[];
}

/** The usual number of quantile bins of PSI. */
export const DEFAULT_BINS = 10;
/** A typing error must not become hours. */
const MOST_BINS = 1_000_000;

/**
 * @param bins at least 2; ties in the reference make fewer.
 * @throws RATCHET_INPUT_INVALID where `bins` is not an integer of at least 2.
 *
 * @example
 * quantileBins(Float64Array.of(1, 2, 3, 4), Float64Array.of(0, 2, 9), 2) // { edges: [2], reference: [2, 2], current: [2, 1] }
 */
export function quantileBins(reference: Float64Array, current: Float64Array, bins: number = DEFAULT_BINS): BinnedPair {
  const edges = quantileEdges(reference, bins);
  return { edges, reference: countInBins(reference, edges), current: countInBins(current, edges) };
}

/**
 * Inner edges at the i/bins quantiles (the smallest value with at least that share at or below it), without duplicates; with one
 * more just below the first where that is the minimum itself, so that values which newly appear below a tie, a
 * sentinel −999 say, get a bin of their own.
 */
export function quantileEdges(sorted: Float64Array, bins: number): number[] {
  if (!Number.isInteger(bins) || bins < 2 || bins > MOST_BINS) {
    throw new RatchetError(
      'RATCHET_INPUT_INVALID',
      `bins is ${bins}, must be an integer of at least 2 and at most ${MOST_BINS}`,
    );
  }
  const n = sorted.length;
  if (n === 0) return [];
  const edges: number[] = [];
  for (let i = 1; i < bins; i++) {
    const edge = sorted[Math.max(0, Math.ceil((i * n) / bins) - 1)]!;
    if (edges.length === 0 || edge > edges.at(-1)!) edges.push(edge);
  }
  if (edges[0] === sorted[0] && edges[0] !== -Number.MAX_VALUE) edges.unshift(nextBelow(edges[0]!));
  return edges;
}

/** The next double below a finite one that is not the lowest. */
function nextBelow(value: number): number {
  if (value === 0) return -Number.MIN_VALUE;
  const bits = new BigInt64Array(new Float64Array([value]).buffer);
  bits[0]! += value > 0 ? -1n : 1n;
  return new Float64Array(bits.buffer)[0]!;
}

/** Evidently: more distinct values in the reference than this are binned. */
const MOST_VALUE_BINS = 20;

/**
 * Evidently's bins for PSI, KL and Jensen–Shannon.
 *
 * @param integers are the values of an integer type? Default: whether all of them are whole. (It matters only for ranges below
 *   log2(rows) + 1, where NumPy keeps the width of a bin of integers at 1.)
 *
 * @example
 * evidentlyBins(Float64Array.of(1, 1, 2), Float64Array.of(2, 3)) // { edges: null, reference: [2, 1, 0], current: [0, 1, 1] }
 */
export function evidentlyBins(
  reference: Float64Array,
  current: Float64Array,
  integers: boolean = areIntegers(reference, current),
): BinnedPair {
  if (distinctValues(reference) <= MOST_VALUE_BINS) return valueBins(reference, current);
  return sturgesBins(reference, current, reference.length + current.length, integers);
}

/**
 * Evidently's bins for its numeric Hellinger distance: Sturges' rule with the number of *distinct* values for the number of rows.
 *
 * @example
 * evidentlyHellingerBins(Float64Array.of(0, 0, 1), Float64Array.of(1, 3)) // { edges: [0, 1, 2, 3], reference: [2, 1, 0], current: [0, 1, 1] }
 */
export function evidentlyHellingerBins(
  reference: Float64Array,
  current: Float64Array,
  integers: boolean = areIntegers(reference, current),
): BinnedPair {
  let distinct = 0;
  forEachTie(reference, current, () => distinct++);
  return sturgesBins(reference, current, distinct, integers);
}

function valueBins(reference: Float64Array, current: Float64Array): BinnedPair {
  const before: number[] = [];
  const now: number[] = [];
  forEachTie(reference, current, (_value, inReference, inCurrent) => {
    before.push(inReference);
    now.push(inCurrent);
  });
  return { edges: null, reference: before, current: now };
}

function sturgesBins(reference: Float64Array, current: Float64Array, size: number, integers: boolean): BinnedPair {
  // Where max − min overflows or nearly vanishes: exact scaling keeps every comparison.
  const scale = powerOfTwoScale(reference, current);
  const before = scaledBy(reference, scale);
  const now = scaledBy(current, scale);
  const least = Math.min(before[0]!, now[0]!);
  const most = Math.max(before.at(-1)!, now.at(-1)!);
  const edges = sturgesEdges(least, most, size, integers && scale === 1);
  return {
    edges: edges.map((edge) => edge / scale),
    reference: countLeftClosed(before, edges),
    current: countLeftClosed(now, edges),
  };
}

/**
 * All edges of Sturges' equal-width bins over [least, most] for `size` values, as `numpy.histogram_bin_edges(…, "sturges")` 2.x:
 * width (most − least)/(log2(size) + 1), at least 1 for integers; ceil((most − least)/width) bins.
 *
 * @example
 * sturgesEdges(0, 8, 8, false) // [0, 2, 4, 6, 8]
 * sturgesEdges(5, 5, 9, false) // [4.5, 5.5]
 */
export function sturgesEdges(least: number, most: number, size: number, integers: boolean): number[] {
  const range = most - least;
  if (range === 0) return [least - 0.5, most + 0.5];
  const rule = range / (Math.log2(size) + 1);
  const width = integers && rule < 1 ? 1 : rule;
  const bins = Math.max(1, Math.ceil(range / width));
  const step = range / bins;
  return Array.from({ length: bins + 1 }, (_, i) => (i === bins ? most : i * step + least));
}

/**
 * Counts of sorted values over bins [e_0, e_1), …, [e_k−1, e_k]: the last one closed. Values outside are not counted.
 *
 * @example
 * countLeftClosed([0, 1, 2, 2], [0, 1, 2]) // [1, 3]
 */
export function countLeftClosed(sorted: ArrayLike<number>, edges: readonly number[]): number[] {
  const last = edges.length - 1;
  const counts: number[] = [];
  let from = firstFrom(sorted, (value) => value >= edges[0]!, 0);
  for (let i = 1; i <= last; i++) {
    const edge = edges[i]!;
    const to = firstFrom(sorted, i === last ? (value) => value > edge : (value) => value >= edge, from);
    counts.push(to - from);
    from = to;
  }
  return counts;
}

/** First index at or after `from` whose value passes; values that pass follow those that do not. */
function firstFrom(sorted: ArrayLike<number>, passes: (value: number) => boolean, from: number): number {
  let low = from;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (passes(sorted[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function distinctValues(sorted: Float64Array): number {
  let distinct = 0;
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) distinct++;
  return distinct;
}

const areIntegers = (reference: Float64Array, current: Float64Array): boolean =>
  reference.every(Number.isInteger) && current.every(Number.isInteger);
