/**
 * What the drift report shows: plain JSON, the same in `drift.json`, in the page and from `ratchet compare`. Made by
 * `driftReportOf` (what a check stored) and `driftReportOfComparison` (two tables). Nothing in it is NaN; null: not known.
 */
import type { EpochMs, ModelName, ModelVersion } from '../model';
import type { Reason, Verdict } from '../verdict';
import type { QualityIssue } from '../quality/quality-report';
import type { FeatureDriftLevel } from './drift-measurement';

export interface DriftReportData {
  readonly schemaVersion: 1;
  readonly subject: DriftReportSubject;
  readonly verdict: DriftReportVerdict;
  /** Why, the decisive ones first. */
  readonly reasons: readonly Reason[];
  /** Drifted first, then warnings; within a level by effect / threshold × importance; what could not be measured last. */
  readonly features: readonly ReportedFeature[];
  /** The answers of the model; null: not measured. Not among `features`. */
  readonly prediction: ReportedFeature | null;
  /** The classes among the labels; null: not measured. */
  readonly target: ReportedFeature | null;
  /** Columns that were not compared, and why. */
  readonly notCompared: readonly { readonly name: string; readonly why: string }[];
  /** In [0, 1], of the features or of their importance; null: unknown. */
  readonly driftedShare: number | null;
  /** Adjusted p must be at most this; null: the rule looks at no p-value of its own. */
  readonly alpha: number | null;
  /** null: no labels were looked at. */
  readonly performance: ReportedPerformance | null;
  /** null: the data were not checked. */
  readonly quality: ReportedQuality | null;
  /** What the streaming detectors said, oldest first. */
  readonly signals: readonly ReportedSignal[];
  readonly decided: ReportedDecision;
}

/**
 * `breach`: a rule that may start a retraining fired. `drift`: the inputs drifted. `dataInvalid`: a hard rule on the data is
 * broken, so nothing else was judged by. `insufficient`: too little is known to say (never shown as good).
 */
export type DriftReportVerdict = 'noDrift' | 'warn' | 'drift' | 'breach' | 'dataInvalid' | 'insufficient';

export type DriftReportSubject =
  | {
      readonly kind: 'window';
      readonly model: ModelName;
      readonly version: ModelVersion;
      /** Event time. */
      readonly windowStart: EpochMs;
      readonly windowEnd: EpochMs;
      readonly referenceRows: number | null;
      readonly currentRows: number;
    }
  | {
      readonly kind: 'tables';
      /** As people call them, usually file names. */
      readonly reference: string;
      readonly current: string;
      readonly referenceRows: number;
      readonly currentRows: number;
    };

export interface ReportedFeature {
  readonly name: string;
  readonly kind: 'number' | 'string';
  readonly level: FeatureDriftLevel;
  /** What was measured and its limit: `psi`, `js`, `ks`, …; null: the rule has none. */
  readonly method: string | null;
  readonly effect: number | null;
  readonly warn: number | null;
  readonly threshold: number | null;
  readonly importance: number | null;
  readonly pValue: number | null;
  /** Benjamini–Hochberg over the compared features; null where the rule does not adjust. */
  readonly adjustedPValue: number | null;
  /** The test that gave p, and everything else that was run. */
  readonly tests: readonly ReportedTest[];
  readonly reference: ReportedSide;
  readonly current: ReportedSide;
  readonly histogram: ReportedHistogram | null;
  /** Numbers only: share of values <= x at the inner edges of the histogram; null: no histogram, or categories. */
  readonly cdf: ReportedCdf | null;
  /** Oldest first, this window included; empty: no history. */
  readonly overTime: readonly EffectAt[];
  readonly reason: Reason;
}

export interface ReportedTest {
  readonly method: string;
  readonly statistic: number | null;
  readonly pValue: number | null;
  readonly note?: string;
}

export interface ReportedSide {
  /** null: not counted (the reference profile of an adopted version). */
  readonly rows: number | null;
  readonly nulls: number | null;
}

