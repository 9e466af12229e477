/**
 * What a canary does next: one pure function, so that the workflow only executes. It runs inside workflow code: no clock,
 * no statistics, no Math.exp or Math.log (their numbers arrive in a CanaryJudgement from an activity).
 *
 * MAP OF STATES (phaseOf; pinned by test/core/rollout/decide-step.test.ts). "Breach" is a guardrail that fired; every live
 * phase also exits by `abort` → ended (aborted) and by a breach → ended (rolledBack), whatever else it waits for.
 *
 * - step              Invariant: weight is the step's weight (0 at step −1); every clock runs. Entered by startCanary, advance, resume, approval.
 *                     Exits: evidence passes after minHold with minKeys and traffic in this step → next step, or awaitingApproval, or
 *                     ended (promoted); maxHold without it → policy.onInconclusive (held | once more | ended (rolledBack) | next step);
 *                     health → held or ended (rolledBack); pause → paused; deadline → ended (rolledBack).
 * - awaitingApproval  Invariant: the step's weight stays; analysis goes on; the overall deadline stands still. Entered before
 *                     policy.approval.beforeWeight. Exits: approve → next step or ended (promoted); reject → ended (rolledBack); expiry →
 *                     policy.approval.onExpiry, where promotion needs a passing measurement (else held); a reminder before; pause → paused; health → held.
 * - paused            A person said so. Invariant: the weight stays; analysis and lease go on; all clocks stand still.
 *                     Exits: resume → where it was; promoteFull → ended (promoted).
 * - held              The machine stopped by itself: sampleRatio, noTraffic, measureErrors, inconclusive, leaseLost. Invariant: the weight
 *                     stays (0 after leaseLost); the step's clock stands, the overall deadline runs. Exits: sampleRatio, noTraffic and
 *                     measureErrors end by themselves when their cause does; resume (inconclusive: one step on; leaseLost: weight back);
 *                     promoteStep, promoteFull; deadline → ended (rolledBack).
 * - ended             Terminal: promoted (weight 10000), rolledBack or aborted (weight 0). Every message is refused.
 *
 * LADDER of one decision, the first that applies wins: abort > guardrail > lease lost > reject > overall deadline > promoteFull,
 * promoteStep > health (measure errors, sample ratio, no traffic) > pause > hold > approval > timers. At most one step a decision: a
 * backlog of timed steps folds into one, because each step's clocks begin when it begins. Silence never advances:
 * without a fresh passing measurement and a renewed lease in this very decision, no timer moves the weight up.
 */
import { RatchetError } from '../errors';
import type { Decision } from '../messages';
import type { EpochMs, ModelVersion } from '../model';
import type { RolloutPolicy } from '../policy';
import type { Reason } from '../verdict';
import { nextDeadline, settleClocks } from './canary-clocks';
import { gatesAhead, takeMessages, type Intents } from './canary-messages';
import { FULL_WEIGHT, gateBeforeNext, nextStep, stepAt } from './canary-plan';
import type {
  CanaryAction,
  CanaryActionKind,
  CanaryInputs,
  CanaryPhase,
  CanaryState,
  CanaryStepDecision,
  CanaryTick,
  HoldCause,
} from './canary-state';
import { duration, weightText } from './number-text';

export function phaseOf(state: CanaryState): CanaryPhase {
  if (state.outcome !== null) return 'ended';
  if (state.paused !== null) return 'paused';
  if (state.held !== null) return 'held';
  return state.approval === null ? 'step' : 'awaitingApproval';
}

/** Is it a person's turn? True while awaiting approval and while held. */
export function needsHuman(state: CanaryState): boolean {
  return state.outcome === null && (state.held !== null || state.approval !== null);
}

/**
 * The first decision: enters step 1 (`advance`), asks for approval where even that needs one (`askApproval`), or, with a plan of
 * one step, promotes. Throws RATCHET_POLICY_INVALID for a plan that does not rise to 10000.
 */
