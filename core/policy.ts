/**
 * The resolved policy: what enters workflow history. Complete, every default filled, every duration in milliseconds,
 * every weight in basis points. `policy/` holds the schema, the defaults and the presets; nothing else names a default.
 */
import type { Blessing, FeatureSpec, ModelName, Task } from './model';
import type { Expectation } from './quality/expectation';

export interface Policy {
  readonly schemaVersion: 1;
  /** The preset it started from, for the record. */
  readonly preset: string;
  readonly model: ModelName;
  readonly task: Task;
  readonly features: readonly FeatureSpec[];
  /** Binary and multiclass: class names; binary [negative, positive]. */
  readonly classes: readonly string[];
  readonly threshold: number;
  readonly eventTime: EventTimePolicy;
  readonly data: DataPolicy;
  readonly quality: QualityPolicy;
  readonly drift: DriftPolicy;
  readonly performance: PerformancePolicy;
  readonly triggers: TriggerPolicy;
  readonly training: TrainingPolicy;
  readonly gate: GatePolicy;
  /** null: no shadow test; a challenger goes to the canary at once. */
  readonly shadow: ShadowPolicy | null;
  readonly rollout: RolloutPolicy;
  readonly blessings: BlessingPolicy;
  readonly serving: ServingPolicy;
  readonly notifications: NotificationPolicy;
  readonly retention: RetentionPolicy;
}

export interface EventTimePolicy {
  /** The watermark is the latest occurredAt minus this. */
  readonly allowedLatenessMs: number;
  /** A label is mature when its prediction's occurredAt is this far behind the watermark. */
  readonly labelHorizonMs: number;
}

export interface DataPolicy {
  /** A SELECT with :from, :to, :asOf (timestamptz). Returns the features, `target`, `event_time`, and optionally `key`. */
  readonly query: string;
  /** Name of the target column in its result. */
  readonly target: string;
  /** Column with the event time. */
  readonly timeColumn: string;
  /** What moves together: every bound of the gate resamples these (DESIGN §6). */
  readonly clusterBy: 'day' | 'hour' | 'none';
  /** Time zone of the day, an IANA name. */
  readonly timeZone: string;
  /** How far back a retraining reads. */
  readonly lookbackMs: number;
  /** Whole clusters are held out: day-of-year % every = offset, within the last `withinMs` before :to. */
  readonly holdout: { readonly every: number; readonly offset: number; readonly withinMs: number };
}

export interface QualityPolicy {
  readonly minRows: number;
  /** Fail when a feature's null share exceeds this, or the reference share by more than `maxNullShareIncrease`. */
  readonly maxNullShare: number;
  readonly maxNullShareIncrease: number;
  /** Allowed ranges by feature. */
  readonly ranges: Readonly<Record<string, { readonly min: number | null; readonly max: number | null }>>;
  /** Warn when the share of rows with a category unknown to the reference exceeds this. */
  readonly maxNewCategoryShare: number;
  /** Fail when the newest row is older than this before the window's end; null: not checked. */
  readonly maxStalenessMs: number | null;
  /* What follows is left out of policies that were resolved by earlier releases: null, false and none. */
  /** Fail when a window has fewer rows than this share of the median of earlier ones; null: not checked. */
  readonly minRowsRatio?: number | null;
  /** Warn when the share of rows that repeat the features of an earlier row exceeds this; null: not counted. */
  readonly maxDuplicateShare?: number | null;
  /** Warn when a text feature has more than this many times the categories of the reference; null: not checked. */
  readonly maxCardinalityRatio?: number | null;
  /** Warn when one feature alone predicts the target this well (AUC, squared rank correlation or ε²); null: not checked. */
  readonly leakageThreshold?: number | null;
  /** Warn when the deciles of a feature are those of the reference in another unit. */
  readonly unitChange?: boolean;
  readonly expectations?: readonly Expectation[];
}

