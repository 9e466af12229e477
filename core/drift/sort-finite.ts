/** What every two-sample statistic starts from: finite doubles in rising order. */

/**
 * The finite values of a sample, ascending. NaN and ±infinity are left out (missing; core/quality counts them), −0 becomes 0.
 * O(n log n): 0.1 to 0.3 s for a million values. The input is not changed.
 *
 * @example
 * sortFinite([3, NaN, -0, Infinity, 2]) // new Float64Array([0, 2, 3])
 */
export function sortFinite(values: ArrayLike<number>): Float64Array {
  const finite = new Float64Array(values.length);
  let used = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isFinite(value)) finite[used++] = value + 0;
  }
  return finite.subarray(0, used).slice().sort();
}

/** Visits the distinct values of two sorted samples in rising order, with how many rows of each side hold that value. */
export function forEachTie(
  a: Float64Array,
  b: Float64Array,
  visit: (value: number, inA: number, inB: number) => void,
): void {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const value = j >= b.length || (i < a.length && a[i]! <= b[j]!) ? a[i]! : b[j]!;
    const fromI = i;
    const fromJ = j;
    while (i < a.length && a[i]! === value) i++;
    while (j < b.length && b[j]! === value) j++;
    visit(value, i - fromI, j - fromJ);
  }
}

/** Is every value of both sorted, non-empty samples the same? */
export const oneValueOnly = (a: Float64Array, b: Float64Array): boolean =>
  a[0] === b[0] && a[a.length - 1] === a[0] && b[b.length - 1] === b[0];
