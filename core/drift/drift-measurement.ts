/** What a drift check found: plain JSON, complete enough to recompute its verdict (I5). */
import type { Reason } from '../verdict';

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
  readonly referenceRows: number;
  readonly currentRows: number;
  /** Largest effect first, those that could not be measured last. */
  readonly features: readonly FeatureDrift[];
  /** The rule as it was applied. */
  readonly rule: {
    readonly alpha: number;
    readonly minRows: number;
    readonly minFeatures: number;
    readonly minShare: number;
  };
}

export interface FeatureDrift {
  readonly name: string;
  readonly kind: 'number' | 'string';
  readonly level: FeatureDriftLevel;
  /** PSI (natural logarithm, >= 0) or Jensen–Shannon distance (0 to 0.8326); null when insufficient. */
  readonly effect: number | null;
  readonly method: 'psi' | 'js';
  readonly warn: number;
  readonly threshold: number;
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

/** `referenceRows` is the sample's size when the profile keeps a sample: p is then on the safe side. */
export type DriftTest =
  | {
      readonly name: 'ks';
      readonly statistic: number;
      readonly referenceRows: number;
      readonly currentRows: number;
      readonly method: 'exact' | 'asymptotic';
    }
  | {
      readonly name: 'chiSquare';
      readonly statistic: number;
      readonly degreesOfFreedom: number;
      /** Rare categories put into one cell. */
      readonly folded: number;
    };

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
