import { workflowInfo } from '@temporalio/workflow';
import { idempotencyKey } from '../core/ids';
import type { DriftCheckInput, DriftCheckResult } from '../core/workflow-io';
import { callActivity, callOnCpu } from './call-activity';
import { createPresence, showDetails, showTime } from './presence';

/** Evaluates the oldest complete window that nobody has evaluated, and tells `model/<name>`. Started by a Schedule or by anyone. */
export async function driftCheck(input: DriftCheckInput): Promise<DriftCheckResult> {
  const { workflowId, firstExecutionRunId, runStartTime } = workflowInfo();
  const { model } = input;
  const presence = createPresence();
  presence({ model, phase: 'checking' });
  const policy = await callActivity('loadPolicy', { model, policy: null }, `policy of ${model}`);
  const window = await callOnCpu('nextCheckWindow', { model, policy }, 'oldest complete window not yet evaluated');
  if (window === null) {
    presence({ phase: 'ended', outcome: 'noWindow' });
    return { outcome: 'noWindow', version: null, windowStart: null, windowEnd: null, driftedFeatures: [], reasons: [] };
  }
  const key = (step: string): string => idempotencyKey(workflowId, firstExecutionRunId, step);
  const again = (window.revision ?? 1) > 1 ? ', again after late labels' : '';
  const span = `${showTime(window.start)} to ${showTime(window.end)}${again}`;
  const evaluated = await callOnCpu(
    'evaluateWindow',
    { model, policy, window, workflowId, key: key('evaluate') },
    `drift and performance of version ${window.version}, ${span}`,
  );
  presence({
    phase: 'ended',
    outcome: evaluated.outcome,
    version: window.version,
    ...(evaluated.report.driftScore === null ? {} : { driftScore: evaluated.report.driftScore }),
  });
  const page = (facts: readonly (readonly [string, string])[]): void =>
    showDetails({
      title: `Check of ${model}: ${evaluated.outcome}`,
      facts: [['version', window.version], ['window', span], ['result', evaluated.summary], ...facts],
      reasons: evaluated.report.reasons,
    });
  page([]);
  await callOnCpu('reportEvaluation', { model, report: evaluated.report }, `tell model/${model}: ${evaluated.outcome}`);
  if (evaluated.outcome === 'dataInvalid') {
    // Halted: nothing is counted, the champion stays, and people hear of it. A notifier that is away does not stop the check.
    const title = `${model}: the data of ${span} breaks a hard rule`;
    await callActivity(
      'notify',
      {
        policy,
        notification: {
          id: `${model}:${window.version}:${window.start}:${window.revision ?? 1}:dataInvalid`,
          kind: 'dataInvalid',
          model,
          version: window.version,
          title,
          text: evaluated.report.reasons
            .slice(0, 20)
            .map((r) => r.text)
            .join('\n'),
          links: {},
        },
      },
      title,
      { retry: { maximumAttempts: 3, initialInterval: '500ms' } },
    ).catch(() => undefined);
  }
  const logged = await callOnCpu(
    'logCheckToMlflow',
    { model, policy, window, result: evaluated, key: key('mlflow'), startedAt: runStartTime.getTime() },
    'numbers to MLflow',
  );
  page([['report', `[drift report in MLflow](${logged.reportUrl})`]]);
  return {
    outcome: evaluated.outcome,
    version: window.version,
    windowStart: window.start,
    windowEnd: window.end,
    driftedFeatures: evaluated.driftedFeatures,
    reasons: evaluated.report.reasons,
  };
}
