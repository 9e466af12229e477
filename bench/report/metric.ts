/** One figure of a benchmark, beside the same figure of its peer. */
export interface Metric {
  /** `<bench>.<what>`, stable: the key under which figures of several runs are compared. */
  readonly id: string;
  readonly unit: string;
  /** Median over the rounds. */
  readonly value: number;
  /** The peer's median, or its published figure; null: no peer has this. */
  readonly peer: number | null;
  readonly peerName: string;
  /** `published`: taken from the peer's documentation, not measured here. */
  readonly peerKind: 'measured' | 'published' | 'none';
  /** value / peer. */
  readonly ratio: number | null;
  readonly rounds: number;
  /** Smallest and largest of our rounds. */
  readonly min: number;
  readonly max: number;
}

export interface MetricDraft {
  readonly id: string;
  readonly unit: string;
  /** Ours, one a round (or one a rollback). */
  readonly ours: readonly number[];
  /** The peer's rounds. */
  readonly peer?: { readonly name: string; readonly values: readonly number[] };
  readonly published?: { readonly name: string; readonly value: number };
  /** Default 0.5: the median. */
  readonly quantile?: number;
}

/** Rejects a metric without a measurement: a benchmark must not print what it did not see. */
export function metricOf(draft: MetricDraft): Metric {
  const { id, unit, ours, quantile: q = 0.5 } = draft;
  if (ours.length === 0) throw new Error(`${id} has no measurement`);
  const value = quantile(ours, q);
  const peer = draft.peer ? quantile(draft.peer.values, q) : (draft.published?.value ?? null);
  return {
    id,
    unit,
    value,
    peer,
    peerName: draft.peer?.name ?? draft.published?.name ?? '',
    peerKind: draft.peer ? 'measured' : draft.published ? 'published' : 'none',
    ratio: peer === null || peer === 0 ? null : value / peer,
    rounds: ours.length,
    min: Math.min(...ours),
    max: Math.max(...ours),
  };
}

/** The smallest value with at least a share `q` of the values at or below it; q = 0.5 averages the two middle ones. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new Error('a quantile of nothing');
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => sorted[Math.min(Math.max(index, 0), sorted.length - 1)] as number;
  if (q === 0.5) return (at(Math.ceil(sorted.length / 2) - 1) + at(Math.floor(sorted.length / 2))) / 2;
  return at(Math.ceil(q * sorted.length) - 1);
}
