/** The state of `model/<name>`: plain JSON, carried over continue-as-new. */
import { startBreaches, type BreachState } from '../core/trigger/breaches';
import { triggerSettings } from '../core/trigger/settings';
import { NO_TRIGGERS, type PendingTriggers } from '../core/trigger/triggers';
import type { ChildReport, EvaluationReport, ModelStatus, RollbackRequest, RolloutRequest } from '../core/messages';
import type { EpochMs, ModelName, ModelVersion } from '../core/model';
import type { Policy } from '../core/policy';
import type { InboxTrigger } from '../core/ports';
import type { Reason } from '../core/verdict';
import { triggerAnswer } from './model-triggers';

/** A version that waits for its rollout. Retrainings that wait are merged into one (core/trigger/triggers.ts). */
export interface WantedRollout {
  readonly kind: 'shadowTest' | 'canary';
  readonly version: ModelVersion;
  readonly actor: string;
  readonly reason: string;
}

export interface ActiveChild {
  readonly kind: ChildReport['kind'];
  readonly workflowId: string;
  readonly runId: string;
  readonly version: ModelVersion | null;
  readonly startedAt: EpochMs;
}

export interface ModelState {
  policy: Policy;
  breaches: BreachState;
  incident: { readonly id: string; readonly openedAt: EpochMs; readonly reasons: readonly Reason[] } | null;
  cooldownUntil: EpochMs | null;
  automationPaused: boolean;
  active: ActiveChild | null;
  /** Triggers that wait for a retraining: merged, none lost (I4). */
  triggers: PendingTriggers;
  rollouts: WantedRollout[];
  /** Taken and not yet worked on. */
  evaluations: EvaluationReport[];
  ended: ChildReport[];
  rollbacks: RollbackRequest[];
  /** `batch`: triggers that are taken together go into one retraining. */
  counters: { retrain: number; rollback: number; incident: number; batch: number };
  lastOutcome: ChildReport | null;
  lastEvaluation: EvaluationReport | null;
  ageCheckedAt: EpochMs;
  seen: string[];
  /** Somebody said that triggers wait in the inbox. */
  inboxWaiting: boolean;
  /** Came by message, merged, not yet written to the inbox; `by`: the batch it belongs to. */
  unrecorded: { readonly by: string; readonly trigger: InboxTrigger }[];
  /** Batches whose retraining is known and not yet written to the inbox. */
  attributions: { readonly from: string; readonly to: string }[];
  /** When retrainings started in the last 24 h, for the daily budget. */
  starts: EpochMs[];
  /** What keeps the waiting triggers from starting, as an activity found it. */
  hold: { readonly until: EpochMs; readonly reason: Reason } | null;
  /** Training data of the last retraining that was judged. */
  lastSnapshot: { readonly digest: string; readonly to: EpochMs } | null;
  /** The last retraining that this model started. */
  lastRetrain: string | null;
  dataCheckedAt: EpochMs;
  /** Event time up to which arrived data have been a trigger already. */
  dataSeenTo: EpochMs | null;
  /** When the open incident began, real time, and whether its deadline has been told. */
  incidentSince: EpochMs | null;
  deadlineTold: boolean;
  /** A message changed what the next look depends on: the loop takes another turn. */
  woken: boolean;
}

/**
 * The state as it is at the start, with what was carried over continue-as-new laid over it: a state that was carried before a
 * field existed gets that field's beginning.
 */
export function stateFrom(carried: Partial<ModelState> & { readonly policy: Policy }, now: EpochMs): ModelState {
  return {
    incident: null,
    cooldownUntil: null,
    automationPaused: false,
    active: null,
    rollouts: [],
    evaluations: [],
    ended: [],
    rollbacks: [],
    lastOutcome: null,
    lastEvaluation: null,
    ageCheckedAt: now,
    seen: [],
    inboxWaiting: false,
    unrecorded: [],
    attributions: [],
    starts: [],
    hold: null,
    lastSnapshot: null,
    lastRetrain: null,
    dataCheckedAt: now,
    dataSeenTo: null,
    deadlineTold: false,
    woken: false,
    ...carried,
    incidentSince: carried.incidentSince ?? (carried.incident == null ? null : now),
    breaches: carried.breaches ?? startBreaches(null),
    triggers: { ...NO_TRIGGERS, ...carried.triggers },
    counters: { ...{ retrain: 0, rollback: 0, incident: 0, batch: 0 }, ...carried.counters },
  };
}

/** When the open incident must be answered by a deployment; null: no incident, or no deadline. */
export function deployDeadline(state: ModelState): EpochMs | null {
  const { deployDeadlineMs } = triggerSettings(state.policy);
  return state.incidentSince === null || deployDeadlineMs === null ? null : state.incidentSince + deployDeadlineMs;
}

export const PHASE_OF: Readonly<Record<ChildReport['kind'], ModelStatus['phase']>> = {
  retrain: 'retraining',
  shadowTest: 'shadowing',
  canary: 'canary',
  rollback: 'rollingBack',
};

export function enqueueRollout(
  state: ModelState,
  request: Pick<RolloutRequest, 'version' | 'actor' | 'reason'>,
  alreadyShadowed: boolean,
): void {
  const kind = state.policy.shadow === null || alreadyShadowed ? 'canary' : 'shadowTest';
  if (state.rollouts.some((w) => w.version === request.version)) return;
  state.rollouts.push({ kind, version: request.version, actor: request.actor, reason: request.reason });
}

export function statusOf(model: ModelName, state: ModelState): ModelStatus {
  const answer = triggerAnswer(state, Date.now());
  return {
    model,
    phase: state.active === null ? (state.automationPaused ? 'paused' : 'watching') : PHASE_OF[state.active.kind],
    automationPaused: state.automationPaused,
    incident: state.incident,
    active:
      state.active === null
        ? null
        : { kind: state.active.kind, workflowId: state.active.workflowId, version: state.active.version },
    cooldownUntil: state.cooldownUntil,
    pendingTriggers: state.triggers.count,
    deployDeadline: deployDeadline(state),
    held: answer.action === 'record' ? { until: answer.until, reason: answer.reason } : null,
    breaches: state.breaches.evaluations.map((e) => ({ windowEnd: e.windowEnd, breached: e.breached })),
    lastOutcome: state.lastOutcome,
    policy: state.policy,
  };
}
