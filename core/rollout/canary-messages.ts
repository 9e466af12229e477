/**
 * What people say to a canary: which messages count, and what they do to its state. Pure and synchronous, so the same
 * function serves an update's validator and a signal's handler.
 */
import { assertNever } from '../errors';
import type { Decision } from '../messages';
import type { EpochMs } from '../model';
import type { RolloutPolicy } from '../policy';
import { weightText } from './number-text';
import { gateAhead, stepAt } from './canary-plan';
import type { CanaryMessage, CanaryState, Refusal, RefusedMessage } from './canary-state';

/** How many decision ids are remembered. */
const REMEMBERED_IDS = 100;

/**
 * Why this message does not count now; null: it does. Refused are: a repeated id, another version, another step, an approval
 * that nobody asked for or that comes after its expiry, an actor whom the policy does not name, and what the phase does not allow.
 */
export function refuseMessage(
  state: CanaryState,
  message: CanaryMessage,
  policy: RolloutPolicy,
  now: EpochMs,
): Refusal | null {
  const { kind, decision } = message;
  if (state.decided.includes(decision.id)) {
    return refusal('RATCHET_DECISION_DUPLICATE', `decision ${decision.id} was taken already; the first one counts`);
  }
  if (decision.version !== state.version) {
    return refusal(
      'RATCHET_DECISION_STALE',
      `${kind} speaks of version ${decision.version}, this rollout is of version ${state.version}`,
    );
  }
  if (state.outcome !== null) {
    return refusal('RATCHET_DECISION_STALE', `${kind} comes too late: the rollout has ended (${state.outcome})`);
  }
  if (decision.step !== undefined && decision.step !== state.step) {
    return refusal(
      'RATCHET_DECISION_STALE',
      `${kind} speaks of step ${decision.step}, the rollout is at step ${state.step}`,
    );
  }
  return refuseInPhase(state, message, policy, now);
}

function refuseInPhase(
  state: CanaryState,
  { kind, decision }: CanaryMessage,
  policy: RolloutPolicy,
  now: EpochMs,
): Refusal | null {
  switch (kind) {
    case 'abort':
      return null;
    case 'pause':
      return state.paused === null ? null : impossible(`the rollout is paused already, by ${state.paused.actor}`);
    case 'resume':
      return state.paused !== null || state.held !== null
        ? null
        : impossible('the rollout is neither paused nor held: there is nothing to resume');
    case 'approve':
    case 'reject': {
      if (state.approval === null) {
        return refusal('RATCHET_DECISION_NOT_AWAITED', `no approval is awaited at step ${state.step}`);
      }
      if (state.approval.approvedBy !== null) {
        return refusal('RATCHET_DECISION_STALE', `the gate was approved already, by ${state.approval.approvedBy}`);
      }
      // While paused the expiry stands still, so it cannot be judged by the time.
      if (state.paused === null && now >= state.approval.expiresAt) {
        return refusal('RATCHET_DECISION_STALE', `the approval expired at ${state.approval.expiresAt}`);
      }
      return forbidden(policy, decision);
    }
    case 'promoteStep':
      if (state.paused !== null) return impossible('the rollout is paused: resume it first, or promoteFull');
      if (state.approval !== null) return impossible('the rollout awaits an approval: approve or reject it');
      if (state.held?.cause === 'leaseLost') return impossible('the lease is lost: resume the step first');
      return null;
    case 'promoteFull':
      // It skips the approval too, so only those who may approve may do it.
      return state.approval !== null || gateAhead(state, policy) ? forbidden(policy, decision) : null;
    default:
      return assertNever(kind);
  }
}

function forbidden(policy: RolloutPolicy, { actor }: Decision): Refusal | null {
  const actors = policy.approval?.actors ?? [];
  if (actors.length === 0 || actors.includes(actor)) return null;
  return refusal('RATCHET_DECISION_FORBIDDEN', `${actor} may not decide; these may: ${actors.join(', ')}`);
}

const refusal = (code: Refusal['code'], message: string): Refusal => ({ code, message });
const impossible = (message: string): Refusal => refusal('RATCHET_DECISION_IMPOSSIBLE', message);

