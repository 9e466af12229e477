import { randomUUID } from 'node:crypto';
import type { WorkflowHandleWithFirstExecutionRunId as WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { RolloutStatus } from '../../core/messages';
import type { Policy } from '../../core/policy';
import type { RolloutResult } from '../../core/workflow-io';
import { rolloutScript, shadowTickOf, testPolicy } from './fixtures';
import { WorkflowHarness, type Script, type ScriptOptions } from './harness';

const HOUR = 3_600_000;

describe('shadowTest workflow', () => {
  let harness: WorkflowHarness;
  beforeAll(async () => {
    harness = await WorkflowHarness.start();
  });
  afterAll(async () => {
    await harness.stop();
  });

  const rollout = { tick: '10m', lease: '30m', approval: null, maxMeasureErrors: 3 };
  const policy = testPolicy({ rollout, shadow: { share: 100, min: '1h', max: '24h' } });
  const without = testPolicy({ rollout, shadow: null, blessings: { required: ['evaluated'] } });

  async function run<R>(
    script: Script,
    body: (handle: WorkflowHandle) => Promise<R>,
    options: ScriptOptions = {},
    under: Policy = policy,
  ): Promise<R> {
    const queue = `shadow-${randomUUID()}`;
    return harness.withScript(
      queue,
      rolloutScript(under, script),
      async () => {
        const handle = await harness.env.client.workflow.start('shadowTest', {
          workflowId: `shadow/late/${queue}`,
          taskQueue: queue,
          args: [{ model: 'late', version: '2', actor: 'test', reason: 'try' }],
        });
        return body(handle);
      },
      options,
    );
  }
  const result = (handle: WorkflowHandle): Promise<RolloutResult> => handle.result() as Promise<RolloutResult>;
  const decision = (id: string): { id: string; version: string; actor: string; reason: string } => ({
    id,
    version: '2',
    actor: 'ann',
    reason: 'because',
  });
  const lastNames = (count: number): string[] => harness.names().slice(-count);

  it('passes when the third tick has the evidence, blesses the version and stops the shadow', async () => {
    let ticks = 0;
    const ended = await run({ tickShadow: async () => shadowTickOf('pass', (ticks += 1) === 3) }, result);
    expect(ended).toEqual({ outcome: 'passed', version: '2', reasons: [{ code: 'shadow', text: 'pass' }] });
    expect(ticks).toBe(3);
    expect(harness.inputs('startShadow').map((i) => i.share)).toEqual([policy.shadow?.share]);
    expect(harness.inputs('blessVersion').map((i) => i.blessing)).toEqual(['shadowed']);
    expect(lastNames(4)).toEqual(['stopShadow', 'blessVersion', 'endRollout', 'reportRollout']);
  });

  it.each([
    ['fail', 'failed'],
    ['inconclusive', 'inconclusive'],
    ['error', 'inconclusive'],
  ] as const)('ends a final verdict %s as %s, without a blessing', async (verdict, outcome) => {
    const ended = await run({ tickShadow: async () => shadowTickOf(verdict, true) }, result);
    expect(ended.outcome).toBe(outcome);
    expect(harness.names()).not.toContain('blessVersion');
    expect(harness.inputs('endRollout').map((i) => i.outcome)).toEqual([outcome]);
  });

  it('ends inconclusive with leaseLost when the renewal is refused, whatever the evidence says', async () => {
    const ended = await run(
      { tickShadow: async () => ({ ...shadowTickOf('pass', true), leaseRenewed: false }) },
      result,
    );
    expect(ended).toMatchObject({ outcome: 'inconclusive', reasons: [{ code: 'leaseLost' }] });
    expect(harness.names()).not.toContain('blessVersion');
  });

  it('is inconclusive after 24 h in which no measurement succeeded', async () => {
    const before = await harness.env.currentTimeMs();
    const ended = await run(
      {
        tickShadow: async () => {
          throw ApplicationFailure.nonRetryable('database away', 'RATCHET_POSTGRES_UNAVAILABLE');
        },
      },
      result,
    );
    expect(ended).toMatchObject({ outcome: 'inconclusive', reasons: [{ code: 'measure.error' }] });
    expect((await harness.env.currentTimeMs()) - before).toBeGreaterThanOrEqual(24 * HOUR);
  });

  it('is refused with shadow.off when the policy has none, and with the reason of a held claim', async () => {
    const off = await run({}, result, {}, without);
    expect(off).toMatchObject({ outcome: 'refused', reasons: [{ code: 'shadow.off' }] });
    const reasons = [{ code: 'RATCHET_CLAIM_HELD', text: 'held' }];
    const held = await run({ beginRollout: async () => ({ kind: 'refused', reasons }) }, result);
    expect(held).toEqual({ outcome: 'refused', version: '2', reasons });
    expect(harness.names()).not.toContain('startShadow');
  });

  it('ends aborted by whoever aborted it, and tells who and why', async () => {
    const ended = await run({ tickShadow: async () => shadowTickOf('inconclusive', false) }, async (handle) => {
      await harness.env.sleep('25m');
      await handle.signal('abortSignal', decision('stop'));
      return result(handle);
    });
    expect(ended).toMatchObject({ outcome: 'aborted', reasons: [{ code: 'aborted', text: 'ann: because' }] });
    expect(harness.inputs('endRollout')).toMatchObject([{ because: { actor: 'ann' } }]);
  });

  it('does not pass while paused, and passes after resume', async () => {
    const ended = await run({ tickShadow: async () => shadowTickOf('pass', true) }, async (handle) => {
      await handle.signal('pauseSignal', decision('p'));
      await harness.env.sleep('2h');
      expect(await handle.query<RolloutStatus>('status')).toMatchObject({ phase: 'paused', outcome: null });
      expect(harness.names()).not.toContain('stopShadow');
      await handle.signal('resumeSignal', decision('r'));
      return result(handle);
    });
    expect(ended.outcome).toBe('passed');
  });

  it('refuses an approval and a promotion: they mean nothing to a shadow test', async () => {
    await run({ tickShadow: async () => shadowTickOf('inconclusive', false) }, async (handle) => {
      for (const kind of ['approve', 'promoteFull']) {
        const sent = handle.executeUpdate(kind, { args: [decision(kind)], updateId: kind });
        await expect(sent).rejects.toMatchObject({ cause: { type: 'RATCHET_DECISION_NOT_AWAITED' } });
      }
      await handle.signal('abortSignal', decision('end'));
      expect((await result(handle)).outcome).toBe('aborted');
    });
  });

  it('stops the shadow and gives the claim back when it is cancelled', async () => {
    const ended = await run({ tickShadow: async () => shadowTickOf('inconclusive', false) }, async (handle) => {
      await harness.env.sleep('15m');
      await handle.cancel();
      return result(handle);
    });
    expect(ended).toMatchObject({ outcome: 'aborted', reasons: [{ code: 'cancelled' }] });
    expect(lastNames(3)).toEqual(['stopShadow', 'endRollout', 'reportRollout']);
  });

  it('ends aborted with the reason fenced when a rollback took its claim', async () => {
    const fenced = async (): Promise<never> => {
      throw ApplicationFailure.nonRetryable('somebody holds it', 'RATCHET_ROUTE_FENCED');
    };
    const ended = await run({ tickShadow: fenced, stopShadow: fenced }, result);
    expect(ended).toMatchObject({ outcome: 'aborted', reasons: [{ code: 'fenced' }] });
    expect(harness.inputs('endRollout').map((i) => i.outcome)).toEqual(['aborted']);
  });

  it('keeps its start and its deadline over continue-as-new in a test of 600 h', async () => {
    const long = testPolicy({ rollout, shadow: { share: 100, min: '1h', max: '600h' } });
    const elapsed: number[] = [];
    const ended = await run(
      {
        tickShadow: async (input) => {
          elapsed.push(input.elapsedMs);
          return shadowTickOf('pass', input.elapsedMs >= 100 * HOUR);
        },
      },
      async (handle) => {
        const outcome = await result(handle);
        const first = await harness.env.client.workflow
          .getHandle(handle.workflowId, handle.firstExecutionRunId)
          .describe();
        expect(first.status.name).toBe('CONTINUED_AS_NEW');
        return outcome;
      },
      {},
      long,
    );
    expect(ended.outcome).toBe('passed');
    expect(elapsed.every((ms, i) => i === 0 || ms > (elapsed[i - 1] as number))).toBe(true);
    expect(harness.inputs('beginRollout')).toHaveLength(1);
    expect(harness.inputs('startShadow')).toHaveLength(1);
    expect(new Set(harness.inputs('tickShadow').map((i) => i.handle.run)).size).toBe(1);
  });
});
