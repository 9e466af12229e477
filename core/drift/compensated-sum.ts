/**
 * Kahan–Babuška sum (A. Neumaier, ZAMM 54, 1974): the error of a sum of n terms is about one rounding, not n of them.
 *
 * @example
 * [1e16, 1, -1e16].reduce((sum, term) => (sum.add(term), sum), compensatedSum()).value() // 1
 */
export function compensatedSum(): { add(term: number): void; value(): number } {
  let sum = 0;
  let lost = 0;
  return {
    add: (term) => {
      const next = sum + term;
      lost += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
      sum = next;
    },
    value: () => sum + lost,
  };
}
