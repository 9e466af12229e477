/**
 * G-test (likelihood ratio) of the current counts against the reference counts scaled to the same total:
 *
 *   G = 2 Σ O_i · ln(O_i/E_i),   E_i = n_ref,i · N_cur/N_ref,   k − 1 degrees of freedom,
 *
 * equal to `scipy.stats.power_divergence(O, E, lambda_="log-likelihood")`. Evidently leaves the scaling out and fails on unequal
 * sizes. Like the one-way χ² it takes the reference as exact. Assumes independent rows and expected counts of about 5.
 *
 * Reference: S. S. Wilks, Ann. Math. Statist. 6, 1935; R. R. Sokal & F. J. Rohlf, "Biometry".
 */
import { oneWay, type OneWayResult } from './chi-square-one-way';

/**
 * Counts of the same categories on both sides, each side with a positive total.
 *
 * @example
 * gTest([5, 5, 8], [4, 6, 8]).pValue // 0.817622013379844
 */
export function gTest(reference: readonly number[], current: readonly number[]): OneWayResult {
  return oneWay(reference, current, (observed, expected) =>
    observed === 0 ? 0 : 2 * observed * Math.log(observed / expected),
  );
}