export function startCanary(
  input: { readonly version: ModelVersion; readonly now: EpochMs },
  policy: RolloutPolicy,
): CanaryStepDecision {
  const { version, now } = input;
  requirePlan(policy);
  const state: CanaryState = {
    version,
    step: -1,
    weight: 0,
    stepStartedAt: now,
    holdUntil: now,
    maxHoldUntil: now,
    extended: false,
    deadlineAt: null,
    paused: null,
    held: null,
    approval: null,
    approvedBy: null,
    sampleRatioAcknowledged: false,
    measureErrors: 0,
    candidateRequests: 0,
    candidateRequestsAtStep: 0,
    lastTrafficAt: now,
    stepClockStoppedAt: null,
    deadlineClockStoppedAt: null,
    decided: [],
    skipped: [],
    outcome: null,
  };
  return conclude(
    moveOn(state, now, policy, [reason('rollout.start', `version ${version} starts its rollout`)]),
    now,
    [],
  );
}

/** One decision. Total: every state and input has an answer; an ended canary answers `continue` and refuses every message. */
export function decideStep(state: CanaryState, inputs: CanaryInputs, policy: RolloutPolicy): CanaryStepDecision {
  const { now, tick } = inputs;
  const taken = takeMessages(state, inputs.messages, policy, now);
  if (state.outcome !== null) {
    return conclude(
      stay(state, [reason('rollout.ended', `the rollout has ended: ${state.outcome}`)]),
      now,
      taken.refused,
    );
  }
  const settled = settleClocks(taken.state, now);
  const urgent =
    abortRung(settled, taken.intents) ??
    guardrailRung(settled, tick) ??
    leaseRung(settled, tick, now, policy) ??
    rejectRung(settled, taken.intents) ??
    deadlineRung(settled, now, policy) ??
    promoteRung(settled, taken.intents, now, policy);
  if (urgent !== null) return conclude(urgent, now, taken.refused);

  const health = checkHealth(settled, tick, now, policy);
  if (health.kind !== 'continue') return conclude(health, now, taken.refused);
  const healthy = settleClocks(health.state, now);
  const step =
    pauseRung(healthy, taken.intents) ??
    heldRung(healthy) ??
    approvalRung(healthy, tick, now, policy) ??
    timerRung(healthy, tick, now, policy);
  return conclude(step, now, taken.refused);
}

// ---------------------------------------------------------------- rungs of the ladder

interface Step {
  readonly state: CanaryState;
  readonly kind: CanaryActionKind;
  readonly reasons: readonly Reason[];
  readonly skipped?: readonly string[];
  readonly decision?: Decision;
}

function abortRung(state: CanaryState, { abort }: Intents): Step | null {
  if (abort === null) return null;
  return {
    state: { ...state, weight: 0, outcome: 'aborted' },
    kind: 'abort',
    reasons: [reason('abort', `aborted by ${abort.actor}: ${abort.reason}`)],
    decision: abort,
  };
}

function guardrailRung(state: CanaryState, tick: CanaryTick | null): Step | null {
  if (tick?.judgement?.verdict !== 'fail') return null;
  return rollback(state, tick.judgement.reasons);
}

function leaseRung(state: CanaryState, tick: CanaryTick | null, now: EpochMs, policy: RolloutPolicy): Step | null {
  if (tick?.lease !== 'lost' || state.weight === 0) return null;
  const why = reason('leaseLost', `the lease of ${duration(policy.leaseMs)} ended before it was renewed`);
  if (policy.onLeaseLost === 'rollback') return rollback(state, [why]);
  return hold({ ...state, weight: 0 }, 'leaseLost', [why], now);
}

function rejectRung(state: CanaryState, { reject }: Intents): Step | null {
  if (reject === null) return null;
  const why = reason('approval.rejected', `rejected by ${reject.actor}: ${reject.reason}`);
  return { ...rollback(state, [why]), decision: reject };
}

function deadlineRung(state: CanaryState, now: EpochMs, policy: RolloutPolicy): Step | null {
  if (state.deadlineAt === null || state.deadlineClockStoppedAt !== null || now < state.deadlineAt) return null;
  const at = `step ${state.step + 1} of ${policy.steps.length} (${weightText(state.weight)})`;
  const held = state.held === null ? '' : `, held: ${state.held.reason.text}`;
  return rollback(state, [
    reason('deadline', `not proven within ${duration(policy.deadlineMs)}: still at ${at}${held}`),
  ]);
}

