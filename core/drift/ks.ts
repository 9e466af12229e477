/**
 * Two-sample Kolmogorov–Smirnov test, two-sided, equal to `scipy.stats.ks_2samp` 1.17 (method `auto`) to 1e-9.
 *
 * Statistic: D = max |F_a − F_b| over all pooled points, both empirical distribution functions right-continuous, so ties
 * are handled. p: exact where both samples have at most {@link EXACT_LIMIT} rows (it treats ties as continuous data, so it is
 * conservative with them), else the distribution of D_n at n = round-half-even(n_a·n_b/(n_a+n_b)).
 * Assumes independent rows.
 *
 * References: J. L. Hodges, "The significance probability of the Smirnov two-sample test", Ark. Mat. 3, 1958;
 * T. Viehmann, "Numerically more stable computation of the p-values for the two-sample Kolmogorov–Smirnov test", 2021.
 */
import { kolmogorovSurvival } from './kolmogorov';

/** Largest sample for which p is exact, as in SciPy. */
export const EXACT_LIMIT = 10_000;

export interface KsResult {
  /** D in [0, 1]. */
  readonly statistic: number;
  /** In [0, 1]. */
  readonly pValue: number;
  readonly method: 'exact' | 'asymptotic';
}

/**
 * Both samples sorted ascending, without NaN. An empty side gives D = 0, p = 1: no evidence of a difference (callers that
 * judge say `insufficient` before they get here).
 */
export function ksTwoSampleSorted(a: ArrayLike<number>, b: ArrayLike<number>): KsResult {
  if (a.length === 0 || b.length === 0) return { statistic: 0, pValue: 1, method: 'exact' };
  return ksPValue(ksStatisticSorted(a, b), a.length, b.length);
}

/**
 * The same for samples in any order, without NaN.
 *
 * @example
 * ksTwoSample([0], [1]) // { statistic: 1, pValue: 1, method: 'exact' }
 * ksTwoSample([38.7, 41.5, 43.8, 44.5, 45.5, 46, 47.7, 58], [39.2, 39.3, 39.7, 41.4, 41.8, 42.9, 43.3, 45.8]).pValue // 0.08702408702408701
 */
export const ksTwoSample = (a: ArrayLike<number>, b: ArrayLike<number>): KsResult =>
  ksTwoSampleSorted(Float64Array.from(a).sort(), Float64Array.from(b).sort());

/** D of two sorted, non-empty samples. */
export function ksStatisticSorted(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const na = a.length;
  const nb = b.length;
  let i = 0;
  let j = 0;
  let largest = 0;
  while (i < na && j < nb) {
    const point = Math.min(a[i]!, b[j]!);
    while (i < na && a[i]! <= point) i++;
    while (j < nb && b[j]! <= point) j++;
    largest = Math.max(largest, Math.abs(i / na - j / nb));
  }
  return largest;
}

/** p of a statistic D between samples of `na` and `nb` rows (both at least 1). */
export function ksPValue(statistic: number, na: number, nb: number): KsResult {
  // p <= e·exp(−2nD²) (Wei & Dudley 2012): below the smallest normal double, where the recursion would crawl.
  if (((na * nb) / (na + nb)) * statistic ** 2 >= 370) return { statistic, pValue: 0, method: 'asymptotic' };
  if (Math.max(na, nb) <= EXACT_LIMIT) {
    const p = exactPValue(statistic, na, nb);
    // Rounding can lift an exact p past 1; SciPy then takes the asymptotic one, and so do we.
    if (p >= 0 && p <= 1) return { statistic, pValue: p, method: 'exact' };
  }
  const effective = roundHalfToEven((na * nb) / (na + nb));
  const pValue = effective < 1 ? 1 : kolmogorovSurvival(effective, statistic);
  return { statistic, pValue, method: 'asymptotic' };
}

function exactPValue(statistic: number, na: number, nb: number): number {
  const divisor = greatestCommonDivisor(na, nb);
  const multiple = (na / divisor) * nb;
  const h = Math.round(statistic * multiple);
  if (h === 0) return 1;
  return na === nb ? equalSizes(na, h) : unequalSizes(Math.max(na, nb), Math.min(na, nb), divisor, h);
}

/** Equal sizes: 2·[C(2n,n−h) − C(2n,n−2h) + …]/C(2n,n), nested so that no factorial is formed. */
function equalSizes(n: number, h: number): number {
  let p = 0;
  for (let k = Math.floor(n / h); k >= 1; k--) {
    const reach = k * h;
    let ratio = 1;
    // C(2n, n − kh) / C(2n, n − (k−1)h)
    for (let j = 0; j < h; j++) ratio *= (n - reach + h - j) / (n + reach - j);
    p = ratio * (1 - p);
  }
  return 2 * p;
}

/**
 * Unequal sizes: the share of lattice paths from (0,0) to (m,n) that leave the strip |i/m − j/n| < D. A path reaches
 * (i,j) from (i−1,j) with probability i/(i+j), so outside(i,j) = (i·outside(i−1,j) + j·outside(i,j−1))/(i+j), and it is 1 on
 * every point outside the strip: Viehmann's form, which sums positive terms only.
 */
function unequalSizes(m: number, n: number, divisor: number, h: number): number {
  const stepI = n / divisor;
  const stepJ = m / divisor;
  const outside = new Float64Array(n + 1).fill(1);
  // Divisions would wait for each other along a row; looked-up reciprocals make it three times as fast.
  const reciprocal = Float64Array.from({ length: m + n + 1 }, (_, k) => 1 / k);
  let low = 0;
  let high = Math.min(Math.ceil(h / stepJ), n + 1);
  outside.fill(0, 0, high);
  for (let i = 1; i <= m; i++) {
    const previousLow = low;
    low = Math.min(Math.max(Math.floor((stepI * i - h) / stepJ) + 1, 0), n);
    high = Math.min(Math.ceil((stepI * i + h) / stepJ), n + 1);
    if (high <= low) return 1;
    outside.fill(1, previousLow, low);
    let below = low === 0 ? 0 : 1;
    for (let j = low; j < high; j++) {
      const inverse = reciprocal[i + j]!;
      below = outside[j]! * (i * inverse) + below * (j * inverse);
      outside[j] = below;
    }
  }
  return outside[n]!;
}

function greatestCommonDivisor(a: number, b: number): number {
  let x = a;
  let y = b;
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}

/** As Python and NumPy round; `Math.round(2.5)` is 3 and would choose another n. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
