/**
 * Two-sample Cramér–von Mises test, equal to `scipy.stats.cramervonmises_2samp` (method `auto`):
 *
 *   U = n·Σ (r_i − i)² + m·Σ (s_j − j)²,   T = U/(n·m·(n+m)) − (4·n·m − 1)/(6·(n+m)),
 *
 * r_i and s_j the pooled ranks of the i-th and j-th smallest value of each side, ties averaged. It weighs differences along the whole
 * distribution where KS looks at the largest only.
 *
 * p: exact where both sides have at most {@link EXACT_ROWS} rows, by counting lattice paths (Xiao et al.); else the limiting
 * distribution of T at its mean and variance (Anderson). Assumes independent rows and *continuous* data: with heavy ties
 * both are wrong, far too small (a binary column without drift gave 2.5e-7 where KS gives 0.86). Use KS or χ² there.
 *
 * References: T. W. Anderson, "On the Distribution of the Two-Sample Cramér–von Mises Criterion", Ann. Math. Statist. 33(3),
 * 1962; Y. Xiao, A. Gordon & A. Yakovlev, J. Stat. Software 17(8), 2006.
 */
import { CompensatedSum } from './compensated-sum';
import { forEachTie, oneValueOnly } from './sort-finite';
import { cramerVonMisesTail } from './special/cramer-von-mises-tail';

/** Largest sample for which p is exact, as in SciPy. */
export const EXACT_ROWS = 20;

export interface CramerVonMisesResult {
  /** T; 0 for identical samples of one size, slightly negative values occur. */
  readonly statistic: number;
  /** In [0, 1]. */
  readonly pValue: number;
  readonly method: 'exact' | 'asymptotic';
}

/**
 * Both samples sorted ascending, finite, non-empty. Where all values of both sides are equal: T = 0, p = 1. O(n + m).
 *
 * @example
 * cramerVonMisesSorted(Float64Array.of(38.7, 41.5, 43.8, 44.5, 45.5, 46, 47.7, 58), Float64Array.of(39.2, 39.3, 39.7, 41.4, 41.8, 42.9, 43.3, 45.8)).pValue // 0.06433566433566433
 */
export function cramerVonMisesSorted(a: Float64Array, b: Float64Array): CramerVonMisesResult {
  const n = a.length;
  const m = b.length;
  const method = Math.max(n, m) <= EXACT_ROWS ? 'exact' : 'asymptotic';
  if (oneValueOnly(a, b)) return { statistic: 0, pValue: 1, method };
  const u = rankDisagreement(a, b);
  const product = n * m;
  const rows = n + m;
  const statistic = u / (product * rows) - (4 * product - 1) / (6 * rows);
  const pValue = method === 'exact' ? exactPValue(u, n, m) : asymptoticPValue(statistic, n, m);
  return { statistic, pValue, method };
}

/**
 * U, a group of tied values at a time. c rows of one side in a group with d rows before the mid-rank contribute
 * Σ_{s=1..c} (d − s)² = c·(d − (c+1)/2)² + c(c²−1)/12, and d − (c+1)/2 is the other side's rows before plus half of
 * those in the group.
 */
function rankDisagreement(a: Float64Array, b: Float64Array): number {
  const n = a.length;
  const m = b.length;
  const sum = new CompensatedSum();
  let beforeA = 0;
  let beforeB = 0;
  forEachTie(a, b, (_value, inA, inB) => {
    if (inA > 0) sum.add(n * (inA * (beforeB + inB / 2) ** 2 + (inA * (inA * inA - 1)) / 12));
    if (inB > 0) sum.add(m * (inB * (beforeA + inA / 2) ** 2 + (inB * (inB * inB - 1)) / 12));
    beforeA += inA;
    beforeB += inB;
  });
  return sum.value;
}

function asymptoticPValue(statistic: number, n: number, m: number): number {
  const rows = n + m;
  const product = n * m;
  const mean = (1 + 1 / rows) / 6;
  const variance =
    ((rows + 1) * (4 * product * rows - 3 * (n * n + m * m) - 2 * product)) / (45 * rows * rows * 4 * product);
  return cramerVonMisesTail(1 / 6 + (statistic - mean) / Math.sqrt(45 * variance));
}

/**
 * Share of the lattice paths from (0,0) to (n,m) whose Σ (i·L/n − j·L/m)², L the least common multiple, reaches that of the
 * samples. Sums of a point are kept as sorted lists (value, paths), merged along the lattice; paths that have reached the
 * limit already are only counted. All numbers are below 2^53.
 */
function exactPValue(u: number, n: number, m: number): number {
  const multiple = (n / greatestCommonDivisor(n, m)) * m;
  const product = n * m;
  const limit = Math.floor(
    (multiple * multiple * (n + m) * (6 * u - product * (4 * product - 1))) / (6 * product * product),
  );
  let row: Paths[] = [];
  for (let i = 0; i <= n; i++) {
    const next: Paths[] = [];
    for (let j = 0; j <= m; j++) {
      const step = (i * (multiple / n) - j * (multiple / m)) ** 2;
      const arriving = i === 0 && j === 0 ? START : merge(row[j] ?? NO_PATHS, next[j - 1] ?? NO_PATHS);
      next.push(advance(arriving, step, limit));
    }
    row = next;
  }
  const end = row[m]!;
  const below = end.counts.reduce((sum, count) => sum + count, 0);
  return end.reached / (end.reached + below);
}

interface Paths {
  readonly sums: readonly number[];
  readonly counts: readonly number[];
  readonly reached: number;
}
const START: Paths = { sums: [0], counts: [1], reached: 0 };
const NO_PATHS: Paths = { sums: [], counts: [], reached: 0 };

function merge(a: Paths, b: Paths): Paths {
  const sums: number[] = [];
  const counts: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.sums.length || j < b.sums.length) {
    const left = a.sums[i] ?? Infinity;
    const right = b.sums[j] ?? Infinity;
    sums.push(Math.min(left, right));
    counts.push((left <= right ? a.counts[i++]! : 0) + (right <= left ? b.counts[j++]! : 0));
  }
  return { sums, counts, reached: a.reached + b.reached };
}

function advance(paths: Paths, step: number, limit: number): Paths {
  const moved = paths.sums.map((sum) => sum + step);
  let reached = paths.reached;
  let kept = moved.length;
  while (kept > 0 && moved[kept - 1]! >= limit) reached += paths.counts[--kept]!;
  return { sums: moved.slice(0, kept), counts: paths.counts.slice(0, kept), reached };
}

function greatestCommonDivisor(a: number, b: number): number {
  let x = a;
  let y = b;
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}
