import type { ReportedCdf, ReportedHistogram } from '../drift/report-data';

/** F(e_i) = Σ_{j<=i} share_j at the inner edges: exact there, since bin i is (e_{i−1}, e_i]. null without edges. */
export function cdfOf({ edges, reference, current }: ReportedHistogram): ReportedCdf | null {
  if (edges === null || edges.length === 0) return null;
  const cumulate = (shares: readonly number[]): readonly number[] => {
    let sum = 0;
    // Rounding may carry a sum of shares past 1.
    return edges.map((_, i) => Math.min(1, (sum += shares[i] ?? 0)));
  };
  return { x: edges, reference: cumulate(reference), current: cumulate(current) };
}
