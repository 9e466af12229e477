/**
 * Total variation distance between two categorical distributions, TVD = ½ Σ |p_i − q_i|, in [0, 1]: the largest
 * difference in probability that any set of categories shows. Symmetric. No p-value is given: Evidently's takes 1000 random
 * permutations; ask `chisquare_contingency` beside it.
 *
 * Reference: D. A. Levin, Y. Peres & E. L. Wilmer, "Markov Chains and Mixing Times" (2009), prop. 4.2.
 */
import { shares } from './bin-shares';

/**
 * Of counts or weights over the same categories; 0 when a side is empty (callers say `insufficient` before).
 *
 * @example
 * totalVariationDistance([16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8]) // 0.06818181818181819
 */
export function totalVariationDistance(reference: readonly number[], current: readonly number[]): number {
  const p = shares(reference);
  const q = shares(current);
  if (p === null || q === null) return 0;
  let sum = 0;
  for (let i = 0; i < Math.max(p.length, q.length); i++) sum += Math.abs((p[i] ?? 0) - (q[i] ?? 0));
  return Math.min(1, sum / 2);
}
