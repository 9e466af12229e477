/**
 * What a model is to Ratchet: its name, its versions, the rows it takes and the answers it gives.
 * Every type here is plain JSON, so it may cross HTTP, workflow history and PostgreSQL unchanged.
 */

/** Milliseconds since 1970-01-01T00:00:00Z. Event time or real time: the field's comment says which. */
export type EpochMs = number;

/** A registered model's name, `[a-z0-9][a-z0-9_-]{0,62}`. The same in MLflow, PostgreSQL and on the gateway. */
export type ModelName = string;

/** A version as the registry numbers it, a decimal string ("1", "2", …). */
export type ModelVersion = string;

export type Task = 'binary' | 'multiclass' | 'regression';

/** A raw feature value. `null` means missing; NaN and infinities never get this far. */
export type FeatureValue = number | string | null;

export interface FeatureSpec {
  readonly name: string;
  readonly kind: 'number' | 'string';
}

/** What a version takes and returns. Stored with the version and checked before it serves. */
export interface ModelContract {
  readonly task: Task;
  /** In input order. */
  readonly features: readonly FeatureSpec[];
  /** `columns`: one rank-1 input `[N]` a feature. `matrix`: one `[N, F]` float input (all features numeric). */
  readonly layout: 'columns' | 'matrix';
  /** Class names in the order of the probabilities; empty for regression. Binary: [negative, positive]. */
  readonly classes: readonly string[];
  /** Binary only: the label is positive when probability >= threshold. */
  readonly threshold: number;
}

/** One answer. */
export interface PredictionValue {
  /** Binary: probability of the positive class. Multiclass: the largest probability. Regression: the value. */
  readonly score: number;
  /** The class name; null for regression. */
  readonly label: string | null;
  /** Multiclass only, in the order of `contract.classes`. */
  readonly probabilities: readonly number[] | null;
}

/** Rows by column. Every array has the same length. Numbers are doubles here, float32 at the model. */
export interface FeatureColumns {
  readonly rows: number;
  readonly columns: Readonly<Record<string, readonly FeatureValue[]>>;
}

/** Rows with known answers that a version must reproduce before it takes traffic. */
export interface GoldenRows {
  readonly features: FeatureColumns;
  /** What the trainer's own model answered: score a row. */
  readonly scores: readonly number[];
  readonly labels: readonly (string | null)[];
}

/** What must be recorded for a version before it serves in full (DESIGN I1). */
export const BLESSINGS = ['evaluated', 'parity', 'infra', 'fairness', 'shadowed', 'approved'] as const;
export type Blessing = (typeof BLESSINGS)[number];

/** `earned`: by our own check. `vouched`: the trainer says so and the policy allows it. `waived`: a person took it on themselves. */
export interface BlessingRecord {
  readonly blessing: Blessing;
  readonly how: 'earned' | 'vouched' | 'waived';
  readonly actor: string;
  readonly reason: string;
  readonly at: EpochMs;
}

/** A version as PostgreSQL knows it: the truth that MLflow's registry is a projection of. */
export interface VersionRecord {
  readonly model: ModelName;
  readonly version: ModelVersion;
  /** SHA-256 of model.onnx, hex: the name under which gateways fetch, verify and cache it. */
  readonly sha256: string;
  /** Where the file is, e.g. `mlflow-artifacts:/1/models/m-…/artifacts/model.onnx`. */
  readonly artifactUri: string;
  readonly contract: ModelContract;
  readonly golden: GoldenRows;
  /** Metrics on the gate's holdout, e.g. { logLoss: 0.301, auc: 0.846 }: the bound of the performance rule. */
  readonly holdoutMetrics: Readonly<Record<string, number>>;
  /** Frozen distribution of the training data (core/drift), or null when unknown (adopted without one). */
  readonly referenceProfile: import('./drift/profile').ReferenceProfile | null;
  readonly mlflow: { readonly runId: string | null; readonly modelId: string | null };
  readonly blessings: readonly BlessingRecord[];
  readonly createdAt: EpochMs;
  /** Who made it: a retrain workflow's id, or an actor for an adopted one. */
  readonly origin: string;
}
