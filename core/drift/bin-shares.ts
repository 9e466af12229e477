/**
 * Shares of counts, and what stands for an empty bin where a logarithm would be infinite. Filling does not re-normalise.
 *
 * - `pooled` (Ratchet's): {@link EMPTY_BIN_SHARE}, or half the smallest share of either side where that is smaller still; the
 *   same on both sides, so that PSI stays symmetric and an empty bin never looks fuller than a real one.
 * - `evidently`: a side at a time, smallest real share m: m/10⁶ where m <= 1e-4, else 1e-4 (Evidently 0.7, `get_binned_data`).
 */
export type EmptyBinRule = 'pooled' | 'evidently';

/** Share that stands for an empty bin: one row in ten thousand. */
export const EMPTY_BIN_SHARE = 1e-4;

/**
 * Shares of counts; null when they sum to nothing.
 *
 * @example
 * shares([1, 3]) // [0.25, 0.75]
 * shares([0, 0]) // null
 */
export function shares(counts: readonly number[]): readonly number[] | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return total > 0 ? counts.map((count) => count / total) : null;
}

export interface SharePair {
  readonly reference: readonly number[];
  readonly current: readonly number[];
}

/**
 * Shares of both sides over the same bins with the empty bins filled; null when a side is empty. A side that lacks trailing
 * bins counts as empty there.
 *
 * @example
 * filledShares([1, 1], [2, 0], 'evidently') // { reference: [0.5, 0.5], current: [1, 0.0001] }
 */
export function filledShares(
  reference: readonly number[],
  current: readonly number[],
  rule: EmptyBinRule = 'pooled',
): SharePair | null {
  const p = shares(reference);
  const q = shares(current);
  if (p === null || q === null) return null;
  const bins = Math.max(p.length, q.length);
  const smallest = { p: smallestShare(p), q: smallestShare(q) };
  const common = pooledFill(Math.min(smallest.p, smallest.q));
  return {
    reference: fill(p, bins, rule === 'pooled' ? common : evidentlyFill(smallest.p)),
    current: fill(q, bins, rule === 'pooled' ? common : evidentlyFill(smallest.q)),
  };
}

const smallestShare = (side: readonly number[]): number =>
  side.reduce((least, share) => (share > 0 && share < least ? share : least), Infinity);

const pooledFill = (smallest: number): number => (smallest > EMPTY_BIN_SHARE ? EMPTY_BIN_SHARE : smallest / 2);

const evidentlyFill = (smallest: number): number => (smallest <= 1e-4 ? smallest / 1e6 : 1e-4);

const fill = (side: readonly number[], bins: number, empty: number): readonly number[] =>
  Array.from({ length: bins }, (_, i) => ((side[i] ?? 0) > 0 ? side[i]! : empty));
