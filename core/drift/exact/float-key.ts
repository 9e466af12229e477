/**
 * Integer keys of float32 values that order as the values do, and the 19-bit bucket of a key.
 *
 * A float32 is sign and magnitude, so its bits read as an integer already order the positive values; the key negates the
 * magnitude of the negative ones:
 *
 *   key(b) = b for b >= 0, −(b mod 2³¹) else    (b: the bits as a signed integer)
 *
 * Then a < b ⇔ key(a) < key(b), and −0 and 0 share the key 0. The bucket is the upper 19 bits of the key: sign, 8 bits of
 * exponent and 10 of mantissa, so a bucket is at most 2⁻¹⁰ of its values wide and 2¹⁹ counters of 4 bytes fit a core's cache.
 *
 * Reference: M. Herf, "Radix tricks" (2001), for the order of float bits.
 */

/** Bits of a key below the bucket. */
export const BUCKET_SHIFT = 13;
/** 2¹⁹ buckets, numbered from 0 in the order of the values. */
export const BUCKETS = 1 << 19;
const MIDDLE = BUCKETS >> 1;

/** Holds the most negative finite values, and −∞ with them. */
export const FIRST_FINITE_BUCKET = bucketOfKey(-0x7f800000);
/** Holds the largest finite values. */
export const LAST_FINITE_BUCKET = bucketOfKey(0x7f7fffff);
/** +∞ lies here, and NaNs that no arithmetic makes; the other NaNs lie beyond, or below the first finite bucket. */
export const INFINITY_BUCKET = LAST_FINITE_BUCKET + 1;

/** @param bits the float32's bits as a signed 32-bit integer. In −(2³¹−1) … 2³¹−1; finite values within ±0x7f7fffff. */
export function keyOfBits(bits: number): number {
  const sign = bits >> 31;
  return (bits ^ (sign & 0x7fffffff)) - sign;
}

/** The inverse of {@link keyOfBits}; the key 0 gives +0. */
export function bitsOfKey(key: number): number {
  return key >= 0 ? key : -key | 0x80000000;
}

/** In 0 … 2¹⁹−1, rising with the key. */
export function bucketOfKey(key: number): number {
  return (key >> BUCKET_SHIFT) + MIDDLE;
}

/** The bits of a column, without a copy. */
export function bitsOf(values: Float32Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length);
}

/** The smallest finite value of a bucket (for drawing, and for the edges of what a histogram alone can say). */
export function lowestValueOf(bucket: number): number {
  const key = Math.max((bucket - MIDDLE) * (1 << BUCKET_SHIFT), -0x7f7fffff);
  return new Float32Array(Int32Array.of(bitsOfKey(key)).buffer)[0]!;
}