export interface DriftPolicy {
  /** Length of a drift and performance window, event time. */
  readonly windowMs: number;
  /** Start of the window grid (event time); windows are [anchor + k·windowMs, …). */
  readonly anchor: number;
  readonly numeric: EffectPolicy & {
    /** Quantile bins of the reference. */
    readonly bins: number;
  };
  readonly categorical: EffectPolicy;
  /** Benjamini–Hochberg adjusted p must be at most this. */
  readonly alpha: number;
  /**
   * `counts`: χ² of homogeneity on the bins or categories (nothing reads rows). `exact`: two-sample KS on rows for numbers.
   * `none`: the effect alone decides; p is recorded.
   */
  readonly pValue: 'counts' | 'exact' | 'none';
  /** What moves together: p counts the effective rows (core/drift/design-effect.ts). `none`: every row speaks for itself. */
  readonly clusterBy: 'none' | 'hour' | 'day';
  /** Fewest rows a side; below it the feature is `insufficient`. */
  readonly minRows: number;
  /**
   * The dataset has drifted when at least this many features did, or this share of them, or one of the `anyTopK` most
   * important ones. Whichever is reached first.
   */
  readonly minFeatures: number;
  readonly minShare: number;
  /** The share is of importance, not of features. */
  readonly weightByImportance: boolean;
  /** null: off. */
  readonly anyTopK: number | null;
  /** The distribution of the answers. `warn`: at most a warning. `drift`: the dataset has drifted. */
  readonly prediction: 'off' | 'warn' | 'drift';
  /** Spearman correlations between number features, on demand. A pair counts from this change on, with its p. */
  readonly correlation: 'off' | 'warn';
  readonly correlationChange: number;
  /** Principal components of all features, in checks that read rows. Absent in policies of the first releases: off. */
  readonly multivariate?: 'off' | 'warn';
  /** Order of the features' importance against the reference: NDCG below this. */
  readonly importanceDrift: 'off' | 'warn' | 'drift';
  readonly importanceNdcg: number;
}

/** Distances that histograms give. */
export type EffectMethod = 'psi' | 'kl' | 'js' | 'hellinger';

/** When an effect is large enough. A feature needs it and a small corrected p. */
export interface EffectPolicy {
  readonly method: EffectMethod;
  readonly warn: number;
  readonly threshold: number;
  /** Further distances: one of them at its threshold does as well as the first. */
  readonly also: readonly { readonly method: EffectMethod; readonly threshold: number }[];
}

export interface PerformancePolicy {
  /** A rule fires when its bound is broken over the window's matured labels. */
  readonly rules: readonly PerformanceRule[];
  /** Fewest labelled rows for a verdict. */
  readonly minLabelled: number;
  /** Least share of the window's rows that must carry a label for a verdict. */
  readonly minCoverage: number;
  /** Features whose values are measured one by one; empty: none. */
  readonly slices: readonly string[];
  /** Value of one decision, [truth][answer] in the order of the classes (profit positive, cost negative); null: none. */
  readonly values: readonly (readonly number[])[] | null;
  /** Late labels recompute the evaluation of their window until its end plus this, event time. */
  readonly recomputeMs: number;
  /** What an estimate without labels (CBPE) may do: nothing, warn, or count as a performance breach. */
  readonly estimate: 'off' | 'warn' | 'trigger';
  /** Largest share of rows outside the support of the reference in any feature; above it an estimate is unreliable. */
  readonly maxOutOfSupport: number;
  /** Detectors on the stream of late-label errors; empty: none. */
  readonly detectors: readonly ErrorDetector[];
}

export interface ErrorDetector {
  readonly detector: 'adwin' | 'ddm' | 'eddm' | 'hddm_a' | 'hddm_w' | 'page_hinkley' | 'kswin';
  /** `breach`: a detection counts as a performance breach. */
  readonly action: 'warn' | 'breach';
}

export type MetricName =
  | 'accuracy'
  | 'precision'
  | 'recall'
  | 'f1'
  | 'fpr'
  | 'auc'
  | 'logLoss'
  | 'brier'
  | 'calibrationError'
  | 'precisionMicro'
  | 'recallMicro'
  | 'f1Micro'
  | 'businessValue'
  | 'rmse'
  | 'mae'
  | 'mse'
  | 'mape';

export interface PerformanceRule {
  readonly metric: MetricName;
  /**
   * `ratioToHoldout`: worse than bound × the version's holdout metric (for losses: above, for gains: below). `dropFromHoldout`:
   * worse than it by more than the bound (gains: below holdout − bound, losses: above holdout + bound). `absolute`: the bound itself.
   */
  readonly kind: 'ratioToHoldout' | 'dropFromHoldout' | 'absolute';
  readonly bound: number;
  /** true: the confidence bound of the metric must break it too, not only its estimate. */
  readonly withConfidence: boolean;
  /** Judged on every value of this feature (one of `slices`), corrected for their number. Absent: on all rows. */
  readonly slice?: string;
}

