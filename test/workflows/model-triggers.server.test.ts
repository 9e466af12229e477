/** Triggers by the thousand, and what may hold them back, on the time-skipping server with the memory inbox. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { createTriggerActivities } from '../../activities/triggers';
import {
  MemoryDatabase,
  MemoryDecisionStore,
  MemoryPredictionReader,
  MemoryRouteStore,
  MemoryTriggerInbox,
} from '../../adapters/memory';
import type { ModelStatus } from '../../core/messages';
import type { Policy } from '../../core/policy';
import type { InboxTrigger } from '../../core/ports';
import { judgementOf, retrainScript, rolloutScript, testPolicy } from './fixtures';
import { WorkflowHarness, type Script } from './harness';

const HOUR = 3_600_000;

interface World {
  readonly handle: WorkflowHandleWithFirstExecutionRunId;
  readonly name: string;
  readonly inbox: MemoryTriggerInbox;
  status(): Promise<ModelStatus>;
  until(what: string, holds: (status: ModelStatus) => boolean, step?: string): Promise<ModelStatus>;
  trigger(id: string, more?: Partial<InboxTrigger>): InboxTrigger;
  ask(id: string, manual?: boolean): Promise<void>;
}

describe('triggers of the model workflow', () => {
  let harness: WorkflowHarness;
  beforeEach(async () => {
    harness = await WorkflowHarness.start();
  });
  afterEach(async () => {
    await harness.stop();
  });

  async function live(
    triggers: Record<string, unknown>,
    body: (world: World) => Promise<void>,
    script: (policy: Policy) => Script = () => ({}),
    probe: () => { rows: number; newest: number | null } = () => ({ rows: 0, newest: null }),
  ): Promise<void> {
    const queue = `model-${randomUUID()}`;
    const name = `late-${randomUUID().slice(0, 8)}`;
    const policy = testPolicy({
      model: name,
      triggers: {
        breaches: 1,
        of: 1,
        cooldown: '2h',
        debounce: '0s',
        skipUnchangedSnapshot: false,
        deployDeadline: null,
        ...triggers,
      },
      training: { algorithm: 'lightgbm', search: {}, queues: [{ queue: `${queue}-cpu` }] },
    });
    const clock = { now: () => 1_000_000 };
    const db = new MemoryDatabase(clock);
    const inbox = new MemoryTriggerInbox(db);
    const all: Script = {
      ...retrainScript(policy),
      ...rolloutScript(policy),
      ...createTriggerActivities({
        triggers: inbox,
        probe: { countRows: () => Promise.resolve(probe()) },
        predictions: new MemoryPredictionReader(db),
        routes: new MemoryRouteStore(db),
        decisions: new MemoryDecisionStore(db),
        clock,
      }),
      savePolicy: async (input) => input.policy as Policy,
      openIncident: async ({ id, model, reasons }) => ({
        id,
        model,
        reasons,
        openedAt: 1,
        closedAt: null,
        outcome: null,
      }),
      closeIncident: async () => undefined,
      describeWorkflow: async () => ({ state: 'running', status: 'RUNNING' }),
      judgeCandidate: async () => judgementOf('fail'),
      ...script(policy),
    };
    await harness.withScript(queue, all, async () => {
      const handle = await harness.env.client.workflow.start('model', {
        workflowId: `model/${name}`,
        taskQueue: queue,
        args: [{ model: name, policy }],
      });
      const status = (): Promise<ModelStatus> =>
        harness.env.client.workflow.getHandle(handle.workflowId).query<ModelStatus>('status');
      const until: World['until'] = async (what, holds, step) => {
        await harness.sleepUntil(what, async () => status().then(holds, () => false), step);
        return status();
      };
      await until('the model stands', () => true, '1 second');
      const world: World = {
        handle,
        name,
        inbox,
        status,
        until,
        trigger: (id, more = {}) => ({
          id,
          model: name,
          source: 'webhook',
          actor: 'test',
          reason: `reason ${id}`,
          manual: false,
          asOf: null,
          payload: null,
          ...more,
        }),
        ask: (id, manual = false) =>
          harness.env.client.workflow
            .getHandle(handle.workflowId)
            .signal('retrainSignal', { id, actor: 'test', reason: `reason ${id}`, manual }),
      };
      try {
        await body(world);
      } finally {
        await harness.env.client.workflow.getHandle(handle.workflowId).terminate('the test is over');
      }
    });
  }
  const trainings = (): number => harness.inputs('beginRetrain').length;
  const now = async (): Promise<number> => harness.env.currentTimeMs();
  const retrained = (s: ModelStatus): boolean => s.lastOutcome?.kind === 'retrain' && s.active === null;

  it('10,000 triggers in the inbox and 2,000 signals make 1 retraining, and listTriggers has all 12,000 with what took them', async () => {
    await live({ debounce: '10m' }, async ({ handle, name, inbox, trigger, ask, until, status }) => {
      await inbox.addTriggers(Array.from({ length: 10_000 }, (_, i) => trigger(`inbox-${i}`)));
      for (let sent = 0; sent < 2_000; sent += 200) {
        await Promise.all(Array.from({ length: 200 }, (_, i) => ask(`signal-${sent + i}`)));
        await harness.env.client.workflow.getHandle(handle.workflowId).signal('triggersWaitingSignal');
      }
      await until('the retraining has ended', retrained);
      await harness.env.sleep('12 hours');
      expect(trainings()).toBe(1);
      expect((await status()).pendingTriggers).toBe(0);
      const kept = await inbox.listTriggers(name, 20_000);
      expect(kept).toHaveLength(12_000);
      expect(new Set(kept.map((t) => t.takenBy))).toEqual(new Set([`retrain/${name}/1`]));
      expect(kept.find((t) => t.id === 'signal-1999')).toMatchObject({
        source: 'signal',
        reason: 'reason signal-1999',
      });
      const begun = await harness.env.client.workflow.getHandle(`retrain/${name}/1`).describe();
      expect(begun.status.name).toBe('COMPLETED');
    });
  });

  it('a second burst while the retraining runs makes 1 more, after the cooldown', async () => {
    let open: () => void = () => undefined;
    const passed = new Promise<void>((resolve) => (open = resolve));
    await live(
      {},
      async ({ name, inbox, trigger, ask, handle, until }) => {
        await ask('first');
        await harness.sleepUntil('the data are read', () => harness.names().includes('takeSnapshot'), '1 second');
        await inbox.addTriggers(Array.from({ length: 1_200 }, (_, i) => trigger(`late-${i}`)));
        await handle.signal('triggersWaitingSignal');
        await until('all are merged', (s) => s.pendingTriggers === 1_200, '1 second');
        open();
        const held = await until('it is refused', retrained);
        expect(held.held?.reason.code).toBe('trigger.cooldown');
        await until('the second began', () => trainings() === 2);
        await harness.env.sleep('6 hours');
        expect(trainings()).toBe(2);
        const by = (await inbox.listTriggers(name, 2_000)).map((t) => t.takenBy);
        expect(by.filter((one) => one === `retrain/${name}/2`)).toHaveLength(1_200);
        expect(by.filter((one) => one === `retrain/${name}/1`)).toHaveLength(1);
      },
      (policy) => ({
        takeSnapshot: async (input) => {
          await passed;
          return (retrainScript(policy).takeSnapshot as NonNullable<Script['takeSnapshot']>)(input);
        },
      }),
    );
  });

  it('waits 10 min for more, starts at once for a person, and spends a budget of 1 in 24 h', async () => {
    await live({ debounce: '10m', dailyBudget: 1, cooldown: '0s' }, async ({ ask, until }) => {
      const asked = await now();
      await ask('a');
      await until('it is held', (s) => s.held?.reason.code === 'trigger.debounce', '1 second');
      await until('it has run', retrained);
      expect((await now()) - asked).toBeGreaterThanOrEqual(10 * 60_000);
      await ask('b');
      await until('the budget is spent', (s) => s.held?.reason.code === 'trigger.budget', '1 minute');
      await harness.env.sleep('20 hours');
      expect(trainings()).toBe(1);
      await ask('c', true);
      await until('a person needs no budget', () => trainings() === 2, '1 minute');
      await until('that has ended', (s) => s.active === null, '1 minute');
      await ask('d');
      // Two starts lie behind: the later one must be 24 h ago.
      await harness.env.sleep('22 hours');
      expect(trainings()).toBe(2);
      await until('the next day', () => trainings() === 3, '30 minutes');
    });
  });

  it('starts a training only in the low-traffic hours', async () => {
    const hourOf = (ms: number): string => new Date(ms).toISOString().slice(11, 16);
    const from = hourOf((await now()) + 5 * HOUR);
    const to = hourOf((await now()) + 6 * HOUR);
    await live({ heavyWindow: { from, to, timeZone: 'UTC' } }, async ({ ask, until }) => {
      await ask('a');
      const held = await until('it is held', (s) => s.held?.reason.code === 'trigger.heavyWindow', '1 second');
      expect(hourOf(held.held?.until ?? 0)).toBe(from);
      await harness.env.sleep('4 hours');
      expect(trainings()).toBe(0);
      await until('it begins', () => trainings() === 1, '10 minutes');
      expect(hourOf(await now()) >= from).toBe(true);
    });
  });

  it('waits for 100 new labelled rows, counted again each 15 min', async () => {
    let rows = 99;
    await live(
      { minNewLabelledRows: 100 },
      async ({ ask, until }) => {
        await ask('a');
        const held = await until('too few', (s) => s.held?.reason.code === 'trigger.newRows', '1 second');
        expect(held.held?.reason).toMatchObject({ observed: 99, expected: 100 });
        await harness.env.sleep('3 hours');
        expect(trainings()).toBe(0);
        rows = 100;
        await until('enough', () => trainings() === 1);
      },
      undefined,
      () => ({ rows, newest: 999_999 }),
    );
  });

  it('ends a retraining on the same training data as unchanged, but not for a person', async () => {
    await live({ skipUnchangedSnapshot: true, cooldown: '0s' }, async ({ ask, until }) => {
      await ask('a');
      await until('the gate refused', (s) => s.lastOutcome?.outcome === 'refused');
      await ask('b');
      const same = await until('nothing new', (s) => s.lastOutcome?.outcome === 'unchanged');
      expect(same.lastOutcome?.reasons).toMatchObject([{ code: 'snapshot.unchanged' }]);
      expect(harness.inputs('fitModel')).toHaveLength(1);
      await ask('c', true);
      await until('it was fitted again', () => harness.inputs('fitModel').length === 2);
    });
  });

  it('tells people once when an incident is open after 24 h, and the incident stays open', async () => {
    await live({ deployDeadline: '24h', automatic: false }, async ({ name, inbox, trigger, handle, until, status }) => {
      await inbox.addTriggers([trigger('drift', { source: 'evidently', reason: 'dataset drift: 3 columns' })]);
      await handle.signal('triggersWaitingSignal');
      const opened = await until('the incident is open', (s) => s.incident !== null, '1 second');
      expect(opened.incident?.reasons).toEqual([{ code: 'trigger.evidently', text: 'dataset drift: 3 columns' }]);
      const told = (): string[] => harness.inputs('notify').map((i) => i.notification.kind);
      await harness.env.sleep('23 hours');
      expect(told()).toEqual(['incidentOpened']);
      await harness.env.sleep('2 hours');
      expect(told()).toEqual(['incidentOpened', 'deployDeadlineMissed']);
      await harness.env.sleep('72 hours');
      expect(told()).toHaveLength(2);
      expect(harness.inputs('notify')[1]?.notification).toMatchObject({
        title: `${name}: no better version after 24 h`,
      });
      expect((await status()).incident).not.toBeNull();
    });
  });

  it('retrains when 500 new rows have arrived, once for the same rows', async () => {
    let arrived = { rows: 499, newest: 900_000 as number | null };
    await live(
      { dataArrival: { newRows: 500, checkEvery: '1h' }, cooldown: '0s' },
      async ({ name, inbox, until }) => {
        await harness.env.sleep('5 hours');
        expect(trainings()).toBe(0);
        arrived = { rows: 500, newest: 900_000 };
        await until('it retrains', () => trainings() === 1, '20 minutes');
        arrived = { rows: 0, newest: null };
        await harness.env.sleep('5 hours');
        expect(trainings()).toBe(1);
        expect(await inbox.listTriggers(name, 10)).toMatchObject([
          { source: 'data', takenBy: `retrain/${name}/1`, reason: expect.stringContaining('500 new rows since') },
        ]);
      },
      undefined,
      () => arrived,
    );
  });

  it('goes on from a state that was carried before these fields existed', async () => {
    await live({ automatic: false }, async ({ name, status, until, handle }) => {
      const { policy } = await status();
      const { cron, debounceMs, webhooks, dataArrival, deployDeadlineMs, ...old } = policy.triggers;
      expect([cron, debounceMs, webhooks, dataArrival, deployDeadlineMs]).toHaveLength(5);
      await handle.terminate('a newer one follows');
      const state = {
        policy: { ...policy, triggers: { ...old, automatic: true } },
        breaches: { version: '1', evaluations: [{ windowStart: 0, windowEnd: 1, breached: true }], firedAt: 1 },
        incident: { id: 'i', openedAt: 1, reasons: [] },
        cooldownUntil: null,
        automationPaused: false,
        active: null,
        triggers: {
          count: 1,
          manual: false,
          newest: [{ id: 't', actor: 'a', reason: 'r' }],
          ids: ['t'],
          asOf: null,
          lookbackMs: null,
        },
        rollouts: [],
        evaluations: [],
        ended: [],
        rollbacks: [],
        counters: { retrain: 4, rollback: 0, incident: 1 },
        lastOutcome: null,
        lastEvaluation: null,
        ageCheckedAt: 0,
        seen: ['x'],
      };
      await harness.env.client.workflow.start('model', {
        workflowId: handle.workflowId,
        taskQueue: (await harness.env.client.workflow.getHandle(handle.workflowId).describe()).taskQueue,
        args: [{ model: name, state }],
      });
      await until('the waiting trigger is served', () => trainings() === 1);
      expect(harness.inputs('beginRetrain')[0]?.holder).toContain(`retrain/${name}/5:`);
    });
  });
});
