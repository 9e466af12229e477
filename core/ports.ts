/**
 * The seams of the house. Activities and gateway get these as arguments; adapters implement them; each has one
 * conformance suite in test/conformance that the fake and the real one pass. Unless said otherwise every method may
 * reject with a RatchetError whose code says which service failed, and every write is idempotent.
 */
import type { ReferenceProfile } from './drift/profile';
import type { DriftReportData } from './drift/report-data';
import type { CountPlan, WindowCounts } from './drift/window-counts';
import type { Frame } from './frame';
import type { PerformanceCounts, SliceCounts } from './performance/performance-counts';
import type { DriftPolicy, Policy } from './policy';
import type { EvaluationReport } from './messages';
import type {
  Blessing,
  BlessingRecord,
  EpochMs,
  FeatureColumns,
  FeatureSpec,
  FeatureValue,
  ModelContract,
  ModelName,
  ModelVersion,
  PredictionValue,
  VersionRecord,
} from './model';
import type { QualityCounts, QualityPlan } from './quality/quality-counts';
import type { PairedRow, Segment, ShadowCounts } from './rollout/evidence';
import type { Reason, Verdict } from './verdict';

// ---------------------------------------------------------------- time

/** The only source of real time outside workflow code. */
export interface Clock {
  now(): EpochMs;
}

export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

// ---------------------------------------------------------------- models and versions (PostgreSQL)

export interface ModelRecord {
  readonly model: ModelName;
  readonly policy: Policy;
  readonly policyDigest: string;
  readonly createdAt: EpochMs;
}

export interface ModelStore {
  /** Inserts or replaces the policy; writes a decision `policy.set` when it changed. */
  saveModel(policy: Policy, by: DecisionBy): Promise<ModelRecord>;
  /** Rejects with RATCHET_MODEL_UNKNOWN. */
  getModel(model: ModelName): Promise<ModelRecord>;
  listModels(): Promise<readonly ModelRecord[]>;
  /** Idempotent by (model, version): the same record again is fine, another one is RATCHET_MODEL_EXISTS. */
  saveVersion(version: VersionRecord): Promise<void>;
  /** Rejects with RATCHET_VERSION_UNKNOWN. */
  getVersion(model: ModelName, version: ModelVersion): Promise<VersionRecord>;
  listVersions(model: ModelName): Promise<readonly VersionRecord[]>;
  /** Adds a blessing (idempotent by version and blessing) and writes a decision `blessing`. */
  bless(model: ModelName, version: ModelVersion, blessing: BlessingRecord, by: DecisionBy): Promise<void>;
}

// ---------------------------------------------------------------- routes

/** What every gateway serves for a model. One row a model; `generation` rises with every write. */
export interface Route {
  readonly model: ModelName;
  readonly generation: number;
  readonly champion: ModelVersion;
  /** The last champion, kept loaded for a fast rollback. */
  readonly previous: ModelVersion | null;
  readonly canary: RouteCanary | null;
  readonly shadow: RouteShadow | null;
  /** Salt of the assignment, fixed for a rollout's run: sticky and monotone. */
  readonly salt: string;
}

export interface RouteCanary {
  readonly version: ModelVersion;
  /** Basis points 0–10000. */
  readonly weight: number;
  /** `<workflow id>:<first run id>`: written to every prediction of this rollout. */
  readonly run: string;
  readonly step: number;
  /** Remaining lease at the time of reading, by the database's clock; <= 0 when it has ended. */
  readonly leaseRemainingMs: number;
}

export interface RouteShadow {
  readonly version: ModelVersion;
  readonly share: number;
  readonly run: string;
  readonly leaseRemainingMs: number;
}

/** Who holds the right to write a route, and its fencing token: rises with every claim of the model. */
export interface Fence {
  readonly holder: string;
  readonly token: number;
}

export type RouteChange =
  | {
      readonly kind: 'setCanary';
      readonly version: ModelVersion;
      readonly weight: number;
      readonly run: string;
      readonly step: number;
      readonly leaseMs: number;
      readonly salt: string;
    }
  /** Weight 0 and canary gone; the champion serves all. */
  | { readonly kind: 'clearCanary' }
  | {
      readonly kind: 'setShadow';
      readonly version: ModelVersion;
      readonly share: number;
      readonly run: string;
      readonly leaseMs: number;
      readonly salt: string;
    }
  | { readonly kind: 'clearShadow' }
  /** champion := version, previous := the old champion, canary and shadow gone. */
  | { readonly kind: 'promote'; readonly version: ModelVersion }
  /** champion := previous; previous := null; canary and shadow gone. RATCHET_NO_PREVIOUS when there is none. */
  | { readonly kind: 'restorePrevious' }
  /** First champion of a model (adopt). */
  | { readonly kind: 'adopt'; readonly version: ModelVersion };

