/**
 * What a routine check knows of a window: counts, never rows. Partial counts of one hour are kept and added up
 * (`addWindowCounts`), so any window is a sum and no row is counted twice. Plain JSON.
 */
import type { EpochMs } from '../model';

/** What is counted. Made from a reference profile (`countPlanOf`); its digest names the kept partial counts. */
export interface CountPlan {
  readonly schemaVersion: 1;
  /** SHA-free stable key of the plan: partial counts of another plan are not used. Made by `countPlanOf`. */
  readonly key: string;
  /** Contract order. */
  readonly features: readonly PlannedFeature[];
  /** The answers are counted too: the score by edges (binary, regression) or the label by class (multiclass). null: not. */
  readonly prediction: PlannedFeature | null;
}

export type PlannedFeature =
  | {
      readonly name: string;
      readonly kind: 'number';
      /** Inner edges, rising float32 values; bins are (-inf, e0], (e0, e1], …, (ek, inf). */
      readonly edges: readonly number[];
      /** Reference range, to count what lies outside; null: unknown. */
      readonly min: number | null;
      readonly max: number | null;
    }
  | {
      readonly name: string;
      readonly kind: 'string';
      /** Categories counted by name; all others go to `other` (and at most `MAX_NEW_CATEGORIES` of them are named). */
      readonly categories: readonly string[];
    };

/** New categories that partial counts name, most frequent first; the rest is counted in `unnamed`. */
export const MAX_NEW_CATEGORIES = 50;

export interface NumericCounts {
  readonly kind: 'number';
  readonly rows: number;
  readonly nulls: number;
  /** edges.length + 1 counts. */
  readonly counts: readonly number[];
  readonly belowMin: number;
  readonly aboveMax: number;
  readonly min: number | null;
  readonly max: number | null;
  /** Of the values that are there; doubles. */
  readonly sum: number;
  readonly sumSquares: number;
}

export interface CategoricalCounts {
  readonly kind: 'string';
  readonly rows: number;
  readonly nulls: number;
  /** Planned categories and the named new ones; zeros may be absent. */
  readonly counts: Readonly<Record<string, number>>;
  /** Rows of new categories that are not named in `counts`. */
  readonly unnamed: number;
}

export type FeatureCounts = NumericCounts | CategoricalCounts;

export interface WindowCounts {
  readonly schemaVersion: 1;
  readonly planKey: string;
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Served rows (champion and canary arms), each prediction once. */
  readonly rows: number;
  /** Rows by UTC hour of occurredAt, rising, hours without rows absent: the sizes of the clusters. */
  readonly hours: readonly { readonly start: EpochMs; readonly rows: number }[];
  readonly features: Readonly<Record<string, FeatureCounts>>;
  readonly prediction: FeatureCounts | null;
}
