/**
 * Exact two-sample KS and exact quantile edges of two columns without sorting them: a histogram of float keys says between
 * which buckets the answer lies, and only the rows of those buckets are sorted.
 *
 * Let d be the difference of the two empirical distribution functions before a bucket that holds the shares p of the reference
 * and q of the current rows. Inside the bucket |F − G| cannot exceed max(|d + p|, |d − q|). So a bucket is refined only where
 * that bound exceeds the largest |F − G| at any bucket's end, which is exact already. A quantile of the reference lies in the
 * bucket where the counts pass its rank. For two samples of a million normal values about 1.5 % of the rows are sorted.
 *
 * Heavy ties and near-constant columns put most rows into few buckets; then both columns are radix-sorted instead.
 */
import { ksPValue, ksStatisticSorted, type KsResult } from '../ks';
import { populationStabilityIndex } from '../psi';
import { countKeys, type ColumnKeys, type ColumnRows } from './column-keys';
import { BUCKETS, BUCKET_SHIFT, FIRST_FINITE_BUCKET, LAST_FINITE_BUCKET } from './float-key';
import { quantileRanks, readEdges, type ColumnBins, type RankReader } from './quantile-bins';
import { radixSorted, type FloatArray } from './radix-sort';
import { finiteSorted } from './sorted-column';

const MIDDLE = BUCKETS >> 1;
/** Below this many rows of both sides together, sorting them is quicker than clearing and scanning 2 × 2¹⁹ counters. */
const HISTOGRAM_ROWS = 40_000;
/** Refining a larger share of the rows than this costs as much as the radix sort of all. */
const REFINE_SHARE = 0.25;

/** Counters that comparisons one after the other may share: 5 MB, made once a thread. Not for two at the same time. */
export class ExactWorkspace {
  readonly referenceCounts = new Int32Array(BUCKETS);
  readonly currentCounts = new Int32Array(BUCKETS);
  /** 1: the bucket's rows are wanted. All 0 between comparisons. */
  readonly wanted = new Uint8Array(BUCKETS);
}

export interface ColumnComparison {
  readonly reference: ColumnRows;
  readonly current: ColumnRows;
  /** D = 0 and p = 1 when a side has no finite value: nothing to compare; who judges says `insufficient` before. */
  readonly ks: KsResult;
  /** Counts of both sides over the quantile bins of the reference, and their PSI. */
  readonly bins: ColumnBins & { readonly psi: number };
}

/** Sorted ascending, finite values only: what a profile keeps, or a column that is compared often. */
export interface SortedColumn {
  readonly sorted: FloatArray;
}

/**
 * KS and PSI of two columns, equal to sorting both (the same integers in the same divisions).
 *
 * Float32 against float32 and double against double compare the values as they are. A mixed pair is compared as float32: the
 * same number stored in both ways must not count as a difference. NaN is missing, infinities are left out; both are counted.
 *
 * @param options.bins quantile bins of the reference for PSI, an integer >= 1; ties make fewer. Default 10.
 */
export function compareColumns(
  reference: FloatArray | SortedColumn,
  current: FloatArray,
  options: { readonly bins?: number; readonly workspace?: ExactWorkspace } = {},
): ColumnComparison {
  const bins = options.bins ?? 10;
  const sorted = 'sorted' in reference;
  const [a, b] = sameType(sorted ? reference.sorted : reference, current);
  if (a.length + b.length < HISTOGRAM_ROWS) return compareSorted(a, b, sorted, bins);
  const workspace = options.workspace ?? new ExactWorkspace();
  const left = countKeys(a, workspace.referenceCounts);
  const right = countKeys(b, workspace.currentCounts);
  return refined(left, right, bins, workspace) ?? compareSorted(a, b, sorted, bins);
}

/** KS alone: `{ statistic, pValue, method, referenceRows, currentRows }` of the finite rows. See {@link compareColumns}. */
export function exactKs(
  reference: FloatArray | SortedColumn,
  current: FloatArray,
  workspace?: ExactWorkspace,
): KsResult & { readonly referenceRows: number; readonly currentRows: number } {
  const compared = compareColumns(reference, current, { bins: 1, ...(workspace && { workspace }) });
  return { ...compared.ks, referenceRows: compared.reference.rows, currentRows: compared.current.rows };
}

