import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { EvaluateWindowResult } from '../../activities/watch';
import type { DriftCheckResult } from '../../core/workflow-io';
import { testPolicy } from './fixtures';
import { WorkflowHarness, type Script } from './harness';

const WEEK = 7 * 86_400_000;

describe('driftCheck workflow', () => {
  let harness: WorkflowHarness;
  beforeAll(async () => {
    harness = await WorkflowHarness.start();
  });
  afterAll(async () => {
    await harness.stop();
  });

  const evaluated = (outcome: EvaluateWindowResult['outcome']): EvaluateWindowResult => ({
    outcome,
    report: {
      version: '1',
      windowStart: 0,
      windowEnd: WEEK,
      breached: outcome === 'breach',
      driftScore: outcome === 'insufficient' ? null : 0.31,
      reasons: [{ code: `drift.${outcome}`, text: outcome }],
      reference: 'digest-of-the-reference',
    },
    driftedFeatures: outcome === 'breach' ? ['x', 'c'] : [],
    summary: `700 rows: ${outcome}`,
  });

  const run = (outcome: EvaluateWindowResult['outcome'], overrides: Script = {}): Promise<DriftCheckResult> => {
    const queue = `drift-${randomUUID()}`;
    const script: Script = {
      loadPolicy: async () => testPolicy(),
      nextCheckWindow: async () => ({ version: '1', start: 0, end: WEEK }),
      evaluateWindow: async () => evaluated(outcome),
      reportEvaluation: async () => undefined,
      notify: async () => undefined,
      logCheckToMlflow: async () => ({ reportUrl: 'http://mlflow/#/experiments/1/runs/r/artifacts/report/drift.html' }),
      ...overrides,
    };
    return harness.withScript(queue, script, () =>
      harness.env.client.workflow.execute('driftCheck', {
        workflowId: `drift/late/${queue}`,
        taskQueue: queue,
        args: [{ model: 'late' }],
      }),
    ) as Promise<DriftCheckResult>;
  };

  it.each(['noDrift', 'warn', 'breach', 'insufficient', 'dataInvalid'] as const)(
    'ends %s with its window and reasons, tells the model once and MLflow afterwards',
    async (outcome) => {
      const ended = await run(outcome);
      expect(ended).toEqual({
        outcome,
        version: '1',
        windowStart: 0,
        windowEnd: WEEK,
        driftedFeatures: outcome === 'breach' ? ['x', 'c'] : [],
        reasons: [{ code: `drift.${outcome}`, text: outcome }],
      });
      expect(harness.names()).toEqual([
        'loadPolicy',
        'nextCheckWindow',
        'evaluateWindow',
        'reportEvaluation',
        ...(outcome === 'dataInvalid' ? ['notify'] : []),
        'logCheckToMlflow',
      ]);
      const told = harness.inputs('notify').map((i) => i.notification);
      expect(told).toMatchObject(
        outcome === 'dataInvalid' ? [{ kind: 'dataInvalid', version: '1', text: 'dataInvalid' }] : [],
      );
      expect(harness.inputs('reportEvaluation').map((i) => i.report.breached)).toEqual([outcome === 'breach']);
      expect(harness.inputs('reportEvaluation').map((i) => i.report.reference)).toEqual(['digest-of-the-reference']);
      const statistics = harness.calls
        .filter((c) => c.name !== 'loadPolicy' && c.name !== 'notify')
        .map((c) => c.queue);
      expect(statistics.every((queue) => queue.endsWith('-cpu'))).toBe(true);
    },
  );

  it('ends noWindow without a report when every complete window was evaluated', async () => {
    const ended = await run('noDrift', { nextCheckWindow: async () => null });
    expect(ended).toEqual({
      outcome: 'noWindow',
      version: null,
      windowStart: null,
      windowEnd: null,
      driftedFeatures: [],
      reasons: [],
    });
    expect(harness.names()).toEqual(['loadPolicy', 'nextCheckWindow']);
  });

  it('asks twice for a window when the first read fails, and evaluates it once', async () => {
    let tries = 0;
    const ended = await run('noDrift', {
      nextCheckWindow: async () => {
        tries += 1;
        if (tries === 1) throw new Error('connection reset');
        return { version: '1', start: 0, end: WEEK };
      },
    });
    expect(ended.outcome).toBe('noDrift');
    expect(harness.inputs('evaluateWindow')).toHaveLength(1);
  });

  it('fails with RATCHET_NO_CHAMPION when there is nothing to check', async () => {
    const failure = await run('noDrift', {
      nextCheckWindow: async () => {
        throw ApplicationFailure.nonRetryable('no champion', 'RATCHET_NO_CHAMPION');
      },
    }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WorkflowFailedError);
    expect((failure as WorkflowFailedError).cause).toMatchObject({ cause: { type: 'RATCHET_NO_CHAMPION' } });
  });
});
