import type { Reason, Verdict } from '../verdict';
import type { ExpectationName } from './expectation';

/** The rules, in words that stay. `warn` issues do not change the verdict. */
export type QualityCode =
  | 'quality.length'
  | 'quality.rowCount'
  | 'quality.rowDrop'
  | 'quality.freshness'
  | 'quality.missingColumn'
  | 'quality.extraColumn'
  | 'quality.type'
  | 'quality.notFinite'
  | 'quality.allNull'
  | 'quality.nullShare'
  | 'quality.nullShareIncrease'
  | 'quality.range'
  | 'quality.newCategory'
  | 'quality.cardinality'
  | 'quality.constant'
  | 'quality.duplicateRows'
  | 'quality.idClash'
  | 'quality.unitChange'
  | 'quality.leakage'
  | 'quality.expectation';

export interface QualityIssue {
  readonly code: QualityCode;
  readonly severity: 'warn' | Exclude<Verdict, 'pass'>;
  /** null: of the whole set of rows. */
  readonly feature: string | null;
  readonly message: string;
  readonly observed: number | string | null;
  readonly expected: number | string | null;
  /** How many rows offend, where rows do (ids for `quality.idClash`). */
  readonly count: number;
  /** Indices (0-based) of the first offending rows, at most {@link OFFENDING_ROWS}. */
  readonly rows: readonly number[];
  /** Their keys (prediction ids in the log, the key column of a file or snapshot); left out where rows have none. */
  readonly keys?: readonly string[];
  /** quality.expectation only: its name. */
  readonly expectation?: ExpectationName;
  /** missingColumn only: the column that it probably is now, and how alike they are (0 to 1). */
  readonly probableRename?: { readonly column: string; readonly likeness: number };
}

/** How one expectation came out. */
export interface ExpectationResult {
  readonly expectation: ExpectationName;
  /** The columns that it reads, in its order; none for rules on the table. */
  readonly columns: readonly string[];
  readonly severity: 'hard' | 'soft';
  /** Its own, whatever the severity. `inconclusive`: too few values to say. */
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
  /** Rows or values that it was judged on. */
  readonly evaluated: number;
  /** Row rules only: rows that break it. */
  readonly unexpected: number | null;
  /** What was measured, as text or number; null: nothing could be. */
  readonly observed: number | string | null;
}

/** Plain JSON. */
export interface QualityReport {
  readonly schemaVersion: 1;
  /** `fail`: a hard rule is broken. `inconclusive`: too little data to say. Warnings leave it `pass`. */
  readonly verdict: Verdict;
  readonly rows: number;
  /** Worst first. */
  readonly issues: readonly QualityIssue[];
  /** The issues as reasons; says that all rules hold when none is broken. */
  readonly reasons: readonly Reason[];
  readonly features: readonly FeatureQuality[];
  /** In the order of the policy; left out where there are none. */
  readonly expectations?: readonly ExpectationResult[];
  /** Rules that could not be applied, and why: no reference profile, no range in the policy does not count. */
  readonly notChecked: readonly string[];
}

export interface FeatureQuality {
  readonly name: string;
  readonly nulls: number;
  readonly nullShare: number | null;
  readonly referenceNullShare: number | null;
  readonly min: number | null;
  readonly max: number | null;
  /** Distinct values, missing not counted. */
  readonly distinct: number;
}

export const OFFENDING_ROWS = 10;
