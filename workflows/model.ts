import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import { startBreaches } from '../core/trigger/breaches';
import { NO_TRIGGERS } from '../core/trigger/triggers';
import type { ModelInput } from '../core/workflow-io';
import { callActivity } from './call-activity';
import { forward, mayStart, startNext, startRollback } from './model-children';
import { heal, lookAtAge, nextWake, takeEnd, takeEvaluation } from './model-events';
import { openModelInbox } from './model-inbox';
import { showModel } from './model-page';
import { statusOf, type ModelState } from './model-state';
import { createPresence } from './presence';

/**
 * The entity of one model, running for ever: holds the policy, counts breaches, opens and closes incidents, merges triggers
 * and starts everything else. Children are abandoned to themselves and report by signal, so it never waits inside one.
 */
export async function model(input: ModelInput): Promise<void> {
  const name = input.model;
  const presence = createPresence();
  let state = input.state as ModelState | undefined;
  const inbox = openModelInbox(name, state);
  const { forwards } = inbox;

  // ---- start
  presence({ model: name, phase: 'watching', needsHuman: false });
  if (state === undefined) {
    const policy =
      input.policy === undefined
        ? await callActivity('loadPolicy', { model: name, policy: null }, `policy of ${name}`)
        : await callActivity(
            'savePolicy',
            { model: name, policy: input.policy, actor: 'start', reason: 'policy of the start' },
            `policy of ${name}`,
          );
    state = {
      policy,
      breaches: startBreaches(null),
      incident: null,
      cooldownUntil: null,
      automationPaused: false,
      active: null,
      triggers: NO_TRIGGERS,
      rollouts: [],
      evaluations: [],
      ended: [],
      rollbacks: [],
      counters: { retrain: 0, rollback: 0, incident: 0 },
      lastOutcome: null,
      lastEvaluation: null,
      ageCheckedAt: Date.now(),
      seen: [],
    };
    inbox.begin(state);
  }
  const s = state;

  // ---- the loop
  for (;;) {
    showModel(name, s);
    presence({
      phase: statusOf(name, s).phase,
      ...(s.lastEvaluation?.driftScore == null ? {} : { driftScore: s.lastEvaluation.driftScore }),
      ...(s.lastOutcome === null ? {} : { outcome: s.lastOutcome.outcome }),
    });
    const wake = nextWake(s);
    const ready = (): boolean =>
      s.evaluations.length + s.ended.length + s.rollbacks.length + forwards.length > 0 || mayStart(s, Date.now());
    if (wake === null) await condition(ready);
    else await condition(ready, Math.max(1, wake - Date.now()), { summary: 'next look at the running child' });

    for (const report of s.evaluations.splice(0)) await takeEvaluation(name, s, report);
    for (const report of s.ended.splice(0)) await takeEnd(name, s, report);
    for (const request of s.rollbacks.splice(0)) await startRollback(name, s, request);
    for (const { kind, decision } of forwards.splice(0)) await forward(s, kind, decision);
    await heal(name, s);
    await lookAtAge(name, s);
    if (mayStart(s, Date.now())) await startNext(name, s);
    if (workflowInfo().continueAsNewSuggested && forwards.length === 0) {
      await condition(allHandlersFinished);
      // A decision may have come meanwhile: it is forwarded first, for it is not carried over.
      if (forwards.length === 0) await continueAsNew<typeof model>({ model: name, state: s });
    }
  }
}