/** Both as they are when they are of one type, else both as float32. */
export function sameType(a: FloatArray, b: FloatArray): readonly [FloatArray, FloatArray] {
  if (a instanceof Float32Array === b instanceof Float32Array) return [a, b];
  return [a instanceof Float32Array ? a : Float32Array.from(a), b instanceof Float32Array ? b : Float32Array.from(b)];
}

function compareSorted(a: FloatArray, b: FloatArray, aIsSorted: boolean, bins: number): ColumnComparison {
  const left = finiteSorted(a, aIsSorted);
  const right = finiteSorted(b);
  const n = left.rows;
  const m = right.rows;
  const statistic = n === 0 || m === 0 ? 0 : ksStatisticSorted(left.sorted, right.sorted);
  const reader: RankReader = {
    referenceAt: (rank) => left.sorted[rank]!,
    currentBelow: (edge, inclusive) => countBelow(right.sorted, 0, m, edge, inclusive),
    referenceBelow: (edge, inclusive) => countBelow(left.sorted, 0, n, edge, inclusive),
  };
  return comparison(left, right, statistic, reader, bins);
}

/** null: too many rows would have to be sorted. */
function refined(
  left: ColumnKeys,
  right: ColumnKeys,
  bins: number,
  workspace: ExactWorkspace,
): ColumnComparison | null {
  const n = left.rows;
  const m = right.rows;
  if (n === 0 || m === 0) return null;
  const atEdges = largestAtEdges(left.counts, right.counts, n, m);
  const limit = Math.max(HISTOGRAM_ROWS, REFINE_SHARE * (n + m));
  const wanted = wantedBuckets(left.counts, right.counts, n, m, atEdges, quantileRanks(n, bins), limit);
  if (wanted === null) return null;
  for (const { bucket } of wanted) workspace.wanted[bucket] = 1;
  const rowsA = wanted.reduce((sum, { inReference }) => sum + inReference, 0);
  const rowsB = wanted.reduce((sum, { inCurrent }) => sum + inCurrent, 0);
  const a = radixSorted(gather(left, workspace.wanted, rowsA));
  const b = radixSorted(gather(right, workspace.wanted, rowsB));
  for (const { bucket } of wanted) workspace.wanted[bucket] = 0;

  let statistic = atEdges;
  let startA = 0;
  let startB = 0;
  const slices = wanted.map((found): Slice => {
    const slice = { ...found, startA, startB };
    startA += found.inReference;
    startB += found.inCurrent;
    statistic = Math.max(statistic, largestInside(slice, a, b, n, m));
    return slice;
  });
  return comparison(left, right, statistic, sliceReader(slices, a, b), bins);
}

interface WantedBucket {
  readonly bucket: number;
  readonly inReference: number;
  readonly inCurrent: number;
  /** Rows in the buckets before. */
  readonly referenceBefore: number;
  readonly currentBefore: number;
}
/** Where the bucket's rows start among the gathered ones. */
interface Slice extends WantedBucket {
  readonly startA: number;
  readonly startB: number;
}

/** The largest |F − G| at the end of a bucket. */
function largestAtEdges(reference: Int32Array, current: Int32Array, n: number, m: number): number {
  let i = 0;
  let j = 0;
  let largest = 0;
  for (let bucket = FIRST_FINITE_BUCKET; bucket <= LAST_FINITE_BUCKET; bucket++) {
    const inReference = reference[bucket]!;
    const inCurrent = current[bucket]!;
    if ((inReference | inCurrent) === 0) continue;
    i += inReference;
    j += inCurrent;
    const difference = Math.abs(i / n - j / m);
    if (difference > largest) largest = difference;
  }
  return largest;
}

