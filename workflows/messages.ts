/** Signals, updates and queries. Names and payloads: core/messages.ts. Every decision exists as update and as signal. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import {
  NAMES,
  signalName,
  type Accepted,
  type ChildReport,
  type Decision,
  type EvaluationReport,
  type ModelStatus,
  type PauseRequest,
  type RetrainRequest,
  type RollbackRequest,
  type RolloutRequest,
  type RolloutStatus,
} from '../core/messages';
import type { PolicyOrRaw } from '../core/workflow-io';

/** Decisions about a rollout: taken by `canary` and `shadowTest`; `model` forwards the signals. */
export const DECISIONS = ['approve', 'reject', 'pause', 'resume', 'promoteStep', 'promoteFull', 'abort'] as const;
export type DecisionKind = (typeof DECISIONS)[number];

export const decisionUpdates = Object.fromEntries(
  DECISIONS.map((kind) => [kind, defineUpdate<Accepted, [Decision]>(NAMES[kind])]),
) as Record<DecisionKind, ReturnType<typeof defineUpdate<Accepted, [Decision]>>>;

export const decisionSignals = Object.fromEntries(
  DECISIONS.map((kind) => [kind, defineSignal<[Decision]>(signalName(kind))]),
) as Record<DecisionKind, ReturnType<typeof defineSignal<[Decision]>>>;

export const retrainUpdate = defineUpdate<Accepted, [RetrainRequest]>(NAMES.retrain);
export const retrainSignal = defineSignal<[RetrainRequest]>(signalName('retrain'));
export const rolloutUpdate = defineUpdate<Accepted, [RolloutRequest]>(NAMES.rollout);
export const rolloutSignal = defineSignal<[RolloutRequest]>(signalName('rollout'));
export const rollbackUpdate = defineUpdate<Accepted, [RollbackRequest]>(NAMES.rollback);
export const rollbackSignal = defineSignal<[RollbackRequest]>(signalName('rollback'));
export const pauseAutomationUpdate = defineUpdate<Accepted, [PauseRequest]>(NAMES.pauseAutomation);
export const pauseAutomationSignal = defineSignal<[PauseRequest]>(signalName('pauseAutomation'));
export const resumeAutomationUpdate = defineUpdate<Accepted, [PauseRequest]>(NAMES.resumeAutomation);
export const resumeAutomationSignal = defineSignal<[PauseRequest]>(signalName('resumeAutomation'));

export interface SetPolicyRequest {
  readonly id: string;
  readonly policy: PolicyOrRaw;
  readonly actor: string;
  readonly reason: string;
}
export const setPolicyUpdate = defineUpdate<Accepted, [SetPolicyRequest]>(NAMES.setPolicy);
export const setPolicySignal = defineSignal<[SetPolicyRequest]>(signalName('setPolicy'));

/** From driftCheck's last activity, by signal-with-start. */
export const evaluationSignal = defineSignal<[EvaluationReport]>(signalName('evaluation'));
/** Triggers wait in the inbox. No payload: it may be sent once for many, and too often. */
export const triggersWaitingSignal = defineSignal(signalName('triggersWaiting'));
/** From a child that ends. */
export const childEndedSignal = defineSignal<[ChildReport]>(signalName('childEnded'));

export const modelStatusQuery = defineQuery<ModelStatus>(NAMES.status);
export const rolloutStatusQuery = defineQuery<RolloutStatus>(NAMES.status);
