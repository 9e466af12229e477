/**
 * The histogram that a reference profile can keep of a column: counts in 2¹⁹ buckets of float32 values (10 bits of mantissa),
 * only the buckets that hold rows. Histograms of parts add up to the histogram of the whole, and two of them bound the KS
 * statistic without the rows.
 */
import type { Frame } from '../../frame';
import { RatchetError } from '../../errors';
import type { ColumnRows } from './column-keys';
import { countKeys } from './column-keys';
import { BUCKETS, FIRST_FINITE_BUCKET, LAST_FINITE_BUCKET } from './float-key';
import type { FloatArray } from './radix-sort';

export interface KeyHistogram extends ColumnRows {
  /** Buckets that hold rows, rising; see float-key.ts. */
  readonly buckets: Int32Array;
  /** Rows a bucket, whole numbers of at least 1; they add up to `rows`. */
  readonly counts: Float64Array;
}

/** Counts a column. NaN is missing; infinities are counted apart. Doubles are counted as float32 rounds them. */
export function buildKeyHistogram(values: FloatArray): KeyHistogram {
  const { counts, rows, missing, infinite } = countKeys(values, new Int32Array(BUCKETS));
  let used = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) if (counts[bucket]! > 0) used++;
  const sparse = { rows, missing, infinite, buckets: new Int32Array(used), counts: new Float64Array(used) };
  for (let bucket = 0, at = 0; bucket < BUCKETS; bucket++) {
    if (counts[bucket] === 0) continue;
    sparse.buckets[at] = bucket;
    sparse.counts[at++] = counts[bucket]!;
  }
  return sparse;
}

/** The histogram of all the rows together. No parts: a histogram without rows. */
export function mergeKeyHistograms(parts: readonly KeyHistogram[]): KeyHistogram {
  const first = parts[0] ?? EMPTY;
  return parts.slice(1).reduce(mergeTwo, first);
}

const EMPTY: KeyHistogram = {
  rows: 0,
  missing: 0,
  infinite: 0,
  buckets: new Int32Array(0),
  counts: new Float64Array(0),
};

function mergeTwo(a: KeyHistogram, b: KeyHistogram): KeyHistogram {
  const buckets = new Int32Array(a.buckets.length + b.buckets.length);
  const counts = new Float64Array(buckets.length);
  let used = 0;
  eachBucket(a, b, (bucket, inA, inB) => {
    buckets[used] = bucket;
    counts[used++] = inA + inB;
  });
  return {
    rows: a.rows + b.rows,
    missing: a.missing + b.missing,
    infinite: a.infinite + b.infinite,
    buckets: buckets.slice(0, used),
    counts: counts.slice(0, used),
  };
}

/** Every bucket that either holds, rising, with the rows of each. */
function eachBucket(a: KeyHistogram, b: KeyHistogram, see: (bucket: number, inA: number, inB: number) => void): void {
  let i = 0;
  let j = 0;
  while (i < a.buckets.length || j < b.buckets.length) {
    const bucket = Math.min(a.buckets[i] ?? BUCKETS, b.buckets[j] ?? BUCKETS);
    const inA = a.buckets[i] === bucket ? a.counts[i++]! : 0;
    const inB = b.buckets[j] === bucket ? b.counts[j++]! : 0;
    see(bucket, inA, inB);
  }
}

/**
 * What two histograms say of the KS statistic D = max |F − G|: `low <= D <= high`. D at the bucket edges is exact, and inside a
 * bucket that starts at the difference d and holds the shares p and q the difference stays within d − q … d + p.
 * Both 0 when a side has no rows (there is nothing to compare).
 */