/**
 * A late renewal is refused: when the lease has ended, `renewed` is false and the gateways serve the champion alone.
 */
export interface RouteStore {
  getRoute(model: ModelName): Promise<Route | null>;
  listRoutes(): Promise<readonly Route[]>;
  /**
   * One transaction: compare-and-set on `expectGeneration` (when given) and on the fence, the change, the decision
   * record, NOTIFY. Idempotent by `decision.key`: a repeated key returns the route as it is, without effect.
   * Rejects RATCHET_ROUTE_CONFLICT, RATCHET_ROUTE_FENCED.
   */
  changeRoute(
    model: ModelName,
    change: RouteChange,
    fence: Fence | null,
    decision: DecisionDraft,
    expectGeneration?: number,
  ): Promise<Route>;
  /** Extends the canary's or the shadow's lease by the database's clock. */
  renewLease(
    model: ModelName,
    what: 'canary' | 'shadow',
    run: string,
    leaseMs: number,
    fence: Fence,
  ): Promise<{ readonly renewed: boolean }>;
}

/** The gateway's view: routes pushed as they change. */
export interface RouteSource {
  /** Calls back with every route at once and after each change (NOTIFY, and a poll as the net). Resolves after the first full read. */
  start(onRoute: (route: Route) => void): Promise<void>;
  stop(): Promise<void>;
}

// ---------------------------------------------------------------- claims

export type ClaimKind = 'retrain' | 'rollout';

export interface ClaimStore {
  /**
   * Takes the model's claim of this kind, or returns the one that `holder` has already. Rejects RATCHET_CLAIM_HELD with
   * the holder in details. `steal` takes it from whoever holds it (rollback), which fences that holder's writes.
   */
  claim(model: ModelName, kind: ClaimKind, holder: string, options?: { readonly steal?: boolean }): Promise<Fence>;
  release(model: ModelName, kind: ClaimKind, holder: string): Promise<void>;
  currentClaims(
    model: ModelName,
  ): Promise<
    readonly { readonly kind: ClaimKind; readonly holder: string; readonly token: number; readonly since: EpochMs }[]
  >;
}

// ---------------------------------------------------------------- decisions, incidents

export interface DecisionBy {
  readonly actor: string;
  readonly reason: string;
}

/** What happens, why, by whom. `key` is the idempotency key (DESIGN §4). */
export interface DecisionDraft extends DecisionBy {
  readonly key: string;
  readonly model: ModelName;
  readonly version: ModelVersion | null;
  /** e.g. `route.setCanary`, `gate`, `drift`, `rollout.end`, `approval`, `blessing`, `policy.set`. */
  readonly kind: string;
  readonly verdict: Verdict | null;
  readonly reasons: readonly Reason[];
  /** Counts, thresholds, windows, code version: all that is needed to recompute the verdict. */
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly workflowId: string | null;
}

export interface DecisionRecord extends DecisionDraft {
  readonly id: number;
  readonly at: EpochMs;
}

export interface DecisionStore {
  /** Append-only, idempotent by key: a repeated key returns the first record. */
  record(decision: DecisionDraft): Promise<DecisionRecord>;
  list(
    model: ModelName,
    filter?: { readonly kind?: string; readonly workflowId?: string; readonly limit?: number },
  ): Promise<readonly DecisionRecord[]>;
}

export interface Incident {
  readonly id: string;
  readonly model: ModelName;
  readonly openedAt: EpochMs;
  readonly closedAt: EpochMs | null;
  readonly reasons: readonly Reason[];
  readonly outcome: string | null;
}

export interface IncidentStore {
  /** One open incident a model: returns the open one when there is one. Idempotent by id. */
  open(incident: {
    readonly id: string;
    readonly model: ModelName;
    readonly reasons: readonly Reason[];
  }): Promise<Incident>;
  close(model: ModelName, id: string, outcome: string): Promise<void>;
  listIncidents(model: ModelName): Promise<readonly Incident[]>;
}