/** Shares run over the bins (-inf, e0], …, (ek, inf), or over `categories`. Each side's sum is 1 up to rounding. */
export interface ReportedHistogram {
  readonly edges: readonly number[] | null;
  readonly categories: readonly string[] | null;
  readonly reference: readonly number[];
  readonly current: readonly number[];
}

export interface ReportedCdf {
  readonly x: readonly number[];
  readonly reference: readonly number[];
  readonly current: readonly number[];
}

export interface EffectAt {
  readonly windowEnd: EpochMs;
  readonly effect: number | null;
  readonly level: FeatureDriftLevel;
}

export interface ReportedPerformance {
  /** null: of an evaluation without one. */
  readonly verdict: Verdict | null;
  readonly rows: number;
  readonly labelled: number;
  /** labelled / rows, in [0, 1]. */
  readonly coverage: number;
  readonly minCoverage: number | null;
  readonly metrics: readonly ReportedMetric[];
  /** Oldest first, this window included. */
  readonly coverageOverTime: readonly CoverageAt[];
  /** CBPE on this window; null: not estimated. */
  readonly estimate: ReportedEstimate | null;
}

export interface ReportedMetric {
  readonly name: string;
  /** Realised over the labelled rows; null: not defined, or no labels yet. */
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** true: smaller is better. */
  readonly loss: boolean;
  /** On the hold-out of the version. */
  readonly holdout: number | null;
  readonly bounds: readonly ReportedBound[];
  /** Oldest first, this window included. */
  readonly overTime: readonly MetricAt[];
}

export interface ReportedBound {
  /** How the policy says it: `absolute`, `ratioToHoldout`, `dropFromHoldout`. */
  readonly kind: string;
  readonly bound: number | null;
  readonly withConfidence: boolean;
  /** null: could not be judged. */
  readonly fired: boolean | null;
}

export interface MetricAt {
  readonly windowEnd: EpochMs;
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Estimated without labels (CBPE); null: not estimated. */
  readonly estimated: {
    readonly value: number;
    readonly low: number | null;
    readonly high: number | null;
    readonly reliable: boolean;
  } | null;
}

export interface CoverageAt {
  readonly windowEnd: EpochMs;
  readonly rows: number;
  readonly labelled: number;
  readonly coverage: number;
}

export interface ReportedEstimate {
  /** `suspicious`, `unsuspicious`, `unreliable`, `insufficient`. */
  readonly verdict: string;
  readonly reliable: boolean;
  readonly reasons: readonly Reason[];
}

export interface ReportedQuality {
  readonly verdict: Verdict;
  /** Worst first. */
  readonly issues: readonly QualityIssue[];
  readonly nulls: readonly ReportedNulls[];
  /** Rules that could not be applied, and why. */
  readonly notChecked: readonly string[];
}

export interface ReportedNulls {
  readonly feature: string;
  readonly nulls: number;
  /** In [0, 1]. */
  readonly nullShare: number | null;
  readonly referenceNullShare: number | null;
}

export interface ReportedSignal {
  /** `adwin`, `ddm`, …. */
  readonly detector: string;
  readonly kind: 'warning' | 'drift';
  /** End of the window in which it was found; null: unknown. */
  readonly windowEnd: EpochMs | null;
  /** 0-based index among the labels since the version began; null: unknown. */
  readonly index: number | null;
}

/** Enough to decide again (I5). */
export interface ReportedDecision {
  /** The rule as it was applied: name and value, as text for people. */
  readonly rule: readonly (readonly [name: string, value: string])[];
  /** Of the policy or of the reference profile, hex; null: unknown. */
  readonly digests: Readonly<Record<string, string>>;
  readonly codeVersion: string | null;
  readonly workflowId: string | null;
  /** 1 for the first; later ones recomputed the window with late labels. null: not an evaluation. */
  readonly revision: number | null;
  /** Real time of the decision; null: not recorded. */
  readonly at: EpochMs | null;
}
