/**
 * Jensen–Shannon distance between two histograms over the same bins:
 *
 *   JS = √( (KL(p‖m) + KL(q‖m)) / 2 ),  m = (p+q)/2, natural logarithm, 0·ln 0 = 0,
 *
 * in [0, √ln 2 = 0.8326]. Symmetric, needs no filling of empty bins, and a category that only one side has is defined.
 * The same as `scipy.spatial.distance.jensenshannon`. Reference: J. Lin, "Divergence measures based on the Shannon entropy",
 * IEEE Trans. Inf. Theory 37(1), 1991; D. M. Endres & J. E. Schindelin, 2003 (the root is a metric).
 */
import { shares } from './bin-shares';

/**
 * Of counts or weights; 0 when a side is empty (callers say `insufficient` before).
 *
 * @example
 * jensenShannonDistance([16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8]) // 0.06804819617703867
 */
export function jensenShannonDistance(reference: readonly number[], current: readonly number[]): number {
  const p = shares(reference);
  const q = shares(current);
  if (p === null || q === null) return 0;
  let sum = 0;
  for (let i = 0; i < Math.max(p.length, q.length); i++) {
    const a = p[i] ?? 0;
    const b = q[i] ?? 0;
    const middle = (a + b) / 2;
    if (a > 0) sum += a * Math.log(a / middle);
    if (b > 0) sum += b * Math.log(b / middle);
  }
  return Math.sqrt(Math.max(0, sum) / 2);
}
