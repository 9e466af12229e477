/**
 * Two-sample Anderson–Darling test on mid-ranks, equal to `scipy.stats.anderson_ksamp` (its default `variant`, k = 2): with
 * N = n + m pooled rows, distinct values z_j held by l_j rows, B_j = rows below z_j + l_j/2, and M_ij the same count within side i,
 *
 *   A²_aN = (N−1)/N · Σ_i 1/n_i · Σ_j l_j/N · (N·M_ij − n_i·B_j)² / (B_j·(N − B_j) − N·l_j/4),
 *   statistic = (A²_aN − 1)/σ_N,   σ_N² the exact variance under continuity (eq. 4 of the paper).
 *
 * It weighs the tails more than Cramér–von Mises does. p: ln(significance) as a quadratic in the statistic, fitted through
 * the paper's seven critical values and clipped to the table's range [0.001, 0.25] as SciPy clips it: read 0.001 as "at
 * most", 0.25 as "at least". Assumes independent rows; ties are allowed for.
 *
 * Reference: F. W. Scholz & M. A. Stephens, "K-Sample Anderson–Darling Tests", JASA 82(399), 1987, eq. 7 and table 1.
 */
import { forEachTie, oneValueOnly } from './sort-finite';

/** σ_N divides by (N−1)(N−2)(N−3). */
export const LEAST_POOLED_ROWS = 4;

/** ln p = A·s² + B·s + C: least squares through the critical values for one degree of freedom (k − 1 = 1). */
const FIT = [0.01819809457411147, -1.0082265644652515, -1.077770279820484] as const;
/** Critical values at 25 % and 0.1 %: b0 + b1 + b2 of table 1. */
const LEAST_CRITICAL = 0.325;
const LARGEST_CRITICAL = 6.546;
const LARGEST_P = 0.25;
const LEAST_P = 0.001;

export interface AndersonDarlingResult {
  /** Normalised: mean 0 and variance 1 without drift. null where all values are equal. */
  readonly statistic: number | null;
  /** In [0.001, 0.25]; 1 where all values are equal. */
  readonly pValue: number;
}

/**
 * Both samples sorted ascending, finite, non-empty. null: fewer than {@link LEAST_POOLED_ROWS} rows together. O(n + m).
 *
 * @example
 * andersonDarlingSorted(Float64Array.of(38.7, 41.5, 43.8, 44.5, 45.5, 46, 47.7, 58), Float64Array.of(39.2, 39.3, 39.7, 41.4, 41.8, 42.9, 43.3, 45.8)) // { statistic: 1.7183096744360893, pValue: 0.06351467728760844 }
 */
export function andersonDarlingSorted(a: Float64Array, b: Float64Array): AndersonDarlingResult | null {
  const rows = a.length + b.length;
  if (rows < LEAST_POOLED_ROWS) return null;
  if (oneValueOnly(a, b)) return { statistic: null, pValue: 1 };
  const statistic = (midrankStatistic(a, b) - 1) / Math.sqrt(variance(a.length, b.length));
  return { statistic, pValue: pValueOf(statistic) };
}

function midrankStatistic(a: Float64Array, b: Float64Array): number {
  const n = a.length;
  const m = b.length;
  const rows = n + m;
  let beforeA = 0;
  let beforeB = 0;
  let sumA = 0;
  let sumB = 0;
  forEachTie(a, b, (_value, inA, inB) => {
    const tied = inA + inB;
    const midA = beforeA + inA / 2;
    const midB = beforeB + inB / 2;
    const mid = midA + midB;
    const weight = tied / rows / (mid * (rows - mid) - (rows * tied) / 4);
    sumA += weight * (rows * midA - mid * n) ** 2;
    sumB += weight * (rows * midB - mid * m) ** 2;
    beforeA += inA;
    beforeB += inB;
  });
  return ((sumA / n + sumB / m) * (rows - 1)) / rows;
}

/** σ_N² for k = 2: (a·N³ + b·N² + c·N + d)/((N−1)(N−2)(N−3)). */
function variance(n: number, m: number): number {
  const rows = n + m;
  const bigH = 1 / n + 1 / m;
  let h = 0;
  let g = 0;
  // h = Σ_{i<N} 1/i and g = Σ_{i<N−1} Σ_{i<j<N} 1/((N−i)·j), the latter over partial sums of the former.
  for (let i = rows - 1; i > 1; i--) {
    h += 1 / i;
    g += h / (rows + 1 - i);
  }
  h += 1;
  const a = 4 * g - 6 + (10 - 6 * g) * bigH;
  const b = (2 * g - 4) * 4 + 16 * h + (2 * g - 14 * h - 4) * bigH - 8 * h + 4 * g - 6;
  const c = (6 * h + 2 * g - 2) * 4 + (4 * h - 4 * g + 6) * 2 + (2 * h - 6) * bigH + 4 * h;
  const d = (2 * h + 6) * 4 - 8 * h;
  return (((a * rows + b) * rows + c) * rows + d) / ((rows - 1) * (rows - 2) * (rows - 3));
}

function pValueOf(statistic: number): number {
  if (statistic < LEAST_CRITICAL) return LARGEST_P;
  if (statistic > LARGEST_CRITICAL) return LEAST_P;
  return Math.exp((FIT[0] * statistic + FIT[1]) * statistic + FIT[2]);
}