function promoteRung(state: CanaryState, intents: Intents, now: EpochMs, policy: RolloutPolicy): Step | null {
  const full = intents.promoteFull;
  if (full !== null) {
    const skipped = gatesAhead(state, policy);
    const what = skipped.length === 0 ? 'nothing' : skipped.join('; ');
    const why = reason('promoteFull', `promoted by ${full.actor}: ${full.reason} (skipped: ${what})`);
    return { ...promote(state, policy, [why], skipped), decision: full };
  }
  const one = intents.moveOn;
  // A pause that arrived after it stops the step that it moved to, not the move.
  if (one === null) return null;
  const why = reason('promoteStep', `moved one step on by ${one.actor}: ${one.reason}`);
  return { ...moveOn(state, now, policy, [why]), decision: one };
}

function pauseRung(state: CanaryState, { pause }: Intents): Step | null {
  if (state.paused === null) return null;
  const why = reason('paused', `paused by ${state.paused.actor}: ${state.paused.reason}`);
  return pause === null ? stay(state, [why]) : { state, kind: 'hold', reasons: [why], decision: pause };
}

function heldRung(state: CanaryState): Step | null {
  return state.held === null ? null : stay(state, [state.held.reason]);
}

function approvalRung(state: CanaryState, tick: CanaryTick | null, now: EpochMs, policy: RolloutPolicy): Step | null {
  const { approval } = state;
  if (approval === null || policy.approval === null) return null;
  if (approval.approvedBy !== null) {
    const why = reason('approval.approved', `approved by ${approval.approvedBy}`);
    return moveOn({ ...state, approval: null, approvedBy: approval.approvedBy }, now, policy, [why]);
  }
  if (now >= approval.expiresAt) return expire(state, tick, now, policy);
  const left = duration(approval.expiresAt - now);
  const waiting = `approval before ${weightText(approval.beforeWeight)} is awaited, ${left} left`;
  if (approval.remindAt !== null && now >= approval.remindAt) {
    return {
      state: { ...state, approval: { ...approval, remindAt: null } },
      kind: 'remind',
      reasons: [reason('approval.reminder', waiting)],
    };
  }
  return stay(state, [reason('approval.awaited', waiting)]);
}

function expire(state: CanaryState, tick: CanaryTick | null, now: EpochMs, policy: RolloutPolicy): Step {
  const why = reason('approval.expired', `nobody approved within ${duration(policy.approval?.expiresMs ?? 0)}`);
  if (policy.approval?.onExpiry !== 'promote') return rollback(state, [why]);
  const closed: CanaryState = { ...state, approval: null };
  // Before the first weight there is nothing to measure; after it, silence must not promote.
  if (state.weight > 0 && (tick === null || tick.judgement === null)) {
    return stay(state, [why, reason('step.unmeasured', 'waits for a measurement before it goes on')]);
  }
  if (state.weight > 0 && tick?.judgement?.verdict !== 'pass') {
    const doubts = tick?.judgement?.reasons ?? [];
    const text = `${why.text}, and the last measurement does not pass`;
    return hold(closed, 'inconclusive', [reason('approval.expired', text), ...doubts], now);
  }
  return moveOn({ ...closed, approvedBy: 'policy.approval.onExpiry' }, now, policy, [why]);
}

function timerRung(state: CanaryState, tick: CanaryTick | null, now: EpochMs, policy: RolloutPolicy): Step {
  const missing = missingForAdvance(state, tick, now, policy);
  const judgement = tick?.judgement ?? null;
  if (missing.length === 0) {
    return moveOn(state, now, policy, [
      reason('step.passed', `step ${state.step + 1} (${weightText(state.weight)}) passed`),
      ...(judgement?.reasons ?? []),
    ]);
  }
  // What was not measured is not inconclusive: the tick after it tells, or measureErrors holds.
  if (now < state.maxHoldUntil || judgement === null || judgement.verdict === 'error') return stay(state, missing);
  return inconclusive(state, tick, missing, now, policy);
}

