/**
 * What the judgement of a set of rows needs to know of them, and no row: counted from rows (`countQuality`) or by the database
 * over the prediction log (port `QualityStatistics`). Both give the same; judged by `judgeQuality`. Plain JSON.
 */
import type { CategoricalProfile, NumericProfile, ReferenceProfile } from '../drift/profile';
import type { FeatureSpec } from '../model';
import type { QualityPolicy } from '../policy';
import type { Expectation } from './expectation';
import type { Leakage } from './leakage';
import type { Rename } from './probable-rename';

/** What is counted. Not stored: made from policy and profile whenever it is needed. */
export interface QualityPlan {
  /** Contract order. */
  readonly columns: readonly PlannedColumn[];
  readonly expectations: readonly Expectation[];
  /** Count rows that repeat others. */
  readonly duplicates: boolean;
  /** Profile of the features that may be missing, to name a rename; null: unknown. */
  readonly profile: ReferenceProfile | null;
}

export interface PlannedColumn extends FeatureSpec {
  /** Allowed range, inclusive; null: none. */
  readonly min: number | null;
  readonly max: number | null;
  /** null: the reference is unknown. */
  readonly knownCategories: readonly string[] | null;
}

/** Rows that break one rule: all counted, the first few named. */
export interface Offending {
  readonly count: number;
  /** Indices (0-based) of the first of them in the order of the rows, at most `OFFENDING_ROWS`. */
  readonly rows: readonly number[];
  /** Their keys (prediction ids in the log); empty where rows have none. */
  readonly keys: readonly string[];
}

export interface ColumnCounts {
  /** Values in the column; another number than the rows of the table is an error. */
  readonly rows: number;
  readonly nulls: Offending;
  readonly wrongType: Offending;
  /** What the first of them was, e.g. `text "12"`. */
  readonly wrongExample: string | null;
  /** NaN and infinities. */
  readonly notFinite: Offending;
  /** Of the finite numbers. */
  readonly min: number | null;
  readonly max: number | null;
  /** Distinct values of the right type; missing, NaN and infinities not counted. */
  readonly distinct: number;
  readonly outOfRange: Offending;
  readonly newCategory: Offending;
  /** The most frequent of them; of equally frequent ones the first in code point order. */
  readonly newExample: string | null;
  /** Numbers only: smallest finite values with at least i/10 of them at or below, i = 1 … 9; empty without values. */
  readonly deciles: readonly number[];
}

export type ExpectationCounts =
  /** Columns that it needs and that are not there. */
  | { readonly kind: 'missing'; readonly columns: readonly string[] }
  /** `evaluated`: rows that it speaks of. */
  | { readonly kind: 'rows'; readonly evaluated: number; readonly unexpected: Offending }
  /** `n`: values that were there. `unusable`: those that leave no result (infinities, no numbers). null: not defined. */
  | {
      readonly kind: 'value';
      readonly n: number;
      readonly unusable: number;
      readonly observed: readonly (number | null)[];
    }
  /** How many values are equally most common, how many of those are in the set, and the first `MOST_COMMON` in rising order. */
  | {
      readonly kind: 'common';
      readonly n: number;
      readonly ties: number;
      readonly inSet: number;
      readonly values: readonly (number | string)[];
    }
  /** Judged by the names of the columns and the number of rows. */
  | { readonly kind: 'table' };

export const MOST_COMMON = 20;

export interface QualityCounts {
  readonly schemaVersion: 1;
  readonly rows: number;
  /** Every column that came, sorted by code units. */
  readonly columnNames: readonly string[];
  /** Those of them that nobody expects. */
  readonly extraColumns: readonly string[];
  /** By feature of the plan; one that did not come is absent. */
  readonly columns: Readonly<Record<string, ColumnCounts>>;
  /** By missing feature: what it probably is called now. */
  readonly renames: Readonly<Record<string, Rename>>;
  /** Rows whose features all equal those of an earlier row; null: not counted. */
  readonly duplicates: Offending | null;
  /** Ids that came with more than one content; null: rows have no ids. `count` counts ids, `rows` is empty. */
  readonly idClash: Offending | null;
  /** In the order of the plan. */
  readonly expectations: readonly ExpectationCounts[];
  /** Features that predict the target, by name; empty without a target. */
  readonly leakage: Readonly<Record<string, Leakage>>;
}

/** What to count, from the rules and the reference. */
export function qualityPlanOf(
  specs: readonly FeatureSpec[],
  profile: ReferenceProfile | null,
  policy: QualityPolicy,
): QualityPlan {
  return {
    columns: specs.map(({ name, kind }) => {
      const range = own(policy.ranges, name);
      const reference = own(profile?.features ?? {}, name);
      return {
        name,
        kind,
        min: range?.min ?? null,
        max: range?.max ?? null,
        knownCategories: reference?.kind === 'string' ? Object.keys(reference.counts) : null,
      };
    }),
    expectations: policy.expectations ?? [],
    duplicates: (policy.maxDuplicateShare ?? null) !== null,
    profile,
  };
}

/** The profile of a feature; null: there is none. */
export function profileOf(
  profile: ReferenceProfile | null,
  feature: string,
): NumericProfile | CategoricalProfile | null {
  return own(profile?.features ?? {}, feature);
}

/** A record's own entry: a feature may be called `constructor`. */
export function own<T>(record: Readonly<Record<string, T>>, key: string): T | null {
  return Object.hasOwn(record, key) ? (record[key] ?? null) : null;
}
