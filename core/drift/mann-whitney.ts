/**
 * Mann–Whitney U test (Wilcoxon rank sum), equal to `scipy.stats.mannwhitneyu(reference, current)` with method `auto`:
 *
 *   U = Σ over pairs (a, b) of [1 if a > b, ½ if a = b],   a of the reference, b of the current rows.
 *
 * It sees a shift of location, not a change of spread. p: exact where the smaller side has at most {@link EXACT_ROWS} rows
 * and nothing is tied; else normal with continuity correction and the variance corrected for ties,
 * σ² = nm/12 · (N + 1 − Σ(t³−t)/(N(N−1))). Two-sided by default: the one-sided `less` (the reference tends to smaller
 * values), which Evidently runs, is blind to a fall. Assumes independent rows.
 *
 * References: H. B. Mann & D. R. Whitney, Ann. Math. Statist. 18, 1947; M. Hollander & D. A. Wolfe, "Nonparametric
 * Statistical Methods" (ties); A. Di Bucchianico, "Combinatorics, computer algebra and the Wilcoxon–Mann–Whitney test",
 * J. Statist. Plann. Inference 79, 1999 (generating function).
 */
import { forEachTie } from './sort-finite';
import { normalSurvival } from './special/normal';

/** Largest smaller side for which p is exact, as in SciPy. */
export const EXACT_ROWS = 8;
/** The exact distribution takes n·m/2 numbers; above this (2,000,000 rows against 8) p is the normal one. */
const EXACT_TABLE_LIMIT = 8_000_000;

export type Alternative = 'two-sided' | 'less';

export interface MannWhitneyResult {
  /** U of the reference, in [0, n·m]; n·m/2 without drift. */
  readonly statistic: number;
  /** In [0, 1]. */
  readonly pValue: number;
  readonly method: 'exact' | 'asymptotic';
}

/**
 * Both samples sorted ascending, finite, non-empty. Where all values of both sides are equal p = 1. O(n + m).
 *
 * @example
 * mannWhitneySorted(Float64Array.of(1, 2, 3), Float64Array.of(4, 5, 6)) // { statistic: 0, pValue: 0.1, method: 'exact' }
 * mannWhitneySorted(Float64Array.of(1, 2, 3), Float64Array.of(4, 5, 6), 'less').pValue // 0.05
 */
export function mannWhitneySorted(
  a: Float64Array,
  b: Float64Array,
  alternative: Alternative = 'two-sided',
): MannWhitneyResult {
  const n = a.length;
  const m = b.length;
  let beforeB = 0;
  let statistic = 0;
  let ties = 0;
  let groups = 0;
  forEachTie(a, b, (_value, inA, inB) => {
    statistic += inA * (beforeB + inB / 2);
    const tied = inA + inB;
    ties += tied * (tied * tied - 1);
    beforeB += inB;
    groups++;
  });
  const small = Math.min(n, m) <= EXACT_ROWS && (n * m) / 2 <= EXACT_TABLE_LIMIT;
  const method = small && ties === 0 ? 'exact' : 'asymptotic';
  if (groups === 1) return { statistic, pValue: 1, method };

  const extreme = alternative === 'less' ? statistic : Math.min(statistic, n * m - statistic);
  const sides = alternative === 'less' ? 1 : 2;
  const tail = method === 'exact' ? exactTail(extreme, n, m) : normalTail(extreme, n, m, ties);
  return { statistic, pValue: Math.min(1, sides * tail), method };
}

function normalTail(u: number, n: number, m: number, ties: number): number {
  const rows = n + m;
  const deviation = Math.sqrt(((n * m) / 12) * (rows + 1 - ties / (rows * (rows - 1))));
  return normalSurvival(((n * m) / 2 - u - 0.5) / deviation);
}

/** P(U <= u) without ties. U is symmetric about nm/2, so the lower half suffices. */
function exactTail(u: number, n: number, m: number): number {
  const product = n * m;
  return u < product / 2 ? lowerTail(u, n, m) : 1 - lowerTail(product - u - 1, n, m);
}

/**
 * The number of arrangements with U = u is the coefficient of q^u in the Gaussian binomial
 * Π_{i=1..k} (1 − q^(N−k+i))/(1 − q^i), k the smaller side: multiplied out factor by factor, up to q^u.
 */
function lowerTail(u: number, n: number, m: number): number {
  if (u < 0) return 0;
  const small = Math.min(n, m);
  const large = Math.max(n, m);
  const ways = new Float64Array(u + 1);
  ways[0] = 1;
  let all = 1;
  for (let i = 1; i <= small; i++) {
    const up = large + i;
    for (let power = u; power >= up; power--) ways[power]! -= ways[power - up]!;
    for (let power = i; power <= u; power++) ways[power]! += ways[power - i]!;
    all *= up / i;
  }
  return ways.reduce((sum, count) => sum + count, 0) / all;
}
