/**
 * Hellinger distance between two histograms over the same bins:
 *
 *   H = √(1 − Σ √(p_i·q_i)) = √(½ Σ (√p_i − √q_i)²),   in [0, 1],
 *
 * computed in the second form, which does not cancel near 0. Symmetric, a metric, needs no filling of empty bins.
 *
 * Reference: E. Hellinger, J. reine angew. Math. 136, 1909; L. Le Cam & G. Yang, "Asymptotics in Statistics" (2000).
 */
import { shares } from './bin-shares';

/**
 * Of counts or weights; 0 when a side is empty (callers say `insufficient` before).
 *
 * @example
 * hellingerDistance([16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8]) // 0.06812774370983345
 * hellingerDistance([1, 0], [0, 1]) // 1
 */
export function hellingerDistance(reference: readonly number[], current: readonly number[]): number {
  const p = shares(reference);
  const q = shares(current);
  if (p === null || q === null) return 0;
  let sum = 0;
  for (let i = 0; i < Math.max(p.length, q.length); i++) {
    sum += (Math.sqrt(p[i] ?? 0) - Math.sqrt(q[i] ?? 0)) ** 2;
  }
  return Math.min(1, Math.sqrt(sum / 2));
}
