import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { ModelInput } from '../core/workflow-io';
import { callActivity } from './call-activity';
import { forward, mayStart, startNext, startRollback } from './model-children';
import { heal, lookAtAge, nextWake, takeEnd, takeEvaluation, takeWorse, watchDeadline } from './model-events';
import { openModelInbox } from './model-inbox';
import { showModel } from './model-page';
import { stateFrom, statusOf, type ModelState } from './model-state';
import { keepTriggers, lookForData, takeInbox } from './model-triggers';
import { createPresence } from './presence';

/** The server takes at most 10,000 signals a run (then it refuses them): a new run begins long before. */
const MAX_SIGNALS = 2_000;

/**
 * The entity of one model, running for ever: holds the policy, counts breaches, opens and closes incidents, merges triggers
 * and starts everything else. Children are abandoned to themselves and report by signal, so it never waits inside one.
 */
export async function model(input: ModelInput): Promise<void> {
  const name = input.model;
  const presence = createPresence();
  const carried = input.state as ModelState | undefined;
  let state = carried === undefined ? undefined : stateFrom(carried, Date.now());
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
    state = stateFrom({ policy }, Date.now());
    inbox.begin(state);
  }
  const s = state;

  // ---- the loop
  for (;;) {
    showModel(name, s);
    presence({
      phase: statusOf(name, s).phase,
      needsHuman: s.incident !== null && s.deadlineTold,
      ...(s.lastEvaluation?.driftScore == null ? {} : { driftScore: s.lastEvaluation.driftScore }),
      ...(s.lastOutcome === null ? {} : { outcome: s.lastOutcome.outcome }),
    });
    s.woken = false;
    const wake = nextWake(s);
    const messages = (): boolean =>
      s.evaluations.length + s.ended.length + s.rollbacks.length + s.unrecorded.length + forwards.length > 0;
    const ready = (): boolean => messages() || s.inboxWaiting || s.woken || mayStart(s, Date.now());
    if (wake === null) await condition(ready);
    else await condition(ready, Math.max(1, wake - Date.now()), { summary: 'next look' });

    // What takes a bad version away waits for nothing else.
    for (const request of s.rollbacks.splice(0)) await startRollback(name, s, request);
    for (const { kind, decision } of forwards.splice(0)) await forward(s, kind, decision);
    for (const report of s.evaluations.splice(0)) await takeEvaluation(name, s, report);
    for (const report of s.ended.splice(0)) await takeEnd(name, s, report);
    await takeWorse(name, s, await takeInbox(name, s));
    await heal(name, s);
    await lookAtAge(name, s);
    await lookForData(name, s);
    await watchDeadline(name, s);
    await keepTriggers(name, s);
    if (mayStart(s, Date.now())) await startNext(name, s);
    await keepTriggers(name, s);
    if ((workflowInfo().continueAsNewSuggested || inbox.signals() > MAX_SIGNALS) && forwards.length === 0) {
      await condition(allHandlersFinished);
      // A decision may have come meanwhile: it is forwarded first, for it is not carried over.
      if (forwards.length === 0) await continueAsNew<typeof model>({ model: name, state: s });
    }
  }
}