export interface TriggerPolicy {
  /** How often a Schedule starts driftCheck, real time. */
  readonly checkEveryMs: number;
  /** What makes a check fire: both families, or either. */
  readonly require: 'driftAndPerformance' | 'driftOrPerformance' | 'performance' | 'drift';
  /** Breaches needed among the last `of` evaluations, the newest one included. */
  readonly breaches: number;
  readonly of: number;
  /** After a retraining ends, real time in which triggers are recorded but start nothing. */
  readonly cooldownMs: number;
  /** Retrain when the champion is older than this, event time; null: never. */
  readonly maximumAgeMs: number | null;
  /** false: a trigger opens an incident and waits for a person. */
  readonly automatic: boolean;
  /** When not empty, drift checks start at these times (five cron fields, or @hourly and the like) instead of every `checkEveryMs`. */
  readonly cron: readonly string[];
  /** A check starts up to this long after its time, drawn at random by the server: models that share a time do not all check at once. */
  readonly jitterMs: number;
  /** IANA name of the zone that `cron` is read in. */
  readonly timeZone: string;
  /** A trigger waits this long for others before the retraining starts; at most five times this after the first one. */
  readonly debounceMs: number;
  /** So many evaluations in a row without a breach clear the counter: breaches before them count no more. */
  readonly clearAfter: number;
  /** Most retrainings that start by themselves in any 24 h; null: no limit. */
  readonly dailyBudget: number | null;
  /** The low-traffic hours in which a training may start by itself; null: at any time. */
  readonly heavyWindow: HeavyWindow | null;
  /** A retraining starts by itself only when the training query has so many rows more than at the last one; 0: not asked. */
  readonly minNewLabelledRows: number;
  /** The very same training data as last time end a retraining as `unchanged`, unless a person asked for it. */
  readonly skipUnchangedSnapshot: boolean;
  /** People are told, once, when an incident is still open after this time; null: never. */
  readonly deployDeadlineMs: number | null;
  readonly dataArrival: DataArrivalPolicy;
  /** Sources that may send triggers over HTTP, each with the variable that holds its secret. */
  readonly webhooks: readonly TriggerWebhook[];
}

export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';

/** From `from` until `to`, local time; when `to` is not after `from` it ends on the next day. */
export interface HeavyWindow {
  /** `HH:MM`. */
  readonly from: string;
  readonly to: string;
  /** Days on which it opens; empty: every day. */
  readonly days: readonly Weekday[];
  /** IANA name. */
  readonly timeZone: string;
}

export interface DataArrivalPolicy {
  /** So many new rows of the training query are a trigger; null: any newer row is. */
  readonly newRows: number | null;
  /** How often the source is asked, real time; null: never. */
  readonly checkEveryMs: number | null;
}

/** Sources that reach us over HTTP (core/trigger/import). */
export type TriggerWebhookSource = 'webhook' | 'mlflow' | 'alertmanager' | 'evidently' | 'greatExpectations' | 'data';

export interface TriggerWebhook {
  readonly source: TriggerWebhookSource;
  /** Name of the environment variable with the secret; null: the API key alone must do. */
  readonly secretEnv: string | null;
}

export interface TrainingPolicy {
  /** The trainer's command line; null: the built-in trainer. */
  readonly command: readonly string[] | null;
  readonly algorithm: 'lightgbm' | 'logistic' | 'linear';
  /** Hyper-parameters that are fixed. */
  readonly params: Readonly<Record<string, number | string | boolean>>;
  /** Searched ranges by parameter; empty: no search. */
  readonly search: Readonly<Record<string, SearchRange>>;
  readonly trials: number;
  readonly parallelTrials: number;
  /** Rounds of cross-validation over training clusters. */
  readonly folds: number;
  readonly seed: number;
  readonly queues: readonly TrainingQueue[];
  /** Longest time for one training, and longest silence. */
  readonly timeoutMs: number;
  readonly heartbeatTimeoutMs: number;
}

export type SearchRange =
  | { readonly kind: 'int'; readonly low: number; readonly high: number; readonly log?: boolean }
  | { readonly kind: 'float'; readonly low: number; readonly high: number; readonly log?: boolean }
  | { readonly kind: 'categorical'; readonly choices: readonly (string | number | boolean)[] };

export interface TrainingQueue {
  readonly queue: string;
  /** How long a task may wait for a free slot before the next queue in the list is asked; null: as long as it takes. */
  readonly scheduleToStartMs: number | null;
}

export interface GatePolicy {
  /** All must hold on the held-out clusters. */
  readonly rules: readonly GateRule[];
  /** Bootstrap resamples, and the two-sided confidence level of the bounds. */
  readonly resamples: number;
  readonly confidence: number;
  /** Fewest held-out rows and clusters for a verdict. */
  readonly minRows: number;
  readonly minClusters: number;
}

/**
 * `improvement`: candidate better than the champion by at least `min`, where better is champion − candidate for losses and
 * candidate − champion for gains; with `lowerBound` the interval's lower end (clusters resampled) must be at least that.
 * `relative`: candidate >= factor × champion (gains) or <= factor × champion (losses). `absolute`: candidate against a constant.
 */
