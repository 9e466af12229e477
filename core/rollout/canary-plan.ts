/** Reading a rollout's plan: which step comes next, and whether a person must agree before it. */
import { RatchetError } from '../errors';
import type { RolloutPolicy, RolloutStep } from '../policy';
import type { CanaryState } from './canary-state';

export const FULL_WEIGHT = 10_000;

/** The step, or null before the first and after the last. */
export function stepAt(policy: RolloutPolicy, index: number): RolloutStep | null {
  return policy.steps[index] ?? null;
}

/** The step after the current one. Throws RATCHET_POLICY_INVALID when the plan does not end at full weight. */
export function nextStep(state: CanaryState, policy: RolloutPolicy): RolloutStep {
  const next = policy.steps[state.step + 1];
  if (next !== undefined) return next;
  throw new RatchetError(
    'RATCHET_POLICY_INVALID',
    `rollout.steps must end at ${FULL_WEIGHT}, this plan of ${policy.steps.length} steps does not`,
  );
}

/** Must a person still agree before some step that is ahead? */
export function gateAhead(state: CanaryState, policy: RolloutPolicy): boolean {
  if (policy.approval === null || state.approvedBy !== null) return false;
  const { beforeWeight } = policy.approval;
  return policy.steps.some((step, index) => index > state.step && step.weight >= beforeWeight);
}

/** Must a person agree before the very next step? */
export function gateBeforeNext(state: CanaryState, policy: RolloutPolicy): boolean {
  if (policy.approval === null || state.approvedBy !== null) return false;
  return nextStep(state, policy).weight >= policy.approval.beforeWeight;
}
