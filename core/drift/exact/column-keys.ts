/**
 * A column as the exact statistics read it: float32 bits for the histogram beside the values themselves, and how many rows
 * are missing (NaN) or infinite. Both are left out of every statistic and counted.
 */
import { BUCKETS, BUCKET_SHIFT, FIRST_FINITE_BUCKET, INFINITY_BUCKET, bitsOf } from './float-key';
import type { FloatArray } from './radix-sort';

const LARGEST_FLOAT32 = 3.4028234663852886e38;
const MIDDLE = BUCKETS >> 1;

export interface ColumnRows {
  /** Finite values. */
  readonly rows: number;
  /** NaN. */
  readonly missing: number;
  /** +∞ and −∞. */
  readonly infinite: number;
}

export interface ColumnKeys<T extends FloatArray = FloatArray> extends ColumnRows {
  readonly values: T;
  /** The bits of the values rounded to float32. Rounding keeps the order, so a bucket of them is an interval of doubles too. */
  readonly bits: Int32Array;
  /** Counts a bucket over the finite values; 2¹⁹ of them. */
  readonly counts: Int32Array;
}

/**
 * Histogram of a column into `counts`, which is cleared first.
 *
 * @param scratch where a Float64Array is rounded into; made when absent or too short.
 */
export function countKeys<T extends FloatArray>(values: T, counts: Int32Array, scratch?: Float32Array): ColumnKeys<T> {
  const bits = bitsOf(values instanceof Float32Array ? values : rounded(values, scratch));
  counts.fill(0);
  for (let i = 0; i < bits.length; i++) {
    // keyOfBits and bucketOfKey, written out: the loop that everything waits for
    const b = bits[i]!;
    const sign = b >> 31;
    counts[(((b ^ (sign & 0x7fffffff)) - sign) >> BUCKET_SHIFT) + MIDDLE]!++;
  }
  return { values, bits, counts, ...takeOutSpecials(values, counts) };
}

/** Doubles as float32; finite ones beyond its range become the largest, so that they stay finite and in order. */
function rounded(values: Float64Array, scratch: Float32Array | undefined): Float32Array {
  const target =
    scratch === undefined || scratch.length < values.length
      ? new Float32Array(values.length)
      : scratch.subarray(0, values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    target[i] =
      value > LARGEST_FLOAT32 && value !== Infinity
        ? LARGEST_FLOAT32
        : value < -LARGEST_FLOAT32 && value !== -Infinity
          ? -LARGEST_FLOAT32
          : value;
  }
  return target;
}

/** Leaves finite values in the counts. The column is read again only where a bucket mixes infinities with others. */
function takeOutSpecials(values: FloatArray, counts: Int32Array): ColumnRows {
  let positive = 0;
  let negative = 0;
  if (counts[INFINITY_BUCKET]! > 0 || counts[FIRST_FINITE_BUCKET]! > 0) {
    for (let i = 0; i < values.length; i++) {
      if (values[i] === Infinity) positive++;
      else if (values[i] === -Infinity) negative++;
    }
  }
  counts[FIRST_FINITE_BUCKET]! -= negative;
  const outside = takeOut(counts, 0, FIRST_FINITE_BUCKET) + takeOut(counts, INFINITY_BUCKET, BUCKETS);
  return { rows: values.length - outside - negative, missing: outside - positive, infinite: positive + negative };
}

function takeOut(counts: Int32Array, from: number, to: number): number {
  let sum = 0;
  for (let bucket = from; bucket < to; bucket++) sum += counts[bucket]!;
  counts.fill(0, from, to);
  return sum;
}
