/** The children of \`model\`: retrainings and rollouts one at a time (I4), rollbacks at once. All are abandoned to themselves. */
import {
  defineSearchAttributeKey,
  TypedSearchAttributes,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import { getExternalWorkflowHandle, log, ParentClosePolicy, startChild } from '@temporalio/workflow';
import { canaryWorkflowId, retrainWorkflowId, rollbackWorkflowId, shadowWorkflowId } from '../core/ids';
import { signalName, type ChildReport, type Decision, type RollbackRequest } from '../core/messages';
import { triggerSettings } from '../core/trigger/settings';
import { pendingText } from '../core/trigger/triggers';
import { oneLine } from './call-activity';
import type { DecisionKind } from './messages';
import type { ModelState, WantedRollout } from './model-state';
import { closeBatch, countStart, mayTrain, triggerAnswer } from './model-triggers';

/** Is there something that may start now? Rollouts first: what was proven should not wait for another training. */
export function mayStart(s: ModelState, now: number): boolean {
  if (s.active !== null) return false;
  return s.rollouts.length > 0 || triggerAnswer(s, now).action === 'start';
}

/** Starts what may start: a waiting rollout, else the retraining that merges all waiting triggers. */
export async function startNext(name: string, s: ModelState): Promise<void> {
  const rollout = s.rollouts.shift();
  if (rollout !== undefined) return startRollout(name, s, rollout);
  if (!(await mayTrain(name, s))) return;
  // A message may have come while the conditions were asked: rollback, pause or a rollout go first, at the next turn.
  if (!mayStart(s, Date.now()) || s.rollouts.length > 0) return;
  const { triggers, answeredBy } = closeBatch(s);
  const reason = pendingText(triggers);
  const compare = triggerSettings(s.policy).skipUnchangedSnapshot && !triggers.manual ? s.lastSnapshot : null;
  const child = await startNumbered(
    () => retrainWorkflowId(name, (s.counters.retrain += 1)),
    (workflowId) =>
      startChild('retrain', {
        workflowId,
        parentClosePolicy: ParentClosePolicy.ABANDON,
        args: [
          {
            model: name,
            reason,
            actor: triggers.newest.at(-1)?.actor ?? 'model',
            policy: s.policy,
            ...(triggers.lookbackMs === null ? {} : { lookbackMs: triggers.lookbackMs }),
            ...(triggers.asOf === null ? {} : { asOf: triggers.asOf }),
            ...(compare === null ? {} : { unchangedDigest: compare.digest }),
          },
        ],
        staticSummary: oneLine(`retrain ${name}: ${reason}`),
        staticDetails: triggers.newest.map((t) => `- ${t.actor}: ${t.reason}`).join('\n'),
        typedSearchAttributes: attributes(name, null),
      }),
  );
  answeredBy(child.workflowId);
  countStart(s, Date.now());
  s.lastRetrain = child.workflowId;
  s.active = {
    kind: 'retrain',
    workflowId: child.workflowId,
    runId: child.firstExecutionRunId,
    version: null,
    startedAt: Date.now(),
  };
}

/** Starts a numbered child. A number that runs already was started by hand: it is theirs, and the next one is ours. */
async function startNumbered<R>(nextId: () => string, launch: (workflowId: string) => Promise<R>): Promise<R> {
  for (;;) {
    const workflowId = nextId();
    try {
      return await launch(workflowId);
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      log.warn(`${workflowId} runs already: the next number is taken`);
    }
  }
}

async function startRollout(name: string, s: ModelState, wanted: WantedRollout): Promise<void> {
  const { kind, version } = wanted;
  const workflowId = kind === 'canary' ? canaryWorkflowId(name, version) : shadowWorkflowId(name, version);
  await began(s, kind, workflowId, version, () =>
    startChild(kind, {
      workflowId,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      args: [{ model: name, version, actor: wanted.actor, reason: wanted.reason, policy: s.policy }],
      staticSummary: oneLine(`${kind} of ${name} version ${version}`),
      staticDetails: `By ${wanted.actor}: ${wanted.reason}`,
      typedSearchAttributes: attributes(name, version),
    }),
  );
}

/** Starts a rollout and remembers it; one of this version that runs already was started by hand, and goes on. */
async function began(
  s: ModelState,
  kind: ChildReport['kind'],
  workflowId: string,
  version: string | null,
  launch: () => Promise<{ readonly firstExecutionRunId: string }>,
): Promise<void> {
  try {
    const child = await launch();
    s.active = { kind, workflowId, runId: child.firstExecutionRunId, version, startedAt: Date.now() };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    log.warn(`could not start ${workflowId}: it runs already`);
    s.lastOutcome = {
      kind,
      workflowId,
      runId: '',
      version,
      outcome: 'refused',
      reasons: [{ code: 'RATCHET_CLAIM_HELD', text: `${workflowId} runs already` }],
    };
  }
}

export async function startRollback(name: string, s: ModelState, request: RollbackRequest): Promise<void> {
  // Said before the canary can end by itself: a rollback that comes second must not take the champion away as well.
  const of = s.active?.kind === 'canary' ? s.active.version : null;
  // The rollout that runs is told too: it would find itself fenced at its next tick anyway.
  if (s.active?.kind === 'canary' || s.active?.kind === 'shadowTest') {
    await forward(s, 'abort', {
      id: `${request.id}:abort`,
      version: s.active.version ?? '',
      actor: request.actor,
      reason: request.reason,
    });
  }
  await startNumbered(
    () => rollbackWorkflowId(name, (s.counters.rollback += 1)),
    (workflowId) =>
      startChild('rollback', {
        workflowId,
        args: [{ model: name, actor: request.actor, reason: request.reason, ...(of === null ? {} : { of }) }],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: oneLine(`roll back ${name}: ${request.reason}`),
        typedSearchAttributes: attributes(name, null),
      }),
  );
}

/** A decision that was sent to \`model\` goes on to the rollout that runs. */
export async function forward(s: ModelState, kind: DecisionKind, decision: Decision): Promise<void> {
  if (s.active === null) {
    log.warn(`no rollout runs: ${kind} is ignored`);
    return;
  }
  try {
    await getExternalWorkflowHandle(s.active.workflowId).signal(signalName(kind), decision);
  } catch (error) {
    log.warn(`could not forward ${kind} to ${s.active.workflowId}: ${String(error)}`);
  }
}

function attributes(name: string, version: string | null): TypedSearchAttributes {
  return new TypedSearchAttributes([
    { key: defineSearchAttributeKey('RatchetModel', 'KEYWORD'), value: name },
    ...(version === null ? [] : [{ key: defineSearchAttributeKey('RatchetVersion', 'KEYWORD'), value: version }]),
  ]);
}
