/** The state of `model/<name>`: plain JSON, carried over continue-as-new. */
import type { BreachState } from '../core/trigger/breaches';
import type { PendingTriggers } from '../core/trigger/triggers';
import type { ChildReport, EvaluationReport, ModelStatus, RollbackRequest, RolloutRequest } from '../core/messages';
import type { EpochMs, ModelName, ModelVersion } from '../core/model';
import type { Policy } from '../core/policy';
import type { Reason } from '../core/verdict';

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
  counters: { retrain: number; rollback: number; incident: number };
  lastOutcome: ChildReport | null;
  lastEvaluation: EvaluationReport | null;
  ageCheckedAt: EpochMs;
  seen: string[];
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
    breaches: state.breaches.evaluations.map((e) => ({ windowEnd: e.windowEnd, breached: e.breached })),
    lastOutcome: state.lastOutcome,
    policy: state.policy,
  };
}
