/**
 * Kullback–Leibler divergence of the reference from the current shares over the same bins:
 *
 *   KL(p‖q) = Σ p_i · ln(p_i / q_i),   natural logarithm,
 *
 * empty bins filled (bin-shares.ts), then both sides re-normalised, as Evidently with `scipy.stats.entropy(p, q)`. >= 0, 0 only for
 * identical shares, not symmetric, unbounded: a bin that only the reference has weighs by ln of the fill.
 *
 * Reference: S. Kullback & R. A. Leibler, "On Information and Sufficiency", Ann. Math. Statist. 22, 1951.
 */
import { filledShares, shares, type EmptyBinRule } from './bin-shares';

/**
 * Of counts or weights; 0 when a side is empty (callers say `insufficient` before). Always finite and >= 0.
 *
 * @example
 * kullbackLeiblerDivergence([16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8]) // 0.01890967696532045
 */
export function kullbackLeiblerDivergence(
  reference: readonly number[],
  current: readonly number[],
  rule: EmptyBinRule = 'pooled',
): number {
  const filled = filledShares(reference, current, rule);
  if (filled === null) return 0;
  const p = shares(filled.reference)!;
  const q = shares(filled.current)!;
  let sum = 0;
  p.forEach((share, i) => (sum += share * Math.log(share / q[i]!)));
  return Math.max(0, sum);
}