export function ksBounds(
  reference: KeyHistogram,
  current: KeyHistogram,
): { readonly low: number; readonly high: number } {
  const n = reference.rows;
  const m = current.rows;
  if (n === 0 || m === 0) return { low: 0, high: 0 };
  let before = 0;
  let seenN = 0;
  let seenM = 0;
  let low = 0;
  let high = 0;
  eachBucket(reference, current, (_, inReference, inCurrent) => {
    seenN += inReference;
    seenM += inCurrent;
    const after = seenN / n - seenM / m;
    high = Math.max(high, Math.abs(before + inReference / n), Math.abs(before - inCurrent / m));
    low = Math.max(low, Math.abs(after));
    before = after;
  });
  return { low, high: Math.max(low, Math.min(1, high)) };
}

const FORMAT = 1;

/**
 * Bytes to store: the format number, then variable-length integers (7 bits a byte, lowest first): rows, missing, infinite, number
 * of buckets, and a bucket its distance from the one before and its count. Equal histograms give equal bytes. About 2 bytes a
 * bucket; 60–110 KB for a million normal values, before any compression.
 */
export function encodeKeyHistogram(histogram: KeyHistogram): Uint8Array {
  const { buckets, counts } = histogram;
  const bytes: number[] = [FORMAT];
  for (const value of [histogram.rows, histogram.missing, histogram.infinite, buckets.length]) append(bytes, value);
  for (let i = 0; i < buckets.length; i++) {
    append(bytes, buckets[i]! - (buckets[i - 1] ?? 0));
    append(bytes, counts[i]!);
  }
  return Uint8Array.from(bytes);
}

/** Division, not shifts: counts may exceed 32 bits. */
function append(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

/** @throws RATCHET_INPUT_INVALID when the bytes are not a whole, consistent histogram of this format. */
export function decodeKeyHistogram(bytes: Uint8Array): KeyHistogram {
  if (bytes[0] !== FORMAT) throw invalid(`starts with ${bytes[0] ?? 'nothing'}, expected the format number ${FORMAT}`);
  const reader = new VarintReader(bytes, 1);
  const rows = reader.next();
  const missing = reader.next();
  const infinite = reader.next();
  const used = reader.next();
  if (used > BUCKETS) throw invalid(`names ${used} buckets, there are ${BUCKETS}`);
  const buckets = new Int32Array(used);
  const counts = new Float64Array(used);
  let sum = 0;
  for (let i = 0; i < used; i++) {
    const bucket = (buckets[i - 1] ?? 0) + reader.next();
    const count = reader.next();
    if (bucket < FIRST_FINITE_BUCKET || bucket > LAST_FINITE_BUCKET || (i > 0 && bucket === buckets[i - 1])) {
      throw invalid(`has bucket ${bucket} after ${buckets[i - 1] ?? 'none'}`);
    }
    if (count === 0) throw invalid(`has an empty bucket ${bucket}`);
    buckets[i] = bucket;
    counts[i] = count;
    sum += count;
  }
  if (sum !== rows) throw invalid(`says ${rows} rows and counts ${sum}`);
  if (!reader.atEnd) throw invalid('has bytes after its end');
  return { rows, missing, infinite, buckets, counts };
}

class VarintReader {
  constructor(
    private readonly bytes: Uint8Array,
    private at: number,
  ) {}

  get atEnd(): boolean {
    return this.at === this.bytes.length;
  }

  next(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw invalid('is cut off');
      value += (byte % 128) * scale;
      if (!Number.isSafeInteger(value)) throw invalid('has a number beyond 2^53');
      if (byte < 128) return value;
    }
  }
}

const invalid = (observed: string): RatchetError =>
  new RatchetError('RATCHET_INPUT_INVALID', `the key histogram ${observed}`, {
    hint: 'Build the reference profile again.',
  });

/** Encoded histograms of the number columns, as float32: what a reference profile keeps for exact tests. @param names default all. */
export function encodedHistograms(frame: Frame, names?: ReadonlySet<string>): Readonly<Record<string, Uint8Array>> {
  return Object.fromEntries(
    [...frame.columns].flatMap(([name, column]) =>
      column.kind === 'number' && (names?.has(name) ?? true)
        ? [[name, encodeKeyHistogram(buildKeyHistogram(Float32Array.from(column.values)))]]
        : [],
    ),
  );
}
