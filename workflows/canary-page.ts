/** The details pane and the status of a canary. */
import type { RolloutHandle } from '../activities/rollout';
import type { RolloutStatus } from '../core/messages';
import { needsHuman, phaseOf } from '../core/rollout/decide-step';
import type { CanaryAction, CanaryState } from '../core/rollout/canary-state';
import type { CanaryJudgement } from '../core/rollout/judge-canary';
import { showDetails, showTime, showWeight } from './presence';

export function canaryStatus(handle: RolloutHandle, state: CanaryState, action: CanaryAction): RolloutStatus {
  const phase = phaseOf(state);
  return {
    model: handle.model,
    version: handle.version,
    champion: handle.champion,
    phase,
    step: state.step,
    weight: state.weight,
    nextDeadline: action.nextDeadline,
    needsHuman: needsHuman(state),
    lastReasons: action.reasons,
    outcome: state.outcome,
  };
}

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
                  `${g.candidateEvents}/${g.candidateTotal} against ${g.championEvents}/${g.championTotal}, E ${g.e.toPrecision(3)} of ${g.threshold}`,
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
