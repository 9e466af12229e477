/**
 * Quantile bins of a reference column and the counts of both sides in them, from order statistics: the same bins that a
 * reference profile freezes (profile-build.ts), so a PSI here equals one against the profile of the same rows.
 */
export interface ColumnBins {
  /**
   * Inner edges, rising, without duplicates: the i/bins quantiles (the smallest value with at least that share at or below it).
   * Bins are (−∞, e0], (e0, e1], …, (ek, ∞).
   */
  readonly edges: readonly number[];
  /**
   * True: the first edge is the reference's minimum, and a bin of values *below* it stands in front. Otherwise values that newly
   * appear below a tied minimum, a sentinel −999 say, would share its bin and PSI would not see them.
   */
  readonly belowMinimum: boolean;
  /** Rows a bin: edges.length + 1, one more with `belowMinimum`. */
  readonly reference: readonly number[];
  readonly current: readonly number[];
}

/** What the bins need of two columns: asked only for values that the reference holds at the ranks of {@link quantileRanks}. */
export interface RankReader {
  /** The reference's value of a rank, 0 the smallest. */
  readonly referenceAt: (rank: number) => number;
  readonly referenceBelow: (edge: number, inclusive: boolean) => number;
  readonly currentBelow: (edge: number, inclusive: boolean) => number;
}

/** Ranks (from 0, rising) of the minimum and of the inner edges among `rows` sorted values. */
export function quantileRanks(rows: number, bins: number): readonly number[] {
  if (rows === 0 || bins < 2) return [];
  return [0, ...Array.from({ length: bins - 1 }, (_, i) => Math.max(0, Math.ceil(((i + 1) * rows) / bins) - 1))];
}

export function readEdges(referenceRows: number, currentRows: number, bins: number, reader: RankReader): ColumnBins {
  const [first, ...inner] = quantileRanks(referenceRows, bins).map(reader.referenceAt);
  const edges = inner.filter((edge, i) => i === 0 || edge > inner[i - 1]!).map((edge) => edge + 0); // no −0
  const belowMinimum = edges.length > 0 && edges[0] === first;
  const counts = (rows: number, below: RankReader['currentBelow']): number[] => {
    const cumulative = [
      ...(belowMinimum ? [below(edges[0]!, false)] : []),
      ...edges.map((edge) => below(edge, true)),
      rows,
    ];
    return cumulative.map((upTo, i) => upTo - (cumulative[i - 1] ?? 0));
  };
  return {
    edges,
    belowMinimum,
    reference: counts(referenceRows, reader.referenceBelow),
    current: counts(currentRows, reader.currentBelow),
  };
}
