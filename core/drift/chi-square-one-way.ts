/**
 * One-way χ² test as Evidently runs it: the current counts against the reference counts scaled to the same total,
 *
 *   χ² = Σ (O_i − E_i)²/E_i,   E_i = n_ref,i · N_cur/N_ref,   k − 1 degrees of freedom,
 *
 * equal to `scipy.stats.chisquare(O, E)`. It takes the reference as exact: unless that is far larger than the window its p is
 * too small (at equal sizes χ² doubles), so Ratchet's own rule uses `chisquare_contingency`. Assumes independent rows
 * and expected counts of about 5.
 *
 * Reference: K. Pearson, Phil. Mag. 50, 1900.
 */
import { chiSquareSurvival } from './gamma';

export interface OneWayResult {
  /** null: infinite (a category that the reference does not have). */
  readonly statistic: number | null;
  /** In [0, 1]; 0 for a new category, 1 where there is a single category. */
  readonly pValue: number;
}

/**
 * Counts of the same categories on both sides, each side with a positive total.
 *
 * @example
 * chiSquareOneWay([16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8]) // { statistic: 3.1746031746031744, pValue: 0.6730876006966301 }
 * chiSquareOneWay([5, 0], [4, 1]) // { statistic: null, pValue: 0 }
 * chiSquareOneWay([5], [4]) // { statistic: 0, pValue: 1 }
 */
export function chiSquareOneWay(reference: readonly number[], current: readonly number[]): OneWayResult {
  return oneWay(reference, current, (observed, expected) => (observed - expected) ** 2 / expected);
}

/** χ² and G differ in the term of a category only. */
export function oneWay(
  reference: readonly number[],
  current: readonly number[],
  term: (observed: number, expected: number) => number,
): OneWayResult {
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const scale = sum(current) / sum(reference);
  let statistic = 0;
  let categories = 0;
  for (let i = 0; i < Math.max(reference.length, current.length); i++) {
    const observed = current[i] ?? 0;
    const expected = (reference[i] ?? 0) * scale;
    if (observed === 0 && expected === 0) continue;
    if (expected === 0) return { statistic: null, pValue: 0 };
    statistic += term(observed, expected);
    categories++;
  }
  if (categories < 2) return { statistic: 0, pValue: 1 };
  if (!Number.isFinite(statistic)) return { statistic: null, pValue: 0 };
  // G's terms have both signs: rounding can leave −1e-16 for identical shares.
  statistic = Math.max(0, statistic);
  return { statistic, pValue: chiSquareSurvival(statistic, categories - 1) };
}
