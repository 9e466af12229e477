/**
 * The frozen distribution that windows are compared with: made once from a version's training data, stored with the
 * version, never changed. Plain JSON.
 */
export interface ReferenceProfile {
  readonly schemaVersion: 1;
  readonly rows: number;
  readonly features: Readonly<Record<string, NumericProfile | CategoricalProfile>>;
}

export interface NumericProfile {
  readonly kind: 'number';
  readonly rows: number;
  readonly nulls: number;
  readonly min: number | null;
  readonly max: number | null;
  /** Inner edges of the quantile bins, rising, without duplicates; bins are (-inf, e0], (e0, e1], …, (ek, inf). */
  readonly edges: readonly number[];
  /** Counts a bin, edges.length + 1 of them. */
  readonly counts: readonly number[];
  /** Sorted sample for KS (all rows when there are at most `SAMPLE_ROWS`, else every k-th order statistic). */
  readonly sample: readonly number[];
}

export interface CategoricalProfile {
  readonly kind: 'string';
  readonly rows: number;
  readonly nulls: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** Largest sorted sample that a profile carries. */
export const SAMPLE_ROWS = 10_000;
