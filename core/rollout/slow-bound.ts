/**
 * Faster than this nothing is called slow, microseconds: on shared machines a p99 below about 2 ms is mostly the scheduler's
 * (measured, docs/explanation/benchmarks.md), and the arm with less traffic runs with colder caches, which is no regression.
 */
export const LATENCY_NOISE_US = 2_000;

/** Above what an answer counts as slow: the champion's p99, but never within the noise. null: the p99 is not known yet. */
export function slowBound(championP99Us: number | null): number | null {
  return championP99Us === null ? null : Math.max(championP99Us, LATENCY_NOISE_US);
}