function inconclusive(
  state: CanaryState,
  tick: CanaryTick | null,
  missing: readonly Reason[],
  now: EpochMs,
  policy: RolloutPolicy,
): Step {
  const maxHoldMs = stepAt(policy, state.step)?.maxHoldMs ?? 0;
  const why = reason(
    'inconclusive',
    `step ${state.step + 1} (${weightText(state.weight)}) is inconclusive after ${duration(now - state.stepStartedAt)}`,
  );
  const reasons = [why, ...missing];
  switch (policy.onInconclusive) {
    case 'rollback':
      return rollback(state, reasons);
    case 'promote': {
      const seen = tick?.lease === 'renewed' && state.candidateRequests > state.candidateRequestsAtStep;
      const trusted = tick?.judgement?.srm.fired === false;
      return seen && trusted ? moveOn(state, now, policy, reasons) : hold(state, 'inconclusive', reasons, now);
    }
    case 'extendOnce':
      if (state.extended) return hold(state, 'inconclusive', reasons, now);
      return stay({ ...state, extended: true, maxHoldUntil: now + maxHoldMs }, [
        reason('step.extended', `${why.text}: extended once by ${duration(maxHoldMs)}`),
        ...missing,
      ]);
    case 'hold':
      return hold(state, 'inconclusive', reasons, now);
  }
}

/** What the step still lacks; empty: it may end. */
function missingForAdvance(state: CanaryState, tick: CanaryTick | null, now: EpochMs, policy: RolloutPolicy): Reason[] {
  const step = stepAt(policy, state.step);
  const missing: Reason[] = [];
  if (now < state.holdUntil)
    missing.push(reason('step.hold', `${duration(state.holdUntil - now)} of the hold are left`));
  const judgement = tick?.judgement ?? null;
  if (judgement === null) {
    missing.push(reason('step.unmeasured', 'waits for a measurement'));
    return missing;
  }
  if (tick?.lease !== 'renewed') missing.push(reason('step.lease', 'the lease was not renewed with this measurement'));
  if (judgement.verdict !== 'pass') missing.push(...judgement.reasons);
  if (step !== null && judgement.candidateKeys < step.minKeys) {
    missing.push({
      code: 'step.keys',
      text: `${judgement.candidateKeys} keys on the candidate, ${step.minKeys} are needed`,
      observed: judgement.candidateKeys,
      expected: step.minKeys,
    });
  }
  if (state.candidateRequests <= state.candidateRequestsAtStep) {
    missing.push(reason('step.noTraffic', 'the candidate answered no request in this step'));
  }
  return missing;
}

// ---------------------------------------------------------------- health

/** Counts what the tick brought, and holds, releases or rolls back by it. `continue`: nothing to execute, go on down the ladder. */
function checkHealth(state: CanaryState, tick: CanaryTick | null, now: EpochMs, policy: RolloutPolicy): Step {
  if (tick === null || state.weight === 0) return stay(state, []);
  const { judgement } = tick;
  if (judgement === null || judgement.verdict === 'error') {
    const measureErrors = state.measureErrors + 1;
    const counted = { ...state, measureErrors };
    if (measureErrors < Math.max(1, policy.maxMeasureErrors) || state.held !== null) return stay(counted, []);
    const why = reason('measureErrors', `could not measure ${measureErrors} times in a row`);
    return hold(counted, 'measureErrors', [why, ...(judgement?.reasons ?? [])], now);
  }

  const grew = judgement.candidateRequests > state.candidateRequests;
  const seen: CanaryState = {
    ...state,
    measureErrors: 0,
    candidateRequests: grew ? judgement.candidateRequests : state.candidateRequests,
    lastTrafficAt: grew ? now : state.lastTrafficAt,
  };
  // Before the sample ratio: an arm that gets nothing breaks the ratio too, and its own rule may roll back.
  const silentMs = now - seen.lastTrafficAt;
  if (silentMs >= policy.noTrafficMs) {
    const why = reason(
      'noTraffic',
      `no request on the candidate for ${duration(silentMs)} at ${weightText(seen.weight)}`,
    );
    return policy.onNoTraffic === 'rollback' ? rollback(seen, [why]) : holdForHealth(seen, 'noTraffic', [why], now);
  }
  if (judgement.srm.fired && !seen.sampleRatioAcknowledged) {
    const reasons = judgement.reasons.filter((r) => r.code === 'sampleRatio');
    return holdForHealth(seen, 'sampleRatio', reasons.length > 0 ? reasons : judgement.reasons, now);
  }
  return stay(isHealthHold(seen.held?.cause) ? { ...seen, held: null } : seen, []);
}

const isHealthHold = (cause: HoldCause | undefined): boolean =>
  cause === 'sampleRatio' || cause === 'noTraffic' || cause === 'measureErrors';

