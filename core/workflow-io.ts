/** Inputs and results of the workflows: plain JSON, with a JSON Schema each in docs/reference. */
import type { EpochMs, ModelName, ModelVersion } from './model';
import type { Policy } from './policy';
import type { Reason } from './verdict';

/** Raw or resolved: a start from the command line gives the raw one, and the first activity resolves it. */
export type PolicyOrRaw = Policy | Readonly<Record<string, unknown>>;

export interface ModelInput {
  readonly model: ModelName;
  /** Left out: read from PostgreSQL by the first activity. */
  readonly policy?: PolicyOrRaw;
  /** Set by continue-as-new only. */
  readonly state?: unknown;
}

export interface DriftCheckInput {
  readonly model: ModelName;
}
export interface DriftCheckResult {
  readonly outcome: 'noWindow' | 'noDrift' | 'warn' | 'breach' | 'insufficient' | 'dataInvalid';
  readonly version: ModelVersion | null;
  readonly windowStart: EpochMs | null;
  readonly windowEnd: EpochMs | null;
  readonly driftedFeatures: readonly string[];
  readonly reasons: readonly Reason[];
}

export interface RetrainInput {
  readonly model: ModelName;
  readonly reason: string;
  readonly actor: string;
  readonly lookbackMs?: number;
  /** Event time; left out: the watermark. */
  readonly asOf?: EpochMs;
  /** The training data of the last retraining that was judged: the same again end this one as `unchanged`. Left out: not compared. */
  readonly unchangedDigest?: string;
  /** Left out: read from PostgreSQL. */
  readonly policy?: PolicyOrRaw;
}
export interface RetrainResult {
  /** `champion`: the model had none, so the version that passed the gate serves at once (its missing blessings are waived by the caller's name). */
  readonly outcome: 'challenger' | 'champion' | 'refused' | 'dataInvalid' | 'failed' | 'unchanged';
  readonly version: ModelVersion | null;
  readonly reasons: readonly Reason[];
  readonly snapshotDigest: string | null;
  readonly mlflowRunId: string | null;
}

export interface RolloutInput {
  readonly model: ModelName;
  readonly version: ModelVersion;
  readonly actor: string;
  readonly reason: string;
  readonly policy?: PolicyOrRaw;
  /** Set by continue-as-new only. */
  readonly state?: unknown;
}
export interface RolloutResult {
  readonly outcome:
    | 'passed' // shadowTest: every certificate is in
    | 'promoted'
    | 'rolledBack'
    | 'aborted'
    | 'failed' // shadowTest: worse, or errors
    | 'inconclusive'
    | 'refused'; // never started: a blessing or the claim is missing
  readonly version: ModelVersion;
  /** Why it ended so, e.g. code `guardrail.wrong`, `deadline`, `leaseLost`, `approval.expired`. */
  readonly reasons: readonly Reason[];
}

export interface RollbackInput {
  readonly model: ModelName;
  readonly actor: string;
  readonly reason: string;
  /**
   * The version to take away; when it serves no more by then, nothing is changed. Left out: the canary that has traffic,
   * else the champion.
   */
  readonly of?: ModelVersion;
}
export interface RollbackResult {
  readonly outcome: 'rolledBack' | 'refused';
  readonly from: ModelVersion | null;
  readonly to: ModelVersion | null;
  readonly reasons: readonly Reason[];
}
