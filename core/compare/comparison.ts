/** What a comparison of two tables says: plain JSON, full double precision, nothing is ever NaN. */
import type { DriftMethod } from '../drift/method';
import type { Reason } from '../verdict';

export interface Comparison {
  readonly schemaVersion: 1;
  readonly preset: string;
  readonly reference: { readonly rows: number };
  readonly current: { readonly rows: number };
  /** Drifted first, then by effect; those that could not be compared last. */
  readonly features: readonly FeatureComparison[];
  readonly dataset: {
    readonly verdict: 'noDrift' | 'warn' | 'drift' | 'insufficient';
    /** Drifted features / features, or their share of the weights; null without features. */
    readonly driftedShare: number | null;
    readonly reasons: readonly Reason[];
  };
  /** Columns that only one table has, or that were not asked for. */
  readonly notCompared: readonly NotCompared[];
}

export interface FeatureComparison {
  readonly name: string;
  readonly kind: 'number' | 'string';
  /** Values that are there (neither missing nor infinite), and rows without one. */
  readonly reference: SideSize;
  readonly current: SideSize;
  /** What was asked for first, then what the verdict needs. */
  readonly tests: readonly ComparedTest[];
  /** What the verdict compares with `threshold`; null when insufficient. */
  readonly effect: number | null;
  readonly pValue: number | null;
  /** Benjamini–Hochberg over the compared features; null where the preset does not adjust. */
  readonly adjustedPValue: number | null;
  readonly verdict: 'ok' | 'warn' | 'drift' | 'insufficient';
  readonly reason: Reason;
  /** Shares by bin, for pictures; null when a side is empty. */
  readonly histogram: ComparedHistogram | null;
}

export interface SideSize {
  readonly values: number;
  readonly nulls: number;
}

export interface ComparedTest {
  readonly method: DriftMethod;
  readonly statistic: number | null;
  readonly pValue: number | null;
  /** Present where the preset has one for the method. */
  readonly threshold?: number;
  readonly drifted?: boolean;
  readonly note?: string;
}

export interface ComparedHistogram {
  /** Inner edges of quantile bins, open at both ends; null: categories. */
  readonly edges: readonly number[] | null;
  readonly categories: readonly string[] | null;
  readonly reference: readonly number[];
  readonly current: readonly number[];
}

export interface NotCompared {
  readonly name: string;
  readonly why: string;
  /** The other table's column that it probably became. */
  readonly probableRename?: string;
}