/** Buckets that may hold a larger difference than `atEdges`, or one of the ranks; null beyond `limit` rows. */
function wantedBuckets(
  reference: Int32Array,
  current: Int32Array,
  n: number,
  m: number,
  atEdges: number,
  ranks: readonly number[],
  limit: number,
): WantedBucket[] | null {
  const wanted: WantedBucket[] = [];
  let i = 0;
  let j = 0;
  let rank = 0;
  let rows = 0;
  for (let bucket = FIRST_FINITE_BUCKET; bucket <= LAST_FINITE_BUCKET; bucket++) {
    const inReference = reference[bucket]!;
    const inCurrent = current[bucket]!;
    if ((inReference | inCurrent) === 0) continue;
    const upper = (i + inReference) / n - j / m;
    const lower = i / n - (j + inCurrent) / m;
    const holdsRank = rank < ranks.length && ranks[rank]! < i + inReference;
    // With rows of one side only the bound is attained at an end of the bucket.
    if (holdsRank || (inReference > 0 && inCurrent > 0 && (upper > atEdges || -lower > atEdges))) {
      rows += inReference + inCurrent;
      if (rows > limit) return null;
      wanted.push({ bucket, inReference, inCurrent, referenceBefore: i, currentBefore: j });
    }
    i += inReference;
    j += inCurrent;
    while (rank < ranks.length && ranks[rank]! < i) rank++;
  }
  return wanted;
}

/** The values of the wanted buckets, in the order of the column. */
function gather({ values, bits }: ColumnKeys, wanted: Uint8Array, rows: number): FloatArray {
  const found = values instanceof Float32Array ? new Float32Array(rows) : new Float64Array(rows);
  let used = 0;
  for (let i = 0; i < bits.length; i++) {
    const b = bits[i]!;
    const sign = b >> 31;
    if (wanted[(((b ^ (sign & 0x7fffffff)) - sign) >> BUCKET_SHIFT) + MIDDLE] === 0) continue;
    // −∞ shares its bucket with finite values
    if (values[i] !== -Infinity) found[used++] = values[i]!;
  }
  return found;
}

/** The largest |F − G| at the distinct values of one bucket. */
function largestInside(slice: Slice, a: FloatArray, b: FloatArray, n: number, m: number): number {
  const endA = slice.startA + slice.inReference;
  const endB = slice.startB + slice.inCurrent;
  const shiftA = slice.referenceBefore - slice.startA;
  const shiftB = slice.currentBefore - slice.startB;
  let i = slice.startA;
  let j = slice.startB;
  let largest = 0;
  while (i < endA && j < endB) {
    const point = Math.min(a[i]!, b[j]!);
    while (i < endA && a[i]! <= point) i++;
    while (j < endB && b[j]! <= point) j++;
    largest = Math.max(largest, Math.abs((i + shiftA) / n - (j + shiftB) / m));
  }
  return largest;
}

/** Ranks and counts at values that lie in the wanted buckets. */
function sliceReader(slices: readonly Slice[], a: FloatArray, b: FloatArray): RankReader {
  const holding = (rank: number): Slice =>
    slices.find((s) => rank >= s.referenceBefore && rank < s.referenceBefore + s.inReference)!;
  const ofValue = (value: number): Slice =>
    slices.find((s) => s.inReference > 0 && value <= a[s.startA + s.inReference - 1]!)!;
  return {
    referenceAt: (rank) => {
      const slice = holding(rank);
      return a[slice.startA + rank - slice.referenceBefore]!;
    },
    referenceBelow: (edge, inclusive) => {
      const { startA, inReference, referenceBefore } = ofValue(edge);
      return referenceBefore + countBelow(a, startA, startA + inReference, edge, inclusive);
    },
    currentBelow: (edge, inclusive) => {
      const { startB, inCurrent, currentBefore } = ofValue(edge);
      return currentBefore + countBelow(b, startB, startB + inCurrent, edge, inclusive);
    },
  };
}

/** How many of the sorted values at from … to−1 lie below `edge`, or at it. */
function countBelow(sorted: FloatArray, from: number, to: number, edge: number, inclusive: boolean): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const value = sorted[middle]!;
    if (value < edge || (inclusive && value === edge)) low = middle + 1;
    else high = middle;
  }
  return low - from;
}

function comparison(
  { rows: n, missing: missingA, infinite: infiniteA }: ColumnRows,
  { rows: m, missing: missingB, infinite: infiniteB }: ColumnRows,
  statistic: number,
  reader: RankReader,
  bins: number,
): ColumnComparison {
  const counted = readEdges(n, m, bins, reader);
  return {
    reference: { rows: n, missing: missingA, infinite: infiniteA },
    current: { rows: m, missing: missingB, infinite: infiniteB },
    ks: n === 0 || m === 0 ? { statistic: 0, pValue: 1, method: 'exact' } : ksPValue(statistic, n, m),
    bins: { ...counted, psi: populationStabilityIndex(counted.reference, counted.current) },
  };
}
