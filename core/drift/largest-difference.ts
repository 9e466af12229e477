/**
 * L∞ distance between two categorical distributions, max |p_i − q_i|, in [0, 1]: the category whose share moved most
 * (NannyML, TFDV). Symmetric; at most the total variation distance.
 *
 * Reference: E. Breck et al., "Data Validation for Machine Learning", MLSys 2019, section 3.
 */
import { shares } from './bin-shares';

/**
 * Of counts or weights over the same categories; 0 when a side is empty (callers say `insufficient` before).
 *
 * @example
 * largestDifference([3, 1], [1, 3]) // 0.5
 */
export function largestDifference(reference: readonly number[], current: readonly number[]): number {
  const p = shares(reference);
  const q = shares(current);
  if (p === null || q === null) return 0;
  let largest = 0;
  for (let i = 0; i < Math.max(p.length, q.length); i++) {
    largest = Math.max(largest, Math.abs((p[i] ?? 0) - (q[i] ?? 0)));
  }
  return largest;
}
