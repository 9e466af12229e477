/** The details pane of \`model\`: the status of the model in the Temporal UI. */
import { pendingText } from '../core/trigger/triggers';
import { statusOf, type ModelState } from './model-state';
import { showDetails, showTime } from './presence';

export function showModel(name: string, s: ModelState): void {
  const status = statusOf(name, s);
  showDetails({
    title: `${name}: ${status.phase}`,
    facts: [
      ['incident', s.incident === null ? 'none' : `open since ${showTime(s.incident.openedAt)}`],
      ['running', s.active === null ? 'nothing' : `\`${s.active.workflowId}\``],
      [
        'waiting',
        s.triggers.count + s.rollouts.length === 0
          ? 'nothing'
          : [
              ...s.rollouts.map((w) => `${w.kind} of ${w.version}`),
              ...(s.triggers.count === 0 ? [] : [pendingText(s.triggers)]),
            ].join('; '),
      ],
      ...(status.held == null
        ? []
        : ([
            [
              'held',
              `${status.held.reason.text}${status.held.until === null ? '' : `, until ${showTime(status.held.until)}`}`,
            ],
          ] as const)),
      ...(status.deployDeadline == null ? [] : ([['deployment due', showTime(status.deployDeadline)]] as const)),
      ['automation', s.automationPaused ? 'paused' : s.policy.triggers.automatic ? 'on' : 'asks a person'],
      [
        'last outcome',
        s.lastOutcome === null
          ? '–'
          : `${s.lastOutcome.kind} ${s.lastOutcome.outcome} (\`${s.lastOutcome.workflowId}\`)`,
      ],
      ['policy', `preset ${s.policy.preset}`],
    ],
    ...(status.breaches.length === 0
      ? {}
      : {
          table: {
            head: ['window ending', 'breach'],
            rows: status.breaches.slice(-10).map((b) => [showTime(b.windowEnd), b.breached ? 'yes' : 'no']),
          },
        }),
    reasons: s.lastEvaluation?.reasons ?? [],
  });
}
