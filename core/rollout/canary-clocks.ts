/**
 * The two clocks of a canary. Deadlines are absolute times, so they survive crashes; a clock that stands still is noted, and
 * when it goes on its deadlines move by the time it stood.
 *
 * - the step's clock (minHold, maxHold) stands while paused or held: the step cannot end then;
 * - the overall deadline's clock stands while a person has the word: paused, or awaiting approval (which has an expiry of its
 *   own). It does **not** stand during a hold: nobody may have seen it, and a canary that proved nothing by then goes back.
 */
import type { EpochMs } from '../model';
import type { CanaryState } from './canary-state';

export const stepClockStands = (s: CanaryState): boolean => s.paused !== null || s.held !== null;
export const deadlineClockStands = (s: CanaryState): boolean => s.paused !== null || s.approval !== null;

/** Stops and starts the clocks as the state demands. Idempotent; call it whenever pause, hold or approval may have changed. */
export function settleClocks(state: CanaryState, now: EpochMs): CanaryState {
  let s = state;
  if (stepClockStands(s)) {
    if (s.stepClockStoppedAt === null) s = { ...s, stepClockStoppedAt: now };
  } else if (s.stepClockStoppedAt !== null) {
    const stood = now - s.stepClockStoppedAt;
    s = { ...s, stepClockStoppedAt: null, holdUntil: s.holdUntil + stood, maxHoldUntil: s.maxHoldUntil + stood };
  }
  if (deadlineClockStands(s)) {
    if (s.deadlineClockStoppedAt === null) s = { ...s, deadlineClockStoppedAt: now };
  } else if (s.deadlineClockStoppedAt !== null) {
    const stood = now - s.deadlineClockStoppedAt;
    const deadlineAt = s.deadlineAt === null ? null : s.deadlineAt + stood;
    s = { ...s, deadlineClockStoppedAt: null, deadlineAt };
  }
  return s;
}

/** The next time at which the state may change by itself, after `now`; null: only a tick or a message can change it. */
export function nextDeadline(state: CanaryState, now: EpochMs): EpochMs | null {
  if (state.outcome !== null) return null;
  const times: (EpochMs | null)[] = [];
  if (!deadlineClockStands(state)) times.push(state.deadlineAt);
  if (state.paused === null && state.approval !== null) times.push(state.approval.remindAt, state.approval.expiresAt);
  if (!stepClockStands(state) && state.approval === null) times.push(state.holdUntil, state.maxHoldUntil);
  const ahead = times.filter((t): t is EpochMs => t !== null && t > now);
  return ahead.length === 0 ? null : Math.min(...ahead);
}