/** What the accepted messages ask for beyond a change of state; the decision ladder ranks them. */
export interface Intents {
  readonly abort: Decision | null;
  readonly reject: Decision | null;
  readonly promoteFull: Decision | null;
  /** One step on: promoteStep, or resume of an inconclusive hold. */
  readonly moveOn: Decision | null;
  readonly pause: Decision | null;
  readonly resume: Decision | null;
}

export interface TakenMessages {
  readonly state: CanaryState;
  readonly intents: Intents;
  readonly refused: readonly RefusedMessage[];
}

/** Takes messages in their order of arrival, each screened against the state that those before it left. */
export function takeMessages(
  state: CanaryState,
  messages: readonly CanaryMessage[],
  policy: RolloutPolicy,
  now: EpochMs,
): TakenMessages {
  let current = state;
  let intents: Intents = { abort: null, reject: null, promoteFull: null, moveOn: null, pause: null, resume: null };
  const refused: RefusedMessage[] = [];
  for (const message of messages) {
    const { kind, decision } = message;
    const why = refuseMessage(current, message, policy, now);
    if (why !== null) {
      refused.push({ kind, id: decision.id, refusal: why });
      continue;
    }
    current = { ...current, decided: [...current.decided, decision.id].slice(-REMEMBERED_IDS) };
    switch (kind) {
      case 'abort':
      case 'reject':
      case 'promoteFull':
        intents = { ...intents, [kind]: decision };
        break;
      case 'pause':
        current = { ...current, paused: { since: now, actor: decision.actor, reason: decision.reason } };
        intents = { ...intents, pause: decision };
        break;
      case 'approve':
        if (current.approval !== null) {
          current = { ...current, approval: { ...current.approval, approvedBy: decision.actor } };
        }
        break;
      case 'promoteStep':
        current = liftHold(current, policy, now);
        intents = { ...intents, moveOn: decision };
        break;
      case 'resume':
        if (current.paused !== null) current = unpause(current, now);
        else {
          if (current.held?.cause === 'inconclusive') intents = { ...intents, moveOn: decision };
          current = liftHold(current, policy, now);
        }
        intents = { ...intents, resume: decision };
        break;
      default:
        assertNever(kind);
    }
  }
  return { state: current, intents, refused };
}

/** Ends a pause. The approval's expiry stood still meanwhile; the step's clocks and the deadline are moved by settleClocks. */
function unpause(state: CanaryState, now: EpochMs): CanaryState {
  const stood = state.paused === null ? 0 : now - state.paused.since;
  const { approval } = state;
  return {
    ...state,
    paused: null,
    approval:
      approval === null
        ? null
        : {
            ...approval,
            expiresAt: approval.expiresAt + stood,
            remindAt: approval.remindAt === null ? null : approval.remindAt + stood,
          },
  };
}

/** A person takes the hold's cause on themselves: what led to it is counted afresh. */
function liftHold(state: CanaryState, policy: RolloutPolicy, now: EpochMs): CanaryState {
  if (state.held === null) return state;
  return {
    ...state,
    held: null,
    weight: stepAt(policy, state.step)?.weight ?? state.weight,
    measureErrors: 0,
    lastTrafficAt: now,
    sampleRatioAcknowledged: state.sampleRatioAcknowledged || state.held.cause === 'sampleRatio',
  };
}

/** The gates that a promoteFull skips, in words, for the record. */
export function gatesAhead(state: CanaryState, policy: RolloutPolicy): string[] {
  const names: string[] = [];
  if (state.held !== null) names.push(`hold: ${state.held.cause}`);
  policy.steps.forEach((step, index) => {
    if (index < state.step || index === policy.steps.length - 1) return;
    const rest = index === state.step ? 'rest of step' : 'step';
    names.push(`${rest} ${index + 1} (${weightText(step.weight)})`);
  });
  if (policy.approval !== null && state.approvedBy === null && (state.approval !== null || gateAhead(state, policy))) {
    names.push(`approval before ${weightText(policy.approval.beforeWeight)}`);
  }
  return names;
}