export type GateRule =
  | {
      readonly kind: 'improvement';
      readonly metric: MetricName;
      readonly min: number;
      readonly lowerBound: number | null;
    }
  | { readonly kind: 'relative'; readonly metric: MetricName; readonly factor: number }
  | {
      readonly kind: 'absolute';
      readonly metric: MetricName;
      readonly min: number | null;
      readonly max: number | null;
    };

export interface ShadowPolicy {
  /** Share of requests copied, basis points. */
  readonly share: number;
  /** Real time; the test ends early when every certificate is in and minMs has passed. */
  readonly minMs: number;
  readonly maxMs: number;
  /** Certify "mean loss difference < margin" (paired, on matured labels); reject "mean <= 0" as worse. */
  readonly loss: 'logLoss' | 'brier' | 'zeroOne' | 'squared' | 'absolute';
  readonly margin: number;
  /** Clip of one difference; null: from the loss (rollout.md §3.3 c). Needed for squared and absolute. */
  readonly clip: number | null;
  /** `none`: every row is a unit. `hour`: rows of an hour are averaged first. */
  readonly clusterBy: 'none' | 'hour';
  readonly alpha: number;
  readonly minPairs: number;
  /** Fail when the candidate's share of errors among shadow requests exceeds this. */
  readonly maxErrorShare: number;
}

export interface RolloutPolicy {
  /** Rising; the last is 10000 (promotion). */
  readonly steps: readonly RolloutStep[];
  /** Analysis interval (real time). */
  readonly tickMs: number;
  /** Lease given at each tick; must exceed tickMs. */
  readonly leaseMs: number;
  /** What a returning workflow does with a lost lease. */
  readonly onLeaseLost: 'rollback' | 'hold';
  /** From the first weight; when it passes the champion goes back to full weight. */
  readonly deadlineMs: number;
  readonly guardrails: readonly Guardrail[];
  /** Family-wise false alarm rate of all guardrails together: each fires at E >= M/alpha. */
  readonly alpha: number;
  /** Consecutive ticks that could not measure before the rollout holds. */
  readonly maxMeasureErrors: number;
  /** Real time without any request on the candidate (weight > 0) before `onNoTraffic`. */
  readonly noTrafficMs: number;
  readonly onNoTraffic: 'hold' | 'rollback';
  /** When a step is inconclusive at its maxHoldMs. */
  readonly onInconclusive: 'hold' | 'extendOnce' | 'rollback' | 'promote';
  /** Sample-ratio check: act at Bayes factor >= this. null: off. */
  readonly srmBayesFactor: number | null;
  readonly approval: ApprovalPolicy | null;
  /** After promotion: real time in which `previous` stays loaded and the watch may roll back. */
  readonly watchMs: number;
  /** In the watch: roll back when the lower bound of the error share exceeds this. */
  readonly watchMaxErrorShare: number;
}

export interface RolloutStep {
  /** Basis points, 1–10000. */
  readonly weight: number;
  readonly minHoldMs: number;
  readonly maxHoldMs: number;
  /** Distinct keys the candidate must have answered in this rollout before the step may end. */
  readonly minKeys: number;
}

/** A bad event whose rate on the candidate may not exceed `ratio` × the champion's over the same interval. */
export interface Guardrail {
  readonly event: 'error' | 'slow' | 'wrong';
  /** r0 of rollout.md §3.3 (a). */
  readonly ratio: number;
}

export interface ApprovalPolicy {
  /** The weight before which a person must agree, basis points (10000: before promotion). */
  readonly beforeWeight: number;
  readonly expiresMs: number;
  /** Before expiry, a reminder; null: none. */
  readonly reminderMs: number | null;
  readonly onExpiry: 'rollback' | 'promote';
  /** Actors who may decide; empty: anyone. */
  readonly actors: readonly string[];
}

export interface BlessingPolicy {
  readonly required: readonly Blessing[];
  /** Those that an outside trainer's word is enough for (`rollout --version`). */
  readonly vouched: readonly Blessing[];
}

export interface ServingPolicy {
  readonly log: 'os' | 'durable' | 'memory';
  /** When the log's bound is reached. */
  readonly onLogFull: 'refuse' | 'shed';
  readonly maxLogBytes: number;
}

export interface NotificationPolicy {
  readonly webhooks: readonly { readonly url: string; readonly secretEnv: string | null }[];
}

export interface RetentionPolicy {
  readonly keepVersions: number;
  readonly predictionsDays: number;
}
