/** Statuses and results as text for people. */
import type { ModelView } from '../client';
import type { ModelStatus, RolloutStatus } from '../core/messages';
import type { Route } from '../core/ports';
import type { Reason } from '../core/verdict';

export function formatView({ model, rollout }: ModelView, serves: string | null = null): string {
  const lines = [
    row('model', `${model.model} (${model.policy.task}, preset ${model.policy.preset})`),
    ...(serves === null ? [] : [row('serves', serves)]),
    row('phase', model.phase + (model.automationPaused ? ', automation paused' : '')),
    row('active', activeOf(model)),
    row('incident', incidentOf(model)),
    row('triggers', triggersOf(model)),
    row(
      'last',
      model.lastOutcome === null ? 'nothing yet' : `${model.lastOutcome.workflowId}: ${model.lastOutcome.outcome}`,
    ),
    ...reasons(model.lastOutcome?.reasons ?? []),
  ];
  return [...lines, ...(rollout === null ? [] : formatRollout(rollout))].join('\n');
}

function formatRollout(rollout: RolloutStatus): readonly string[] {
  const { version, champion, phase, step, weight, nextDeadline, needsHuman, lastReasons } = rollout;
  const decide = choicesOf(rollout);
  return [
    row(
      'rollout',
      `version ${version} against champion ${champion}: ${phase}${needsHuman ? ', waits for a person' : ''}`,
    ),
    row('weight', `${percent(weight)}${step < 0 ? '' : ` (step ${step})`}`),
    ...(nextDeadline === null ? [] : [row('deadline', time(nextDeadline))]),
    ...reasons(lastReasons),
    ...(decide === null ? [] : [row('decide', decide)]),
  ];
}

/** What a person can do about a rollout that waits, to be copied. */
function choicesOf({ model, version, phase }: RolloutStatus): string | null {
  const choices = CHOICES[phase];
  return choices === undefined ? null : `ratchet ${choices.join('|')} ${model} --version ${version} --reason "…"`;
}

const CHOICES: Partial<Record<RolloutStatus['phase'], readonly string[]>> = {
  awaitingApproval: ['approve', 'reject'],
  paused: ['resume', 'abort'],
  held: ['resume', 'promote', 'abort'],
};

/** Which versions answer now, as the route says. */
export function servesOf(route: Route | null): string {
  if (route === null) return 'nothing: no champion yet (see: ratchet adopt --help)';
  const { champion, previous, canary, shadow } = route;
  const live = canary !== null && canary.weight > 0 && canary.leaseRemainingMs > 0 ? canary : null;
  return [
    `version ${champion} (champion)${live === null ? '' : ` ${percent(10_000 - live.weight)}`}`,
    ...(live === null ? [] : [`version ${live.version} (canary) ${percent(live.weight)}`]),
    ...(shadow === null ? [] : [`version ${shadow.version} in the shadow`]),
    ...(previous === null ? [] : [`previous ${previous}`]),
  ].join(', ');
}

const activeOf = ({ active }: ModelStatus): string =>
  active === null ? 'nothing' : active.workflowId + (active.version === null ? '' : ` (version ${active.version})`);

const incidentOf = ({ incident }: ModelStatus): string =>
  incident === null
    ? 'none'
    : `${incident.id}, open since ${time(incident.openedAt)}: ${incident.reasons.map((reason) => reason.text).join('; ')}`;

function triggersOf(model: ModelStatus): string {
  const breached = model.breaches.filter((evaluation) => evaluation.breached).length;
  const { breaches, of } = model.policy.triggers;
  const cooldown = model.cooldownUntil === null ? '' : `, cooldown until ${time(model.cooldownUntil)}`;
  const pending = model.pendingTriggers === 0 ? '' : `, ${model.pendingTriggers} waiting`;
  const seen =
    model.breaches.length === 0
      ? 'no evaluation yet'
      : `${breached} of the last ${model.breaches.length} evaluations breached`;
  return `${seen} (fires at ${breaches} of ${of})${pending}${cooldown}`;
}

export const reasons = (list: readonly Reason[]): readonly string[] =>
  list.map((reason) => row('', `- ${reason.text}`));
export const percent = (basisPoints: number): string => `${basisPoints / 100} %`;
export const time = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
const row = (name: string, text: string): string => `${name.padEnd(10)}${text}`;