// ---------------------------------------------------------------- predictions and labels

export type Arm = 'champion' | 'canary' | 'shadow';

export interface PredictionRecord {
  /** UUIDv7, made when the request was received. */
  readonly id: string;
  readonly model: ModelName;
  readonly version: ModelVersion;
  readonly arm: Arm;
  /** Shadow only: the served prediction this one is paired with. */
  readonly pairId: string | null;
  readonly receivedAt: EpochMs;
  /** Event time. */
  readonly occurredAt: EpochMs;
  /** Routing key; null: assigned by the id. */
  readonly key: string | null;
  /** Values of the contract's number features, then of its string features, in contract order. null: missing. */
  readonly numbers: readonly (number | null)[];
  readonly strings: readonly (string | null)[];
  /** NaN never: null when `error` is set. */
  readonly score: number | null;
  readonly label: string | null;
  readonly probabilities: readonly number[] | null;
  readonly latencyUs: number;
  /** Error code when this arm failed on the row. A canary's failure is answered by the champion and logged for both arms. */
  readonly error: string | null;
  /** Run of the rollout or shadow test, its step and weight, when one was active. */
  readonly run: string | null;
  readonly step: number | null;
  readonly weight: number | null;
  readonly generation: number;
}

/** Gateway side. `append` returns when the rows are safe in the sense of the log mode (DESIGN §8). */
export interface PredictionLog {
  append(rows: readonly PredictionRecord[]): Promise<void> | void;
  /** Rows appended, drained and dropped so far; bytes waiting. */
  stats(): {
    readonly appended: number;
    readonly drained: number;
    readonly dropped: number;
    readonly waitingBytes: number;
  };
  /** Drains what waits, as far as PostgreSQL allows, within the time. */
  flush(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Where the log is drained to. At-least-once: readers de-duplicate by id (and arm). */
export interface PredictionSink {
  write(rows: readonly PredictionRecord[]): Promise<void>;
}

export interface LabelInput {
  readonly predictionId: string;
  /** Class name, or the number as text. */
  readonly value: string;
  /** When the world knew it, event time. */
  readonly observedAt: EpochMs;
  readonly correction?: boolean;
}

export type LabelOutcome = 'accepted' | 'duplicate' | 'corrected' | 'conflict' | 'unknown';

export interface LabelStore {
  /**
   * One outcome a label, in order. `duplicate`: the same value is there. `conflict`: another value is there and
   * `correction` is not set. `unknown`: no such prediction, and its id is older than `pendingGraceMs` (a younger one may
   * still wait in a gateway's log, so it is accepted).
   */
  saveLabels(model: ModelName, labels: readonly LabelInput[], pendingGraceMs: number): Promise<readonly LabelOutcome[]>;
}

/** What the activities read. `from` inclusive, `to` exclusive, event time. */
export interface PredictionReader {
  /** Latest occurredAt of a served prediction (earlier than `before`, when given); null when there is none. */
  latestOccurredAt(model: ModelName, before?: EpochMs): Promise<EpochMs | null>;
  earliestOccurredAt(model: ModelName): Promise<EpochMs | null>;
  /** Served rows of the window (champion and canary arms), de-duplicated, with their labels; features in contract order. */
  readWindow(
    model: ModelName,
    contract: ModelContract,
    from: EpochMs,
    to: EpochMs,
    options?: { readonly version?: ModelVersion },
  ): Promise<WindowRows>;
  /** Evidence of a canary run by step, labels only of predictions with occurredAt <= matureBefore. */
  readSegments(
    model: ModelName,
    run: string,
    slowUs: number | null,
    matureBefore: EpochMs,
  ): Promise<readonly Segment[]>;
  /** Pairs of a shadow run with mature labels, in label-arrival order. */
  readPairs(model: ModelName, run: string, matureBefore: EpochMs): Promise<readonly PairedRow[]>;
  readShadowCounts(model: ModelName, run: string): Promise<ShadowCounts>;
  /** p-quantile of the latency of a version's served rows received in the last `withinMs` (real time); null: too few. */
  latencyQuantileUs(model: ModelName, version: ModelVersion, q: number, withinMs: number): Promise<number | null>;
  /** Served rows and error rows of a version received since (real time). */
  countSince(
    model: ModelName,
    version: ModelVersion,
    since: EpochMs,
  ): Promise<{ readonly requests: number; readonly errors: number; readonly lastReceivedAt: EpochMs | null }>;
}

export interface WindowRows {
  readonly features: FeatureColumns;
  readonly occurredAt: readonly EpochMs[];
  readonly scores: readonly (number | null)[];
  readonly labels: readonly (string | null)[];
  /** Truth by row; null: no label yet. */
  readonly truths: readonly (string | null)[];
  readonly versions: readonly ModelVersion[];
}

/**
 * What routine checks ask of the prediction log: counts that the database makes, so that no row leaves it and the memory of a
 * check does not grow with rows. Served rows (champion and canary arms), each prediction once. Event time, `from` inclusive.
 */
export interface WindowStatistics {
  /**
   * Counts of the window by the plan. Hours that lie whole in the window and before `closedBefore` (the watermark) are counted
   * once, kept, and added up; an hour whose rows changed since (late predictions) is counted again. One statement for what
   * must be counted. The same as `countWindow` (core/drift) over the rows.
   */
  countWindow(
    model: ModelName,
    contract: ModelContract,
    plan: CountPlan,
    from: EpochMs,
    to: EpochMs,
    options: { readonly version: ModelVersion | null; readonly closedBefore: EpochMs },
  ): Promise<WindowCounts>;
  /** The same as `countPerformance` (core/performance) over the rows; slices by the values of `slices`, most rows first, at most 50 a feature. */
  countPerformance(
    model: ModelName,
    contract: ModelContract,
    from: EpochMs,
    to: EpochMs,
    options: { readonly version: ModelVersion | null; readonly slices: readonly string[] },
  ): Promise<{ readonly all: PerformanceCounts; readonly slices: readonly SliceCounts[] }>;
  /** Rows and sum of scores by answer (0: negative, 1: positive) and segment of the score, (-inf, k0], (k0, k1], …, (kn, inf): for CBPE. */
  countScores(
    model: ModelName,
    contract: ModelContract,
    from: EpochMs,
    to: EpochMs,
    knots: readonly number[],
    options: { readonly version: ModelVersion | null },
  ): Promise<
    readonly { readonly answer: 0 | 1; readonly segment: number; readonly n: number; readonly sumScore: number }[]
  >;
  /** Exact statistics on demand: the features (and `score`, `label`) by binary COPY into typed columns; numbers as float32. */
  readFrame(
    model: ModelName,
    contract: ModelContract,
    from: EpochMs,
    to: EpochMs,
    options: { readonly version: ModelVersion | null; readonly columns?: readonly string[]; readonly limit?: number },
  ): Promise<Frame>;
  /**
   * Errors of labelled rows in the order in which labels arrived, after the cursor (null: from the first): 0/1 for classes,
   * |y − ŷ| for regression. At most `limit`. A corrected label does not come again.
   */
  readErrors(
    model: ModelName,
    contract: ModelContract,
    version: ModelVersion,
    after: string | null,
    limit: number,
  ): Promise<{ readonly errors: readonly number[]; readonly cursor: string | null }>;
}

/** Data quality of a window as counts that the database makes. */
export interface QualityStatistics {
  /**
   * The same as `countQuality` (core/quality) over the served rows of the window (champion and canary arms), each prediction once, their
   * ids as keys; `score` and `label` may be named by expectations. `idClash`: ids that were logged more than once under one
   * version with other features. `renames` and `leakage` are empty: the log has the contract's columns and no target.
   * Event time, `from` inclusive. Rejects RATCHET_INPUT_INVALID when plan and contract differ in the kind of a feature.
   */
  countQuality(
    model: ModelName,
    contract: ModelContract,
    from: EpochMs,
    to: EpochMs,
    plan: QualityPlan,
  ): Promise<QualityCounts>;
}

/** Frozen reference profiles (PostgreSQL), named by the digest of their content. */
export interface ProfileStore {
  /** Idempotent by content. `histograms`: encoded key histograms by feature (core/drift/exact), for exact tests. */
  saveProfile(
    model: ModelName,
    version: ModelVersion,
    profile: ReferenceProfile,
    histograms?: Readonly<Record<string, Uint8Array>>,
  ): Promise<{ readonly digest: string }>;
  /** The newest of the version; null: none. */
  getProfile(
    model: ModelName,
    version: ModelVersion,
  ): Promise<{ readonly digest: string; readonly profile: ReferenceProfile; readonly savedAt: EpochMs } | null>;
  getHistograms(digest: string): Promise<Readonly<Record<string, Uint8Array>>>;
}

// ---------------------------------------------------------------- triggers from outside

/** A trigger as its source gave it: kept before it is acknowledged, so that a burst loses none (I4). */
export interface InboxTrigger {
  /** Of the source: the same id counts once. */
  readonly id: string;
  readonly model: ModelName;
  readonly source:
    | 'webhook'
    | 'mlflow'
    | 'alertmanager'
    | 'evidently'
    | 'greatExpectations'
    | 'data'
    | 'detector'
    | 'schedule'
    | 'signal'
    | 'check'
    | 'person';
  readonly actor: string;
  readonly reason: string;
  readonly manual: boolean;
  /** Event time it speaks of; null: the watermark. */
  readonly asOf: EpochMs | null;
  /** What the source sent, bounded; for the record. */
  readonly payload: Readonly<Record<string, unknown>> | null;
}

export interface TriggerInbox {
  /** Idempotent by (model, id). Returns how many are new. */
  addTriggers(triggers: readonly InboxTrigger[]): Promise<{ readonly added: number }>;
  /** Not yet taken by `model/<name>`, oldest first. */
  listWaiting(model: ModelName, limit: number): Promise<readonly (InboxTrigger & { readonly receivedAt: EpochMs })[]>;
  /** Models with waiting triggers. */
  modelsWaiting(): Promise<readonly ModelName[]>;
  /** `by`: workflow id and run that took them, and later the retraining they went into. Idempotent. */
  markTaken(model: ModelName, ids: readonly string[], by: string): Promise<void>;
  /** All, newest first: no reason is lost. */
  listTriggers(
    model: ModelName,
    limit: number,
  ): Promise<readonly (InboxTrigger & { readonly receivedAt: EpochMs; readonly takenBy: string | null })[]>;
}

// ---------------------------------------------------------------- evaluations

/** A drift check's window: unique by model, version and start, so that it is evaluated once. */
export interface EvaluationRecord {
  readonly model: ModelName;
  readonly version: ModelVersion;
  readonly windowStart: EpochMs;
  readonly windowEnd: EpochMs;
  readonly report: EvaluationReport;
  /** The full measurement (core/drift report), JSON. */
  readonly measurement: Readonly<Record<string, unknown>>;
  readonly workflowId: string;
  readonly at: EpochMs;
  /** 1 for the first; a recomputation after late labels has the next number. Absent: 1. */
  readonly revision?: number;
}

export interface EvaluationStore {
  /** Oldest window of the grid that is complete at the watermark and not evaluated for this version; null: none. */
  nextWindow(
    model: ModelName,
    version: ModelVersion,
    grid: Pick<DriftPolicy, 'anchor' | 'windowMs'>,
    firstStart: EpochMs,
    watermark: EpochMs,
  ): Promise<{ readonly start: EpochMs; readonly end: EpochMs } | null>;
  /** Idempotent by (model, version, windowStart, revision): returns the first record. */
  saveEvaluation(record: EvaluationRecord): Promise<EvaluationRecord>;
  /** The latest revision of each window, oldest window first. */
  listEvaluations(model: ModelName): Promise<readonly EvaluationRecord[]>;
  /**
   * The oldest evaluated window of the version that ended after `endedAfter` and whose labels have changed since its latest
   * revision was saved (more labels, or corrected ones); null: none. Late labels recompute it until its horizon closes.
   */
  nextRecomputation(
    model: ModelName,
    version: ModelVersion,
    endedAfter: EpochMs,
  ): Promise<{ readonly start: EpochMs; readonly end: EpochMs; readonly revision: number } | null>;
  /** The newest window of every model (its latest revision), by model. One query. */
  newestEvaluations(): Promise<readonly NewestEvaluation[]>;
}

export interface NewestEvaluation extends EvaluationRecord {
  /** Windows of the version that breached in a row, up to its newest judged one; windows that could not be judged do not count. */
  readonly consecutiveBreaches: number;
}

// ---------------------------------------------------------------- training data

/** Immutable training data: a Parquet file named by its digest. */
export interface Snapshot {
  readonly digest: string; // SHA-256 of the file, hex
  /** Path readable by the trainer (file://… or absolute path). */
  readonly uri: string;
  readonly rows: number;
  readonly columns: readonly string[];
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly asOf: EpochMs;
}

export interface TrainingSource {
  /**
   * Runs the policy's query with :from, :to, :asOf bound and writes the result as Parquet into the snapshot folder,
   * named by its digest. Columns: the features, `target` (text), `event_time` (epoch ms), `cluster` (text).
   * The same rows give the same digest. Rejects RATCHET_QUERY_INVALID, RATCHET_COLUMN_MISSING, RATCHET_COLUMN_TYPE.
   */
  takeSnapshot(policy: Policy, from: EpochMs, to: EpochMs, asOf: EpochMs): Promise<Snapshot>;
  /** Reads a snapshot back, verifying its digest (RATCHET_SNAPSHOT_CORRUPT). */
  readSnapshot(snapshot: Snapshot, features: readonly FeatureSpec[]): Promise<TrainingRows>;
}

/** Looks at the training data without taking them. */
export interface TrainingProbe {
  /**
   * How many rows the policy's query returns with :from, :to and :asOf bound (so: labelled and known by then), and the
   * latest event time among them; null when there is none. Rejects RATCHET_QUERY_INVALID.
   */
  countRows(
    policy: Policy,
    from: EpochMs,
    to: EpochMs,
    asOf: EpochMs,
  ): Promise<{ readonly rows: number; readonly newest: EpochMs | null }>;
}

export interface TrainingRows {
  readonly features: FeatureColumns;
  readonly target: readonly string[];
  readonly eventTime: readonly EpochMs[];
  readonly cluster: readonly string[];
}

// ---------------------------------------------------------------- trainer

/** The job file of the trainer contract (docs/reference/trainer.md); JSON in snake_case on disk. */
export interface TrainerJob {
  readonly kind: 'trial' | 'fit' | 'score';
  readonly snapshotUri: string;
  readonly snapshotDigest: string;
  readonly task: Policy['task'];
  readonly features: readonly FeatureSpec[];
  readonly classes: readonly string[];
  readonly threshold: number;
  readonly algorithm: Policy['training']['algorithm'];
  readonly params: Readonly<Record<string, number | string | boolean>>;
  readonly seed: number;
  /** Clusters held out of training. `fit` scores them; `trial` never looks at them. */
  readonly holdoutClusters: readonly string[];
  /** trial only: folds over the training clusters. */
  readonly folds: number;
  /** fit only: rows in golden.json. */
  readonly goldenRows: number;
  /** fit only: also fit once with a random-row hold-out of the same share and report its metrics ("what it would have said"). */
  readonly compareRandomHoldout: boolean;
  /** An empty folder for model.onnx, result.json, checkpoints. The same folder on a retry: a checkpoint there is resumed. */
  readonly outputDir: string;
}

export interface TrainerProgress {
  /** 0–1. */
  readonly progress: number;
  readonly message?: string;
  readonly metric?: number;
  readonly checkpoint?: string;
}

export interface TrainerResult {
  readonly metrics: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, number | string | boolean>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly importance: Readonly<Record<string, number>>;
  /** fit only. */
  readonly model: { readonly path: string; readonly sha256: string; readonly contract: ModelContract } | null;
  readonly golden: import('./model').GoldenRows | null;
  /** fit only: scores of the native model on the held-out rows, in snapshot order of those rows. */
  readonly holdoutScores: readonly number[] | null;
  /** fit with compareRandomHoldout: scores of that second model on its random rows. */
  readonly randomHoldout: { readonly rowIndex: readonly number[]; readonly scores: readonly number[] } | null;
  readonly device: 'cpu' | 'gpu';
  readonly seconds: number;
}

export interface Trainer {
  /** Rejects RATCHET_TRAINER_FAILED, _PREEMPTED, _HUNG, _OUTPUT. Aborting ends the process (SIGTERM, then SIGKILL after 20 s). */
  run(
    job: TrainerJob,
    options: {
      readonly command: readonly string[] | null;
      readonly onProgress: (p: TrainerProgress) => void;
      readonly signal: AbortSignal;
      readonly cudaDevice: string | null;
      readonly silenceMs: number;
    },
  ): Promise<TrainerResult>;
  /** Asks for the next trials from the finished and running ones: deterministic, no study database (stack.md §7). */
  suggest(request: {
    readonly search: Policy['training']['search'];
    readonly seed: number;
    readonly direction: 'minimize' | 'maximize';
    readonly finished: readonly FinishedTrial[];
    readonly running: readonly TrialParams[];
    readonly count: number;
  }): Promise<readonly TrialParams[]>;
  close(): Promise<void>;
}

export type TrialParams = Readonly<Record<string, number | string | boolean>>;
export interface FinishedTrial {
  readonly params: TrialParams;
  /** null: it failed. */
  readonly value: number | null;
}

// ---------------------------------------------------------------- scoring (ONNX)

export interface ModelRuntime {
  /** Loads, checks names, types and that every output is a tensor. Rejects RATCHET_MODEL_LOAD_FAILED, RATCHET_MODEL_CONTRACT. */
  load(file: Uint8Array | string, contract: ModelContract): Promise<LoadedModel>;
}

export interface LoadedModel {
  predict(features: FeatureColumns): Promise<readonly PredictionValue[]>;
  release(): Promise<void>;
}

// ---------------------------------------------------------------- artifacts, tracking, registry (MLflow)

export interface RunDraft {
  readonly key: string; // idempotency key, written as tag ratchet.key
  readonly experiment: string;
  readonly name: string;
  readonly parentRunId?: string;
  readonly startTime: EpochMs;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface RunData {
  readonly params?: Readonly<Record<string, string | number | boolean>>;
  /** Every metric needs a fixed timestamp, so that a retry repeats the same point. */
  readonly metrics?: readonly {
    readonly key: string;
    readonly value: number;
    readonly timestamp: EpochMs;
    readonly step?: number;
  }[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly datasets?: readonly {
    readonly name: string;
    readonly digest: string;
    readonly source: Readonly<Record<string, unknown>>;
    readonly context: string;
  }[];
}

export interface TrackingStore {
  /** Finds the run by its key first; makes it when the search said none. */
  ensureRun(draft: RunDraft): Promise<{ readonly runId: string; readonly experimentId: string; readonly url: string }>;
  logRun(runId: string, data: RunData): Promise<void>;
  logArtifact(runId: string, path: string, body: Uint8Array | string, contentType?: string): Promise<void>;
  endRun(runId: string, status: 'FINISHED' | 'FAILED' | 'KILLED', endTime: EpochMs): Promise<void>;
}

export interface RegistryStore {
  /**
   * Uploads the ONNX model in MLflow's layout (loads with mlflow.pyfunc), as a LoggedModel, and registers it as a version
   * of `model`. Idempotent by key. Returns the version number and where model.onnx lies.
   */
  registerModel(
    request: RegisterRequest,
  ): Promise<{ readonly version: ModelVersion; readonly modelId: string; readonly artifactUri: string }>;
  /** Downloads model.onnx. */
  fetchModel(artifactUri: string): Promise<Uint8Array>;
  /** Sets alias → version, and removes those mapped to null. Reports aliases that somebody had moved by hand. */
  projectAliases(
    model: ModelName,
    aliases: Readonly<Partial<Record<'champion' | 'challenger' | 'previous', ModelVersion | null>>>,
    expected?: Readonly<Record<string, ModelVersion | null>>,
  ): Promise<{ readonly movedByHand: readonly string[] }>;
  getAliases(model: ModelName): Promise<Readonly<Record<string, ModelVersion>>>;
  setVersionTag(model: ModelName, version: ModelVersion, key: string, value: string): Promise<void>;
}

export interface RegisterRequest {
  readonly key: string;
  readonly model: ModelName;
  readonly experiment: string;
  readonly runId: string | null;
  readonly onnx: Uint8Array;
  readonly contract: ModelContract;
  readonly tags: Readonly<Record<string, string>>;
  readonly description: string;
  /** Further files beside MLmodel, e.g. ratchet-manifest.json. */
  readonly files?: Readonly<Record<string, Uint8Array | string>>;
}

// ---------------------------------------------------------------- gateways as seen by workflows

/** Gateways report what they have loaded, checked with golden rows and warmed. */
export interface GatewayStatusStore {
  report(
    gateway: string,
    versions: readonly {
      readonly model: ModelName;
      readonly version: ModelVersion;
      readonly state: 'ready' | 'failed';
      readonly error: string | null;
    }[],
    appliedGenerations: Readonly<Record<ModelName, number>>,
    ttlMs: number,
  ): Promise<void>;
  /** Live gateways (reported within their TTL) and their state for a version. */
  readiness(
    model: ModelName,
    version: ModelVersion,
  ): Promise<
    readonly {
      readonly gateway: string;
      readonly state: 'ready' | 'failed' | 'absent';
      readonly error: string | null;
      readonly appliedGeneration: number | null;
    }[]
  >;
  /** Asks gateways to load a version before any weight. Idempotent. */
  requestLoad(model: ModelName, version: ModelVersion): Promise<void>;
  /** Versions that were asked for and are not in a route (gateways load them too). */
  requestedLoads(): Promise<readonly { readonly model: ModelName; readonly version: ModelVersion }[]>;
  cancelLoad(model: ModelName, version: ModelVersion): Promise<void>;
}

// ---------------------------------------------------------------- people

export interface Notification {
  /** Stable: a receiver can drop duplicates. */
  readonly id: string;
  readonly kind:
    | 'approvalWanted'
    | 'approvalReminder'
    | 'incidentOpened'
    | 'incidentClosed'
    | 'rolledBack'
    | 'promoted'
    | 'dataInvalid'
    | 'heldForHuman'
    | 'deployDeadlineMissed';
  readonly model: ModelName;
  readonly version: ModelVersion | null;
  readonly title: string;
  readonly text: string;
  readonly at: EpochMs;
  readonly links: Readonly<Record<string, string>>;
}

export interface Notifier {
  /** Rejects RATCHET_NOTIFY_FAILED when a channel did not take it. */
  notify(notification: Notification, channels: Policy['notifications']): Promise<void>;
}

// ---------------------------------------------------------------- Temporal as seen by activities

export interface WorkflowGateway {
  /** signalWithStart of `model/<name>` with an evaluation. */
  reportEvaluation(model: ModelName, report: EvaluationReport): Promise<void>;
  /** signalWithStart of `model/<name>`: triggers wait in its inbox. Carries nothing; once too often does no harm. */
  nudgeModel(model: ModelName): Promise<void>;
  /** 'running' | 'closed' | 'missing' (closed covers completed, failed, terminated, cancelled). */
  describe(
    workflowId: string,
    runId?: string,
  ): Promise<{
    readonly state: 'running' | 'closed' | 'missing';
    readonly status: string;
    readonly runId: string | null;
  }>;
}

// ---------------------------------------------------------------- reports

export interface ReportRenderer {
  /** One HTML file, readable offline. */
  renderRetrain(data: RetrainReportData): Promise<string>;
  renderRollout(data: RolloutReportData): Promise<string>;
  /** Below 200 KB whatever the number of features: the leading ones are drawn, the others stand in a table. */
  renderDrift(data: DriftReportData): Promise<string>;
  /** Plots for the run page, SVG by file name. */
  renderPlots(data: RetrainReportData): Promise<Readonly<Record<string, string>>>;
}

export interface RetrainReportData {
  readonly model: ModelName;
  readonly version: ModelVersion | null;
  readonly workflowId: string;
  readonly outcome: string;
  readonly at: EpochMs;
  readonly reason: string;
  readonly snapshot: Snapshot | null;
  readonly trials: readonly FinishedTrial[];
  readonly gate: Readonly<Record<string, unknown>> | null;
  readonly gateReasons: readonly Reason[];
  readonly importance: Readonly<Record<string, number>>;
  /** The drift measurement that caused it, if any. */
  readonly drift: Readonly<Record<string, unknown>> | null;
  /** Held-out truth and scores of champion and candidate, for ROC / residuals. */
  readonly holdout: {
    readonly truth: readonly string[];
    readonly candidate: readonly number[];
    readonly champion: readonly number[] | null;
  } | null;
  /** Of the contract: decides between ROC, residuals and neither. Left out: guessed from the held-out rows. */
  readonly classes?: readonly string[];
}

export interface RolloutReportData {
  readonly model: ModelName;
  readonly version: ModelVersion;
  readonly champion: ModelVersion;
  readonly workflowId: string;
  readonly outcome: string;
  readonly at: EpochMs;
  readonly decisions: readonly DecisionRecord[];
  readonly segments: readonly Segment[];
  readonly reasons: readonly Reason[];
}

export type { Blessing, FeatureValue };
