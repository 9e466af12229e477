import { workflowInfo } from '@temporalio/workflow';
import { idempotencyKey } from '../core/ids';
import type { RollbackInput, RollbackResult } from '../core/workflow-io';
import { callActivity } from './call-activity';
import { createPresence, showDetails } from './presence';
import { reportToModel } from './report-to-model';

/** One call back to the previous champion, for people and for alarms. A running canary loses its claim and its weight. */
export async function rollback(input: RollbackInput): Promise<RollbackResult> {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const presence = createPresence();
  presence({ model: input.model, phase: 'rollingBack' });
  const result = await callActivity(
    'rollBackModel',
    {
      model: input.model,
      actor: input.actor,
      reason: input.reason,
      ...(input.of === undefined ? {} : { of: input.of }),
      holder: idempotencyKey(workflowId, firstExecutionRunId, 'claim'),
      workflowId,
    },
    `roll back ${input.model}: ${input.reason}`,
  );
  presence({ phase: 'ended', outcome: result.outcome, ...(result.to === null ? {} : { version: result.to }) });
  showDetails({
    title: `Rollback of ${input.model}: ${result.outcome}`,
    facts: [
      ['from', result.from ?? '–'],
      ['to', result.to ?? '–'],
      ['by', input.actor],
      ['reason', input.reason],
    ],
    reasons: result.reasons,
  });
  // Told before MLflow is: the registry may be away, and the model must not wait for it.
  await reportToModel(input.model, {
    kind: 'rollback',
    version: result.to,
    outcome: result.outcome,
    reasons: result.reasons,
  });
  if (result.outcome === 'rolledBack') {
    await callActivity('projectAliases', { model: input.model }, 'MLflow aliases follow the route');
  }
  return result;
}
