/**
 * Keeps sums and squares of extreme doubles finite: multiplying by a power of two is exact, so a statistic of the scaled
 * samples is the statistic of the samples (or that times the scale).
 */

/** Inside [2^-400, 2^400] the square of any value, and the sum of 2^200 such squares, is an ordinary double. */
const SAFE_EXPONENT = 400;
/** 2^1000 is the largest scale: 2^1074, for the smallest double, would be infinite itself. */
const LARGEST_SCALE_EXPONENT = 1000;

/**
 * The power of two that brings the largest absolute value of two sorted samples near 1, or 1 where nothing can overflow.
 *
 * @example
 * powerOfTwoScale(new Float64Array([-3, 5]), new Float64Array([7])) // 1
 * powerOfTwoScale(new Float64Array([2 ** 1000]), new Float64Array([0])) // 2 ** -1000
 */
export function powerOfTwoScale(a: Float64Array, b: Float64Array): number {
  const ends = [a[0], a[a.length - 1], b[0], b[b.length - 1]].map((value) => Math.abs(value ?? 0));
  const largest = Math.max(...ends);
  if (largest === 0) return 1;
  const exponent = Math.floor(Math.log2(largest));
  return Math.abs(exponent) <= SAFE_EXPONENT ? 1 : 2 ** Math.min(-exponent, LARGEST_SCALE_EXPONENT);
}

export const scaledBy = (sorted: Float64Array, scale: number): Float64Array =>
  scale === 1 ? sorted : sorted.map((value) => value * scale);

/** A distance in units of the data again: finite, so where it exceeds the largest double it is the largest double. */
export const unscaled = (distance: number, scale: number): number => Math.min(distance / scale, Number.MAX_VALUE);
