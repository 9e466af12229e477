/** What a drift check found: plain JSON, complete enough to recompute its verdict (I5). */
import type { DriftPolicy, EffectMethod } from '../policy';
import type { Reason } from '../verdict';
import type { DesignEffect } from './design-effect';

export type FeatureDriftLevel = 'ok' | 'warn' | 'drift' | 'insufficient';
export type DatasetDriftVerdict = 'noDrift' | 'warn' | 'drift' | 'insufficient';

export interface DriftMeasurement {
  readonly schemaVersion: 1;
  readonly verdict: DatasetDriftVerdict;
  /** Names, largest effect first. */
  readonly driftedFeatures: readonly string[];
  readonly insufficientFeatures: readonly string[];
  /** Largest effect of any measured feature; null when none could be measured. */
  readonly driftScore: number | null;
  readonly reasons: readonly Reason[];
  /** Share of the features that drifted, by number or by importance (`rule.weightByImportance`). null: no features, or importance unknown. */
  readonly driftedShare: number | null;
  readonly referenceRows: number;
  readonly currentRows: number;
  /** The answers; null: not asked, or the reference has none (a reason says so). Not among `features`. */
  readonly prediction: FeatureDrift | null;
  /** Largest effect first, those that could not be measured last. */
  readonly features: readonly FeatureDrift[];
  /** The rule as it was applied. */
  readonly rule: DriftRule;
}

export type DriftRule = Pick<
  DriftPolicy,
  | 'alpha'
  | 'minRows'
  | 'minFeatures'
  | 'minShare'
  | 'pValue'
  | 'clusterBy'
  | 'weightByImportance'
  | 'anyTopK'
  | 'prediction'
>;

export interface FeatureDrift {
  readonly name: string;
  readonly kind: 'number' | 'string';
  readonly level: FeatureDriftLevel;
  /** PSI and KL (natural logarithm, >= 0), Jensen–Shannon (0 to 0.8326), Hellinger (0 to 1); null when insufficient. */
  readonly effect: number | null;
  readonly method: EffectMethod;
  readonly warn: number;
  readonly threshold: number;
  /** Further effects that the policy asks for. */
  readonly also: readonly { readonly method: EffectMethod; readonly threshold: number; readonly effect: number }[];
  /** As the reference has it; null: unknown. */
  readonly importance: number | null;
  /** Raw and Benjamini–Hochberg adjusted over the features that could be measured. */
  readonly pValue: number | null;
  readonly adjustedPValue: number | null;
  readonly test: DriftTest | null;
  readonly reference: SideCounts;
  readonly current: SideCounts;
  /** null when a side has no values. */
  readonly histogram: DriftHistogram | null;
  readonly reason: Reason;
}

export type DriftTest = KsTest | ChiSquareTest;

/** `referenceRows` is the sample's size when the profile keeps a sample: p is then on the safe side. */
export interface KsTest {
  readonly name: 'ks';
  readonly statistic: number;
  readonly referenceRows: number;
  readonly currentRows: number;
  readonly method: 'exact' | 'asymptotic';
  /** With `clusterBy`: p is that of rows divided by `largest`. */
  readonly designEffect: DesignEffect | null;
}

/** On bins or categories. */
export interface ChiSquareTest {
  readonly name: 'chiSquare';
  readonly statistic: number;
  readonly degreesOfFreedom: number;
  /** Bins joined with a neighbour, or rare categories put into one cell. */
  readonly folded: number;
  /** Exact p of the cells that were too small for χ²; p is then twice the smaller of both. null: there were none. */
  readonly smallCellsPValue: number | null;
  /** With `clusterBy`: p is Rao and Scott's. */
  readonly designEffect: DesignEffect | null;
  /** Second opinions of a number, for the record: KS over the edges, and PSI's own p (without clusters). */
  readonly binnedKs: { readonly statistic: number; readonly pValue: number } | null;
  readonly psiPValue: number | null;
}

export interface SideCounts {
  readonly rows: number;
  readonly nulls: number;
}

/** Shares and counts run over bins (-inf, e0], …, (ek, inf), or over `categories`; both sides in the same order. */
export interface DriftHistogram {
  /** Numbers: inner edges; else null. */
  readonly edges: readonly number[] | null;
  /** Strings: category names, largest reference share first; else null. */
  readonly categories: readonly string[] | null;
  readonly reference: readonly number[];
  readonly current: readonly number[];
  readonly referenceCounts: readonly number[];
  readonly currentCounts: readonly number[];
}
