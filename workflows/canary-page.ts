/** The details pane and the status of a canary. */
import type { RolloutHandle } from '../activities/rollout';
import type { RolloutStatus } from '../core/messages';
import { nextDeadline } from '../core/rollout/canary-clocks';
import { needsHuman, phaseOf } from '../core/rollout/decide-step';
import type { CanaryAction, CanaryState } from '../core/rollout/canary-state';
import type { CanaryJudgement } from '../core/rollout/judge-canary';
import type { EpochMs } from '../core/model';
import type { Reason } from '../core/verdict';
import { showDetails, showTime, showWeight } from './presence';

export function canaryStatus(handle: RolloutHandle, state: CanaryState, action: CanaryAction): RolloutStatus {
  return { ...statusAt(handle, state, action.reasons), nextDeadline: action.nextDeadline };
}

/** What a run that continued as new says of itself before its first decision. */
export function resumedStatus(
  handle: RolloutHandle,
  state: CanaryState,
  lastReasons: readonly Reason[],
  now: EpochMs,
): RolloutStatus {
  return { ...statusAt(handle, state, lastReasons), nextDeadline: nextDeadline(state, now) };
}

const statusAt = (
  handle: RolloutHandle,
  state: CanaryState,
  lastReasons: readonly Reason[],
): Omit<RolloutStatus, 'nextDeadline'> => ({
  model: handle.model,
  version: handle.version,
  champion: handle.champion,
  phase: phaseOf(state),
  step: state.step,
  weight: state.weight,
  needsHuman: needsHuman(state),
  lastReasons,
  outcome: state.outcome,
});

export function showCanary(
  handle: RolloutHandle,
  state: CanaryState,
  action: CanaryAction,
  judgement: CanaryJudgement | null,
): void {
  const { steps } = handle.policy.rollout;
  const mark = (index: number): string => {
    if (state.outcome === 'promoted') return 'done';
    if (index < state.step) return 'done';
    return index === state.step ? phaseOf(state) : '';
  };
  showDetails({
    title: `Canary of ${handle.model} ${handle.version}: ${phaseOf(state)}${state.outcome === null ? '' : ` (${state.outcome})`}`,
    facts: [
      ['champion', handle.champion],
      ['weight', showWeight(state.weight)],
      ['next deadline', showTime(action.nextDeadline)],
      ['proven by', showTime(state.deadlineAt)],
      ...(judgement === null
        ? []
        : ([
            ['keys', `${judgement.candidateKeys} on the candidate, ${judgement.championKeys} on the champion`],
            ...judgement.guardrails.map(
              (g) =>
                [
                  `guardrail ${g.event}`,
                  `${g.candidateEvents} of ${g.candidateTotal} against ${g.championEvents} of ${g.championTotal}, E ${g.e.toPrecision(3)} of ${g.threshold}`,
                ] as const,
            ),
          ] as const)),
      ...(state.approval === null
        ? []
        : ([['approval', `awaited until ${showTime(state.approval.expiresAt)}`]] as const)),
    ],
    table: {
      head: ['step', 'weight', 'hold', 'keys needed', 'state'],
      rows: steps.map((step, i) => [
        String(i + 1),
        showWeight(step.weight),
        `${step.minHoldMs / 1000}–${step.maxHoldMs / 1000} s`,
        String(step.minKeys),
        mark(i),
      ]),
    },
    reasons: action.reasons,
  });
}

/** The two lines a person can paste to answer (demo act 5). */
export function approvalCommands(handle: RolloutHandle): readonly string[] {
  const payload = JSON.stringify({ id: 'my-decision-1', version: handle.version, actor: 'you', reason: 'looks good' });
  return [
    `ratchet approve ${handle.model} --version ${handle.version} --actor you --reason "looks good"`,
    `temporal workflow update execute --workflow-id '${handle.workflowId}' --name approve --update-id my-decision-1 --input '${payload}'`,
  ];
}
