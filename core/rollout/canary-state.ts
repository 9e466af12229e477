/**
 * The state of a canary and what may happen to it: plain JSON, carried through continue-as-new. The map of states is in
 * decide-step.ts.
 */
import type { Decision } from '../messages';
import type { EpochMs, ModelVersion } from '../model';
import type { Reason } from '../verdict';
import type { CanaryJudgement } from './judge-canary';

/** Every phase, in the order of the map in decide-step.ts. */
export const CANARY_PHASES = ['step', 'awaitingApproval', 'paused', 'held', 'ended'] as const;
export type CanaryPhase = (typeof CANARY_PHASES)[number];

/** Why the machine stopped advancing by itself. */
export const HOLD_CAUSES = ['sampleRatio', 'noTraffic', 'measureErrors', 'inconclusive', 'leaseLost'] as const;
export type HoldCause = (typeof HOLD_CAUSES)[number];

export type CanaryOutcome = 'promoted' | 'rolledBack' | 'aborted';

export interface CanaryState {
  readonly version: ModelVersion;
  /** Index into policy.steps; −1 before the first weight (an approval may come first). */
  readonly step: number;
  /** What the route must carry, basis points: 0 or the step's weight. */
  readonly weight: number;
  readonly stepStartedAt: EpochMs;
  /** Earliest and latest end of the step. They move on by the time spent paused or held. */
  readonly holdUntil: EpochMs;
  readonly maxHoldUntil: EpochMs;
  /** policy.onInconclusive extendOnce was used in this step. */
  readonly extended: boolean;
  /** The champion goes back to full weight then. Moves on by the time spent paused or awaiting approval. null before the first weight. */
  readonly deadlineAt: EpochMs | null;
  readonly paused: { readonly since: EpochMs; readonly actor: string; readonly reason: string } | null;
  readonly held: { readonly since: EpochMs; readonly cause: HoldCause; readonly reason: Reason } | null;
  readonly approval: CanaryApproval | null;
  /** A person agreed to the gate of this rollout: it is not asked again. */
  readonly approvedBy: string | null;
  /** A person resumed in spite of a sample ratio mismatch: it no longer holds (and still denies a pass). */
  readonly sampleRatioAcknowledged: boolean;
  /** Consecutive ticks without a measurement. */
  readonly measureErrors: number;
  /** Candidate requests at the last measurement and at the start of the step, and when they last grew. */
  readonly candidateRequests: number;
  readonly candidateRequestsAtStep: number;
  readonly lastTrafficAt: EpochMs;
  /** When each clock stopped; null while it runs. */
  readonly stepClockStoppedAt: EpochMs | null;
  readonly deadlineClockStoppedAt: EpochMs | null;
  /** Ids of the decisions taken: each counts once. The newest 100. */
  readonly decided: readonly string[];
  /** Gates that a person skipped, in words. */
  readonly skipped: readonly string[];
  readonly outcome: CanaryOutcome | null;
}

export interface CanaryApproval {
  /** Weight before which the person is asked, basis points. */
  readonly beforeWeight: number;
  readonly askedAt: EpochMs;
  readonly expiresAt: EpochMs;
  /** null: no reminder, or sent already. */
  readonly remindAt: EpochMs | null;
  /** Agreed while paused: takes effect on resume. */
  readonly approvedBy: string | null;
}

export const CANARY_MESSAGES = ['abort', 'promoteStep', 'promoteFull', 'pause', 'resume', 'approve', 'reject'] as const;
export type CanaryMessageKind = (typeof CANARY_MESSAGES)[number];

export interface CanaryMessage {
  readonly kind: CanaryMessageKind;
  readonly decision: Decision;
}

/** What one analysis tick brought. */
export interface CanaryTick {
  /** null: it could not measure. */
  readonly judgement: CanaryJudgement | null;
  /** `lost`: the renewal was refused because the lease had ended. `notTried`: it could not measure, or the weight is 0. */
  readonly lease: 'renewed' | 'lost' | 'notTried';
}

export interface CanaryInputs {
  readonly now: EpochMs;
  /** null: woken by a message or a timer, no tick. */
  readonly tick: CanaryTick | null;
  /** Since the last decision, in the order of arrival. */
  readonly messages: readonly CanaryMessage[];
}

export type CanaryActionKind =
  'continue' | 'advance' | 'promote' | 'rollback' | 'abort' | 'hold' | 'askApproval' | 'remind';

/** What the workflow executes once. After every action it makes the route carry `weight`. */
export interface CanaryAction {
  readonly kind: CanaryActionKind;
  readonly weight: number;
  readonly reason: Reason;
  /** All reasons, the deciding one first. */
  readonly reasons: readonly Reason[];
  /** When to decide again at the latest, besides ticks and messages; null: only those. */
  readonly nextDeadline: EpochMs | null;
  /** promote: gates that a person skipped, in words. */
  readonly skipped: readonly string[];
  /** The decision that caused it, for the record. */
  readonly decision: Decision | null;
}

export interface RefusedMessage {
  readonly kind: CanaryMessageKind;
  readonly id: string;
  readonly refusal: Refusal;
}

/** Why a message does not count. `code` is one of core/error-codes.ts. */
export interface Refusal {
  readonly code:
    | 'RATCHET_DECISION_STALE'
    | 'RATCHET_DECISION_DUPLICATE'
    | 'RATCHET_DECISION_NOT_AWAITED'
    | 'RATCHET_DECISION_IMPOSSIBLE'
    | 'RATCHET_DECISION_FORBIDDEN';
  readonly message: string;
}

export interface CanaryStepDecision {
  readonly state: CanaryState;
  readonly action: CanaryAction;
  /** Messages that did not count, with the reason. */
  readonly refused: readonly RefusedMessage[];
}
