import { randomUUID } from 'node:crypto';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { Policy } from '../../core/policy';
import type { RetrainInput, RetrainResult } from '../../core/workflow-io';
import { judgementOf, retrainScript, searchPolicy } from './fixtures';
import { WorkflowHarness, type Script } from './harness';

describe('retrain workflow', () => {
  let harness: WorkflowHarness;
  beforeAll(async () => {
    harness = await WorkflowHarness.start();
  });
  afterAll(async () => {
    await harness.stop();
  });

  const result = (handle: WorkflowHandle): Promise<RetrainResult> => handle.result() as Promise<RetrainResult>;

  async function run<R>(
    overrides: Script | ((policy: Policy) => Script),
    body: (handle: WorkflowHandle) => Promise<R>,
    unserved: readonly string[] = [],
    training: Record<string, unknown> = {},
  ): Promise<R> {
    const queue = `retrain-${randomUUID()}`;
    const policy = searchPolicy([...unserved, `${queue}-gpu`], {}, training);
    const script = retrainScript(policy, typeof overrides === 'function' ? overrides(policy) : overrides);
    return harness.withScript(
      queue,
      script,
      async () => {
        const input: RetrainInput = { model: 'late', reason: 'drift', actor: 'test' };
        const handle = await harness.env.client.workflow.start('retrain', {
          workflowId: `retrain/late/${queue}`,
          taskQueue: queue,
          args: [input],
        });
        return body(handle);
      },
      { queues: [`${queue}-gpu`] },
    );
  }

  const before = (first: string, second: string): void => {
    expect(harness.names()).toContain(first);
    expect(harness.names().indexOf(first)).toBeLessThan(harness.names().indexOf(second));
  };

  it('runs 4 trials in parallel on the training queue, fits the best parameters and registers a challenger', async () => {
    const ended = await run({}, result);
    expect(ended).toMatchObject({ outcome: 'challenger', version: '2', mlflowRunId: 'mlflow-run' });
    expect(ended.snapshotDigest).toBe('d'.repeat(64));
    expect(harness.inputs('suggestTrials').map((i) => i.count)).toEqual([4]);
    expect(harness.inputs('runTrial')).toHaveLength(4);
    expect(harness.calls.filter((c) => c.name === 'runTrial').every((c) => c.queue.endsWith('-gpu'))).toBe(true);
    expect(harness.inputs('fitModel').map((i) => i.params)).toEqual([{ leaves: 2 }]);
    expect(
      harness
        .inputs('logTrial')
        .map((i) => i.number)
        .sort(),
    ).toEqual([1, 2, 3, 4]);
    expect(new Set(harness.inputs('runTrial').map((i) => i.key)).size).toBe(4);
    expect(harness.inputs('releaseClaim')).toHaveLength(1);
    expect(harness.inputs('finishRetrainRun')).toMatchObject([{ outcome: 'challenger', version: '2', champion: '1' }]);
    expect(harness.names()).not.toContain('adoptFirstVersion');
    before('registerCandidate', 'releaseClaim');
  });

  it('asks twice for 2 trials with what has finished when only 2 may run at once', async () => {
    const ended = await run({}, result, [], { parallelTrials: 2 });
    expect(ended.outcome).toBe('challenger');
    const asked = harness.inputs('suggestTrials');
    expect(asked.map((i) => [i.count, i.finished.length])).toEqual([
      [2, 0],
      [2, 2],
    ]);
  });

  it('fits the fixed parameters without a single trial when nothing is searched', async () => {
    const ended = await run({}, result, [], { search: {} });
    expect(ended.outcome).toBe('challenger');
    expect(harness.names()).not.toContain('suggestTrials');
    expect(harness.inputs('fitModel').map((i) => i.params)).toEqual([{}]);
  });

  it('ends dataInvalid and tells people when the snapshot is refused for a missing column', async () => {
    const ended = await run(
      {
        takeSnapshot: async () => {
          throw ApplicationFailure.nonRetryable('returns no column x', 'RATCHET_COLUMN_MISSING');
        },
      },
      result,
    );
    expect(ended).toMatchObject({
      outcome: 'dataInvalid',
      version: null,
      snapshotDigest: null,
      mlflowRunId: null,
      reasons: [{ code: 'RATCHET_COLUMN_MISSING' }],
    });
    expect(harness.inputs('notify').map((i) => i.notification.kind)).toEqual(['dataInvalid']);
    expect(harness.inputs('releaseClaim')).toHaveLength(1);
    expect(harness.names()).not.toContain('startRun');
  });

  it('ends dataInvalid, tells people why and trains nothing when the quality check fails', async () => {
    const reasons = [{ code: 'quality.nullShare', text: 'x is null in 100 % of the rows' }];
    const ended = await run(
      {
        prepareTraining: async () => ({ verdict: 'fail', reasons, holdoutClusters: [], rows: 1000, holdoutRows: 0 }),
      },
      result,
    );
    expect(ended).toMatchObject({ outcome: 'dataInvalid', reasons, mlflowRunId: 'mlflow-run' });
    expect(harness.inputs('notify')).toMatchObject([
      { notification: { kind: 'dataInvalid', model: 'late', text: 'x is null in 100 % of the rows' } },
    ]);
    expect(harness.names()).not.toContain('runTrial');
    expect(harness.names()).not.toContain('fitModel');
    expect(harness.inputs('finishRetrainRun')).toMatchObject([{ outcome: 'dataInvalid' }]);
  });

  it('does not train on data that could not be judged: inconclusive is no pass', async () => {
    const ended = await run(
      {
        prepareTraining: async () => ({
          verdict: 'inconclusive',
          reasons: [{ code: 'gate.holdout', text: '0 held-out clusters' }],
          holdoutClusters: [],
          rows: 10,
          holdoutRows: 0,
        }),
      },
      result,
    );
    expect(ended.outcome).toBe('dataInvalid');
    expect(harness.names()).not.toContain('fitModel');
  });

  it.each(['fail', 'inconclusive', 'error'] as const)(
    'registers nothing and ends refused when the gate says %s',
    async (verdict) => {
      const ended = await run({ judgeCandidate: async () => judgementOf(verdict) }, result);
      expect(ended).toMatchObject({ outcome: 'refused', version: null });
      expect(ended.reasons[0]).toEqual({ code: 'gate.improvement', text: `the gate says ${verdict}` });
      expect(harness.names()).not.toContain('registerCandidate');
      expect(harness.inputs('releaseClaim')).toHaveLength(1);
      expect(harness.inputs('finishRetrainRun')).toMatchObject([{ outcome: 'refused' }]);
    },
  );

  it('goes on with the best of 3 when 1 trial of 4 fails', async () => {
    const ended = await run(
      (policy) => ({
        runTrial: async (input) => {
          if (input.params['leaves'] === 2) throw ApplicationFailure.nonRetryable('exit 1', 'RATCHET_TRAINER_FAILED');
          return (retrainScript(policy).runTrial as NonNullable<Script['runTrial']>)(input);
        },
      }),
      result,
    );
    expect(ended.outcome).toBe('challenger');
    expect(harness.inputs('logTrial')).toHaveLength(3);
    expect(harness.inputs('fitModel').map((i) => i.params)).toEqual([{ leaves: 1 }]);
    const [finished] = harness.inputs('finishRetrainRun');
    expect(finished?.trials.map((t) => t.value)).toEqual([0.4, null, 0.4, 0.5]);
  });

  it('ends failed when all 4 trials fail, and gives the claim back', async () => {
    const ended = await run(
      {
        runTrial: async () => {
          throw ApplicationFailure.nonRetryable('exit 1', 'RATCHET_TRAINER_FAILED');
        },
      },
      result,
    );
    expect(ended).toMatchObject({
      outcome: 'failed',
      reasons: [{ code: 'RATCHET_TRAINER_FAILED', text: 'all 4 trials failed' }],
    });
    expect(harness.names()).not.toContain('fitModel');
    expect(harness.inputs('releaseClaim')).toHaveLength(1);
  });

  it('ends failed with the code of the fault when registration is refused for good', async () => {
    const ended = await run(
      {
        registerCandidate: async () => {
          throw ApplicationFailure.nonRetryable('no rights', 'RATCHET_MLFLOW_FORBIDDEN');
        },
      },
      result,
    );
    expect(ended).toMatchObject({ outcome: 'failed', version: null, reasons: [{ code: 'RATCHET_MLFLOW_FORBIDDEN' }] });
    expect(harness.inputs('releaseClaim')).toHaveLength(1);
  });

  it('is refused at once when another retraining holds the claim, and takes nothing from it', async () => {
    const reasons = [{ code: 'claim.held', text: 'retrain/late/1:x holds the retrain of late' }];
    const ended = await run({ beginRetrain: async () => ({ kind: 'refused', reasons }) }, result);
    expect(ended).toEqual({ outcome: 'refused', version: null, reasons, snapshotDigest: null, mlflowRunId: null });
    expect(harness.names()).toEqual(['loadPolicy', 'beginRetrain']);
  });

  it('makes the first version champion when the model has none', async () => {
    const ended = await run(
      { beginRetrain: async () => ({ kind: 'begun', champion: null, from: 0, to: 1000, asOf: 1000 }) },
      result,
    );
    expect(ended).toMatchObject({ outcome: 'champion', version: '2' });
    expect(harness.inputs('adoptFirstVersion')).toMatchObject([{ version: '2', actor: 'test', asOf: 1000 }]);
    before('registerCandidate', 'adoptFirstVersion');
    before('adoptFirstVersion', 'releaseClaim');
  });

  it('asks the next queue when nobody takes a training from the first within its time', async () => {
    const nobody = `nobody-${randomUUID()}`;
    const ended = await run({}, result, [nobody]);
    expect(ended.outcome).toBe('challenger');
    expect(harness.calls.filter((c) => c.name === 'runTrial' && c.queue.endsWith('-gpu'))).toHaveLength(4);
    expect(harness.calls.filter((c) => c.name === 'fitModel' && c.queue.endsWith('-gpu'))).toHaveLength(1);
    expect(harness.inputs('loadPolicy')).toHaveLength(1);
  });

  it('does not let a report that MLflow refuses change the outcome', async () => {
    const ended = await run(
      {
        finishRetrainRun: async () => {
          throw ApplicationFailure.nonRetryable('down', 'RATCHET_MLFLOW_REQUEST');
        },
      },
      result,
    );
    expect(ended.outcome).toBe('challenger');
  });

  it('gives the claim back when it is cancelled in the middle of a fit', async () => {
    let started: () => void = () => undefined;
    const fitting = new Promise<void>((resolve) => (started = resolve));
    let release: (error: Error) => void = () => undefined;
    const held = new Promise<never>((_, reject) => (release = reject));
    const failure = await run(
      {
        fitModel: () => {
          started();
          return held;
        },
      },
      async (handle) => {
        await fitting;
        await handle.cancel();
        // The trainer is told by its heartbeat; here its process ends as a cancelled one does.
        release(new CancelledFailure('cancelled'));
        return result(handle).catch((error: unknown) => error);
      },
    );
    expect(failure).toBeInstanceOf(WorkflowFailedError);
    expect((failure as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    expect(harness.inputs('releaseClaim')).toMatchObject([{ kind: 'retrain' }]);
    expect(harness.inputs('finishRetrainRun')).toMatchObject([{ outcome: 'failed', reasons: [{ code: 'cancelled' }] }]);
    expect(harness.names()).not.toContain('judgeCandidate');
  });
});
