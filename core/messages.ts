/**
 * What people and other services say to running workflows. The same payload travels as update and as signal
 * (DESIGN §4); names are in NAMES so that the client, the CLI and the workflows cannot disagree.
 */
import type { EpochMs, ModelName, ModelVersion } from './model';
import type { Policy } from './policy';
import type { Reason } from './verdict';

/** A decision by a person or a service. `id` is the update id and makes it count once. */
export interface Decision {
  readonly id: string;
  /** The version it speaks of; a decision about another version is stale. */
  readonly version: ModelVersion;
  readonly actor: string;
  readonly reason: string;
  /** Optional: the step (0-based) it speaks of. */
  readonly step?: number;
}

/** A request to `model` to retrain, by hand or by a check. */
export interface RetrainRequest {
  readonly id: string;
  readonly actor: string;
  readonly reason: string;
  /** true: a person asked; runs even in cooldown and without an incident. */
  readonly manual: boolean;
  /** Overrides policy.data.lookbackMs for this retraining. */
  readonly lookbackMs?: number;
  /** Event time the retraining speaks of (end of the window that fired); default: the watermark. */
  readonly asOf?: EpochMs;
}

/** A version trained elsewhere enters a rollout (`ratchet rollout --version`). */
export interface RolloutRequest {
  readonly id: string;
  readonly version: ModelVersion;
  readonly actor: string;
  readonly reason: string;
}

export interface RollbackRequest {
  readonly id: string;
  readonly actor: string;
  readonly reason: string;
}

export interface PauseRequest {
  readonly id: string;
  readonly actor: string;
  readonly reason: string;
}

/** What a drift check reports to `model`. An evaluation counts once: its key is model version and window. */
export interface EvaluationReport {
  readonly version: ModelVersion;
  readonly windowStart: EpochMs;
  readonly windowEnd: EpochMs;
  readonly breached: boolean;
  /** Worst effect over features: shown as RatchetDriftScore. */
  readonly driftScore: number | null;
  readonly reasons: readonly Reason[];
  /** 1 for the first (or left out); a recomputation after late labels has the next number and replaces the former one. */
  readonly revision?: number;
  /**
   * Digest of the reference profile it was measured against; null: the version has none in the store. Left out: unknown, as in
   * reports of before there was the field. Evaluations against different references do not add up to a trigger.
   */
  readonly reference?: string | null;
  /** false: too few rows or labels for a verdict. Such a window is shown and counts for nothing: it neither breaches nor clears. */
  readonly judged?: boolean;
}

/** What retrain, shadowTest, canary and rollback report to `model` when they end. */
export interface ChildReport {
  readonly kind: 'retrain' | 'shadowTest' | 'canary' | 'rollback';
  readonly workflowId: string;
  readonly runId: string;
  readonly version: ModelVersion | null;
  readonly outcome: string;
  readonly reasons: readonly Reason[];
  /** retrain only: the training data it judged. Left out: none were taken, or the training failed. */
  readonly snapshot?: { readonly digest: string; readonly to: EpochMs };
}

/** Names of handlers, the same for update and signal where both exist (the signal has the suffix). */
export const NAMES = {
  approve: 'approve',
  reject: 'reject',
  pause: 'pause',
  resume: 'resume',
  promoteStep: 'promoteStep',
  promoteFull: 'promoteFull',
  abort: 'abort',
  retrain: 'retrain',
  rollout: 'rollout',
  rollback: 'rollback',
  setPolicy: 'setPolicy',
  pauseAutomation: 'pauseAutomation',
  resumeAutomation: 'resumeAutomation',
  evaluation: 'evaluation',
  childEnded: 'childEnded',
  triggersWaiting: 'triggersWaiting',
  status: 'status',
} as const;
/** Signal twins: `approveSignal` carries the payload of the update `approve`. */
export const signalName = (name: keyof typeof NAMES): string => `${NAMES[name]}Signal`;

/** An update's answer. */
export interface Accepted {
  readonly id: string;
  readonly accepted: true;
  readonly message: string;
}

/** Answer of the query `status` of `model`. */
export interface ModelStatus {
  readonly model: ModelName;
  readonly phase: 'watching' | 'retraining' | 'shadowing' | 'canary' | 'rollingBack' | 'paused';
  readonly automationPaused: boolean;
  readonly incident: { readonly id: string; readonly openedAt: EpochMs; readonly reasons: readonly Reason[] } | null;
  /** The child that runs, whose id takes the rollout's messages. */
  readonly active: {
    readonly kind: ChildReport['kind'];
    readonly workflowId: string;
    readonly version: ModelVersion | null;
  } | null;
  readonly cooldownUntil: EpochMs | null;
  readonly pendingTriggers: number;
  /** Why the waiting triggers start nothing yet, and until when; null when nothing holds them back. */
  readonly held?: { readonly until: EpochMs | null; readonly reason: Reason } | null;
  /** When the open incident is to be answered by a deployment; null: no incident, or no deadline. */
  readonly deployDeadline?: EpochMs | null;
  readonly breaches: readonly { readonly windowEnd: EpochMs; readonly breached: boolean }[];
  readonly lastOutcome: ChildReport | null;
  readonly policy: Policy;
}

/** Answer of the query `status` of `shadowTest` and `canary`. */
export interface RolloutStatus {
  readonly model: ModelName;
  readonly version: ModelVersion;
  readonly champion: ModelVersion;
  readonly phase: 'starting' | 'shadow' | 'step' | 'awaitingApproval' | 'paused' | 'held' | 'watching' | 'ended';
  /** 0-based; -1 before the first. */
  readonly step: number;
  readonly weight: number;
  readonly nextDeadline: EpochMs | null;
  readonly needsHuman: boolean;
  readonly lastReasons: readonly Reason[];
  readonly outcome: string | null;
}