/** Enters the hold once; a hold that waits for a person (inconclusive, leaseLost) is not replaced. */
function holdForHealth(state: CanaryState, cause: HoldCause, reasons: readonly Reason[], now: EpochMs): Step {
  if (state.held !== null && (state.held.cause === cause || !isHealthHold(state.held.cause))) return stay(state, []);
  return hold(state, cause, reasons, now);
}

// ---------------------------------------------------------------- moves

function stay(state: CanaryState, reasons: readonly Reason[]): Step {
  return { state, kind: 'continue', reasons };
}

function rollback(state: CanaryState, reasons: readonly Reason[]): Step {
  return { state: { ...state, weight: 0, outcome: 'rolledBack' }, kind: 'rollback', reasons };
}

function hold(state: CanaryState, cause: HoldCause, reasons: readonly Reason[], now: EpochMs): Step {
  const why = reasons[0] ?? reason(cause, `held: ${cause}`);
  return { state: { ...state, held: { since: now, cause, reason: why } }, kind: 'hold', reasons };
}

function promote(
  state: CanaryState,
  policy: RolloutPolicy,
  reasons: readonly Reason[],
  skipped: readonly string[] = [],
): Step {
  const promoted: CanaryState = {
    ...state,
    step: policy.steps.length - 1,
    weight: FULL_WEIGHT,
    paused: null,
    held: null,
    approval: null,
    skipped: [...state.skipped, ...skipped],
    outcome: 'promoted',
  };
  return { state: promoted, kind: 'promote', reasons, skipped };
}

/** One step on: asks for the approval that is due, promotes at the last step, else takes the next weight with fresh clocks. */
function moveOn(state: CanaryState, now: EpochMs, policy: RolloutPolicy, reasons: readonly Reason[]): Step {
  if (gateBeforeNext(state, policy) && policy.approval !== null) {
    const { beforeWeight, expiresMs, reminderMs } = policy.approval;
    const expiresAt = now + expiresMs;
    const remindAt = reminderMs === null ? null : Math.max(now, expiresAt - reminderMs);
    const approval = { beforeWeight, askedAt: now, expiresAt, remindAt, approvedBy: null };
    const asked = reason(
      'approval.asked',
      `a person must agree before ${weightText(beforeWeight)}, within ${duration(expiresMs)}`,
    );
    return { state: { ...state, held: null, approval }, kind: 'askApproval', reasons: [asked, ...reasons] };
  }
  const next = nextStep(state, policy);
  if (next.weight >= FULL_WEIGHT) return promote(state, policy, reasons);
  const advanced: CanaryState = {
    ...state,
    step: state.step + 1,
    weight: next.weight,
    stepStartedAt: now,
    holdUntil: now + next.minHoldMs,
    maxHoldUntil: now + next.maxHoldMs,
    extended: false,
    deadlineAt: state.deadlineAt ?? now + policy.deadlineMs,
    // A wait before the first weight does not move the deadline that begins only now.
    deadlineClockStoppedAt: state.deadlineAt === null ? null : state.deadlineClockStoppedAt,
    held: null,
    approval: null,
    candidateRequestsAtStep: state.candidateRequests,
    lastTrafficAt: now,
    stepClockStoppedAt: null,
  };
  return { state: advanced, kind: 'advance', reasons };
}

function conclude(step: Step, now: EpochMs, refused: CanaryStepDecision['refused']): CanaryStepDecision {
  const state = settleClocks(step.state, now);
  const first = step.reasons[0] ?? reason('rollout', step.kind);
  const action: CanaryAction = {
    kind: step.kind,
    weight: state.weight,
    reason: first,
    reasons: step.reasons.length === 0 ? [first] : step.reasons,
    nextDeadline: nextDeadline(state, now),
    skipped: step.skipped ?? [],
    decision: step.decision ?? null,
  };
  return { state, action, refused };
}

const reason = (code: string, text: string): Reason => ({ code, text });

function requirePlan(policy: RolloutPolicy): void {
  const weights = policy.steps.map((s) => s.weight);
  const rising = weights.every((w, i) => Number.isSafeInteger(w) && w >= 1 && (i === 0 || w > (weights[i - 1] ?? 0)));
  if (rising && weights.at(-1) === FULL_WEIGHT) return;
  throw new RatchetError(
    'RATCHET_POLICY_INVALID',
    `rollout.steps must rise from 1 to ${FULL_WEIGHT} basis points, got [${weights.join(', ')}]`,
  );
}
