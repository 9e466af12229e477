import { randomUUID } from 'node:crypto';
import type { WorkflowHandle, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { RolloutStatus } from '../../core/messages';
import type { RolloutInput, RolloutResult } from '../../core/workflow-io';
import { rolloutScript, testPolicy, tickOf, watchOf } from './fixtures';
import { WorkflowHarness, type Script } from './harness';

const HOUR = 3_600_000;

describe('canary workflow', () => {
  let harness: WorkflowHarness;
  beforeAll(async () => {
    harness = await WorkflowHarness.start();
  });
  afterAll(async () => {
    await harness.stop();
  });

  const policy = testPolicy({
    rollout: {
      steps: [
        { weight: 5, minHold: '1h', maxHold: '24h', minKeys: 1000 },
        { weight: 50, minHold: '1h', maxHold: '24h', minKeys: 1000 },
        { weight: 100, minHold: '0s', maxHold: '1h', minKeys: 0 },
      ],
      tick: '10m',
      lease: '30m',
      deadline: '7d',
      watch: '2h',
      noTraffic: '4h',
      approval: null,
    },
  });
  const withApproval = testPolicy({
    rollout: {
      steps: [
        { weight: 10, minHold: '1h', maxHold: '24h', minKeys: 1000 },
        { weight: 100, minHold: '0s', maxHold: '1h', minKeys: 0 },
      ],
      tick: '10m',
      lease: '30m',
      deadline: '7d',
      watch: '10m',
      noTraffic: '4h',
      approval: { beforeWeight: 100, expires: '12h', reminder: '1h', onExpiry: 'rollback', actors: [] },
    },
  });

  const run = async <R>(script: Script, body: (handle: WorkflowHandle) => Promise<R>): Promise<R> => {
    const queue = `canary-${randomUUID()}`;
    return harness.withScript(queue, script, async () => {
      const input: RolloutInput = { model: 'late', version: '2', actor: 'test', reason: 'try' };
      const handle = await harness.env.client.workflow.start('canary', {
        workflowId: `canary/late/${queue}`,
        taskQueue: queue,
        args: [input],
      });
      return body(handle);
    });
  };
  const result = (handle: WorkflowHandle): Promise<RolloutResult> => handle.result() as Promise<RolloutResult>;
  const weights = (): number[] =>
    harness.calls.filter((c) => c.name === 'setCanaryWeight').map((c) => (c.input as { weight: number }).weight);
  const decision = (id: string, version = '2'): { id: string; version: string; actor: string; reason: string } => ({
    id,
    version,
    actor: 'ann',
    reason: 'because',
  });

  it('visits weights 5 % and 50 % in order over at least 2 h, promotes once and watches 2 h', async () => {
    const before = await harness.env.currentTimeMs();
    const ended = await run(rolloutScript(policy), result);
    expect(ended.outcome).toBe('promoted');
    expect(weights()).toEqual([500, 5000]);
    expect(harness.names().filter((n) => n === 'promoteVersion')).toHaveLength(1);
    expect((await harness.env.currentTimeMs()) - before).toBeGreaterThanOrEqual(4 * HOUR);
    expect(harness.names().indexOf('promoteVersion')).toBeLessThan(harness.names().indexOf('endRollout'));
  });

  it('rolls back inside the step when a guardrail fires at the third tick, with its reason', async () => {
    let ticks = 0;
    const ended = await run(
      rolloutScript(policy, { tickCanary: async () => ((ticks += 1) < 3 ? tickOf(ticks * 100) : tickOf(300, 'fail')) }),
      result,
    );
    expect(ended).toMatchObject({ outcome: 'rolledBack', reasons: [{ code: 'guardrail.wrong' }] });
    expect(ticks).toBe(3);
    expect(harness.names()).toContain('rollBackCanary');
    expect(harness.names()).not.toContain('promoteVersion');
  });

  it('goes back with the reason deadline when nothing is proven within 7 days', async () => {
    let keys = 0;
    const held = testPolicy({
      rollout: {
        steps: [
          { weight: 5, minHold: '1h', maxHold: '24h', minKeys: 1_000_000 },
          { weight: 100, minHold: '0s', maxHold: '1h', minKeys: 0 },
        ],
        tick: '1h',
        lease: '6h',
        deadline: '7d',
        watch: '2h',
        noTraffic: '1d',
        onInconclusive: 'hold',
        approval: null,
      },
    });
    const ended = await run(rolloutScript(held, { tickCanary: async () => tickOf((keys += 1)) }), result);
    expect(ended).toMatchObject({ outcome: 'rolledBack', reasons: [{ code: 'deadline' }] });
  });

  it('rolls back with leaseLost when the renewal is refused', async () => {
    const ended = await run(
      rolloutScript(policy, { tickCanary: async () => tickOf(10, 'pass', { leaseRenewed: false }) }),
      result,
    );
    expect(ended).toMatchObject({ outcome: 'rolledBack', reasons: [{ code: 'leaseLost' }] });
  });

  it('is refused with the reason of the claim when another rollout runs', async () => {
    const ended = await run(
      rolloutScript(policy, {
        beginRollout: async () => ({ kind: 'refused', reasons: [{ code: 'RATCHET_CLAIM_HELD', text: 'held by x' }] }),
      }),
      result,
    );
    expect(ended).toEqual({
      outcome: 'refused',
      version: '2',
      reasons: [{ code: 'RATCHET_CLAIM_HELD', text: 'held by x' }],
    });
    expect(weights()).toEqual([]);
  });

  it('restores the old champion when the watch fails after promotion', async () => {
    const ended = await run(rolloutScript(policy, { tickWatch: async () => watchOf('fail') }), result);
    expect(ended.outcome).toBe('rolledBack');
    expect(harness.names()).toEqual(expect.arrayContaining(['promoteVersion', 'restoreChampion']));
  });

  it('rolls back when the promotion itself is refused for a missing blessing', async () => {
    const { ApplicationFailure } = await import('@temporalio/common');
    const ended = await run(
      rolloutScript(policy, {
        promoteVersion: async () => {
          throw ApplicationFailure.nonRetryable('lacks shadowed', 'RATCHET_BLESSING_MISSING');
        },
      }),
      result,
    );
    expect(ended).toMatchObject({ outcome: 'rolledBack', reasons: [{ code: 'RATCHET_BLESSING_MISSING' }] });
  });

  it('waits for approval, refuses one for version 1 and an early one, then takes the right one and refuses its repetition', async () => {
    const outcome = await run(rolloutScript(withApproval), async (handle) => {
      const early = handle.executeUpdate('approve', { args: [decision('early')], updateId: 'early' });
      await expect(early).rejects.toMatchObject({ cause: { type: expect.stringMatching(/NOT_AWAITED|STALE/) } });
      await harness.env.sleep('2h');
      const status = await handle.query<RolloutStatus>('status');
      expect(status).toMatchObject({ phase: 'awaitingApproval', needsHuman: true, weight: 1000 });
      await expect(
        handle.executeUpdate('approve', { args: [decision('wrong', '1')], updateId: 'wrong' }),
      ).rejects.toMatchObject({
        cause: { type: 'RATCHET_DECISION_STALE' },
      });
      const update = await handle.startUpdate('approve', {
        args: [decision('yes')],
        updateId: 'yes',
        waitForStage: 'ACCEPTED',
      });
      expect(await update.result()).toMatchObject({ id: 'yes', accepted: true });
      await expect(
        handle.executeUpdate('approve', { args: [decision('again')], updateId: 'again' }),
      ).rejects.toMatchObject({
        cause: { type: expect.stringMatching(/STALE|NOT_AWAITED/) },
      });
      await harness.env.sleep('1h');
      return result(handle);
    });
    expect(outcome.outcome).toBe('promoted');
    expect(
      harness.calls
        .filter((c) => c.name === 'blessVersion')
        .map((c) => (c.input as { blessing: string; actor: string }).actor),
    ).toEqual(['ann']);
    expect(
      harness.calls.filter((c) => c.name === 'recordDecision').map((c) => (c.input as { kind: string }).kind),
    ).toEqual(['approval']);
  });

  it('sends a reminder 1 h before a 12 h approval expires, then rolls back', async () => {
    const ended = await run(rolloutScript(withApproval), result);
    expect(ended).toMatchObject({ outcome: 'rolledBack', reasons: [{ code: 'approval.expired' }] });
    const kinds = harness.calls
      .filter((c) => c.name === 'notify')
      .map((c) => (c.input as { notification: { kind: string } }).notification.kind);
    expect(kinds).toEqual(['approvalWanted', 'approvalReminder']);
  });

  it('aborts by signal with actor and reason, and refuses an approval afterwards', async () => {
    const ended = await run(rolloutScript(policy), async (handle) => {
      await harness.env.sleep('20m');
      await handle.signal('abortSignal', decision('stop'));
      return result(handle);
    });
    expect(ended).toMatchObject({
      outcome: 'aborted',
      reasons: [{ code: 'abort', text: expect.stringContaining('ann') }],
    });
    expect(harness.names()).toContain('rollBackCanary');
  });

  it('ignores a malformed signal and goes on to promote', async () => {
    const ended = await run(rolloutScript(policy), async (handle) => {
      await handle.signal('abortSignal', { hello: 'world' });
      await handle.signal('abortSignal', null);
      return result(handle);
    });
    expect(ended.outcome).toBe('promoted');
  });

  const update = (handle: WorkflowHandle, kind: string, id: string): Promise<unknown> =>
    handle.executeUpdate(kind, { args: [decision(id)], updateId: id });
  const statusOf = (handle: WorkflowHandle): Promise<RolloutStatus> => handle.query<RolloutStatus>('status');
  const notified = (): string[] => harness.inputs('notify').map((i) => i.notification.kind);

  it('stays at 5 % for 30 h while paused, past its longest hold, and goes on after resume', async () => {
    const ended = await run(rolloutScript(policy), async (handle) => {
      await harness.env.sleep('5m');
      await update(handle, 'pause', 'p');
      await harness.env.sleep('30h');
      expect(await statusOf(handle)).toMatchObject({ phase: 'paused', weight: 500 });
      expect(weights()).toEqual([500]);
      await update(handle, 'resume', 'r');
      return result(handle);
    });
    expect(ended.outcome).toBe('promoted');
    expect(weights()).toEqual([500, 5000]);
    expect(harness.inputs('recordDecision').map((i) => i.kind)).toEqual(['message.pause', 'message.resume']);
  });

  it('promotes at once on promoteFull and lists the 2 steps and the approval that were skipped', async () => {
    const ended = await run(rolloutScript(withApproval), async (handle) => {
      await harness.env.sleep('5m');
      await handle.signal('promoteFullSignal', decision('full'));
      return result(handle);
    });
    expect(ended.outcome).toBe('promoted');
    const [promoted] = harness.inputs('promoteVersion');
    expect(promoted?.because.evidence['skipped']).toEqual(['rest of step 1 (10 %)', 'approval before 100 %']);
    expect(promoted?.because.actor).toBe('ann');
    expect(harness.inputs('blessVersion').map((i) => [i.blessing, i.actor])).toEqual([['approved', 'ann']]);
  });

  it('rolls back on a breach while it awaits approval', async () => {
    let breached = false;
    let keys = 0;
    const ended = await run(
      rolloutScript(withApproval, { tickCanary: async () => tickOf((keys += 2000), breached ? 'fail' : 'pass') }),
      async (handle) => {
        await harness.env.sleep('2h');
        expect(await statusOf(handle)).toMatchObject({ phase: 'awaitingApproval' });
        breached = true;
        return result(handle);
      },
    );
    expect(ended).toMatchObject({ outcome: 'rolledBack', reasons: [{ code: 'guardrail.wrong' }] });
    expect(harness.names()).not.toContain('promoteVersion');
  });

  it('holds for a person when the candidate gets no traffic for 4 h, and never advances', async () => {
    await run(rolloutScript(policy, { tickCanary: async () => tickOf(0) }), async (handle) => {
      await harness.env.sleep('5h');
      expect(await statusOf(handle)).toMatchObject({ phase: 'held', needsHuman: true, weight: 500 });
      expect(weights()).toEqual([500]);
      expect(notified()).toEqual(['heldForHuman']);
      await handle.signal('abortSignal', decision('stop'));
      expect((await result(handle)).outcome).toBe('aborted');
    });
  });

  it('holds after measurements that fail, with the weight as it is, and goes on when they succeed again', async () => {
    let broken = true;
    let keys = 0;
    const ended = await run(
      rolloutScript(policy, {
        tickCanary: async () => {
          if (broken) throw new Error('connection refused');
          return tickOf((keys += 2000));
        },
      }),
      async (handle) => {
        await harness.env.sleep('3h');
        const held = await statusOf(handle);
        expect(held).toMatchObject({ phase: 'held', weight: 500 });
        expect(held.lastReasons.map((r) => r.code)).toContain('measureErrors');
        broken = false;
        return result(handle);
      },
    );
    expect(ended.outcome).toBe('promoted');
  });

  it('aborts at once although a measurement hangs', async () => {
    let hang: () => void = () => undefined;
    const hanging = new Promise<void>((resolve) => (hang = resolve));
    const ended = await run(
      rolloutScript(policy, {
        tickCanary: async () => {
          await hanging;
          return tickOf(1);
        },
      }),
      async (handle) => {
        await harness.sleepUntil('it measures', () => harness.names().includes('tickCanary'));
        await update(handle, 'abort', 'stop');
        await harness.sleepUntil('it rolled back', () => harness.names().includes('rollBackCanary'), '1 second');
        hang();
        return result(handle);
      },
    );
    expect(ended).toMatchObject({ outcome: 'aborted' });
  });

  it('takes the weight away when the lease is lost, waits for a person, and gives it back on resume', async () => {
    const holding = testPolicy({
      rollout: {
        steps: [
          { weight: 5, minHold: '1h', maxHold: '24h', minKeys: 1000 },
          { weight: 100, minHold: '0s', maxHold: '1h', minKeys: 0 },
        ],
        tick: '10m',
        lease: '30m',
        deadline: '7d',
        watch: '10m',
        noTraffic: '4h',
        approval: null,
        onLeaseLost: 'hold',
      },
    });
    let ticks = 0;
    const ended = await run(
      rolloutScript(holding, {
        tickCanary: async () => tickOf((ticks += 1) * 2000, 'pass', { leaseRenewed: ticks !== 2 }),
      }),
      async (handle) => {
        await harness.env.sleep('3h');
        expect(await statusOf(handle)).toMatchObject({ phase: 'held', weight: 0, needsHuman: true });
        expect(weights()).toEqual([500, 0]);
        await update(handle, 'resume', 'r');
        return result(handle);
      },
    );
    expect(ended.outcome).toBe('promoted');
    expect(weights()).toEqual([500, 0, 500]);
    expect(new Set(harness.inputs('setCanaryWeight').map((i) => i.change)).size).toBe(3);
  });

  it('ends with the reason fenced when a rollback by hand took its claim', async () => {
    const { ApplicationFailure } = await import('@temporalio/common');
    const ended = await run(
      rolloutScript(policy, {
        tickCanary: async () => {
          throw ApplicationFailure.nonRetryable('somebody holds it', 'RATCHET_ROUTE_FENCED');
        },
      }),
      result,
    );
    expect(ended).toMatchObject({ outcome: 'rolledBack', reasons: [{ code: 'fenced' }] });
    expect(harness.inputs('endRollout').map((i) => i.outcome)).toEqual(['rolledBack']);
  });

  it('rolls back and gives the claim back when it is cancelled', async () => {
    const ended = await run(rolloutScript(policy), async (handle) => {
      await harness.env.sleep('25m');
      await handle.cancel();
      return result(handle);
    });
    expect(ended).toMatchObject({ outcome: 'aborted', reasons: [{ code: 'cancelled' }] });
    expect(harness.names()).toEqual(expect.arrayContaining(['rollBackCanary', 'endRollout']));
  });

  it('keeps deadline, step and run over continue-as-new in the middle of a step', async () => {
    const slow = testPolicy({
      rollout: {
        steps: [
          { weight: 5, minHold: '1h', maxHold: '30d', minKeys: 1_000_000 },
          { weight: 100, minHold: '0s', maxHold: '1h', minKeys: 0 },
        ],
        tick: '10m',
        lease: '30m',
        deadline: '5d',
        watch: '10m',
        noTraffic: '4h',
        approval: null,
      },
    });
    let keys = 0;
    let days = Number.NaN;
    const ended = await run(rolloutScript(slow, { tickCanary: async () => tickOf((keys += 1)) }), async (handle) => {
      const outcome = await result(handle);
      const first = (handle as WorkflowHandleWithFirstExecutionRunId).firstExecutionRunId;
      const run1 = await harness.env.client.workflow.getHandle(handle.workflowId, first).describe();
      expect(run1.status.name).toBe('CONTINUED_AS_NEW');
      // The workflow's own times: once it has closed, the server's clock may jump years ahead (stack.md §9).
      const last = await harness.env.client.workflow.getHandle(handle.workflowId).describe();
      days = ((last.closeTime?.getTime() ?? Number.NaN) - run1.startTime.getTime()) / (24 * HOUR);
      return outcome;
    });
    expect(ended).toMatchObject({ outcome: 'rolledBack', reasons: [{ code: 'deadline' }] });
    expect(days).toBeGreaterThanOrEqual(5);
    expect(days).toBeLessThan(5.1);
    expect(harness.inputs('beginRollout')).toHaveLength(1);
    expect(weights()).toEqual([500]);
    expect(new Set(harness.inputs('tickCanary').map((i) => i.handle.run)).size).toBe(1);
  });
});
