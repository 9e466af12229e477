/**
 * Z test of two proportions with pooled variance, the share of the first category on either side:
 *
 *   z = (p − q)/√(s(1 − s)(1/n + 1/m)),   s = (x + y)/(n + m),   p-value = 2·(1 − Φ(|z|)) = erfc(|z|/√2).
 *
 * For a feature of two categories z² is the χ² of the 2 × 2 table. Assumes independent rows and about 5 of each category on
 * each side; below that use `fisher`.
 *
 * Reference: J. L. Fleiss, B. Levin & M. C. Paik, "Statistical Methods for Rates and Proportions" (2003), section 3.2.
 */
import { chiSquareSurvival } from './gamma';

export interface TwoProportionsResult {
  /** z, positive where the reference's share is larger. */
  readonly statistic: number;
  /** In [0, 1]; 1 where both sides are the same constant. */
  readonly pValue: number;
}

/**
 * @param x how many of the `n` reference rows, and `y` of the `m` current rows, are of the category; n, m > 0.
 *
 * @example
 * twoProportions(45, 100, 60, 100).pValue // 0.033672068856345876
 * twoProportions(10, 10, 7, 7) // { statistic: 0, pValue: 1 }
 */
export function twoProportions(x: number, n: number, y: number, m: number): TwoProportionsResult {
  const share = (x + y) / (n + m);
  const rest = (n - x + (m - y)) / (n + m);
  const difference = x / n - y / m;
  if (difference === 0 || share === 0 || rest === 0) return { statistic: 0, pValue: 1 };
  const statistic = difference / Math.sqrt(share * rest * (1 / n + 1 / m));
  return { statistic, pValue: chiSquareSurvival(statistic * statistic, 1) };
}
