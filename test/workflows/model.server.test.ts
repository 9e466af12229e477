import { randomUUID } from 'node:crypto';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { EvaluationReport, ModelStatus, RolloutStatus } from '../../core/messages';
import type { Policy } from '../../core/policy';
import { judgementOf, retrainScript, rolloutScript, testPolicy } from './fixtures';
import { WorkflowHarness, type Script } from './harness';

const DAY = 86_400_000;

interface Living {
  readonly handle: WorkflowHandleWithFirstExecutionRunId;
  readonly name: string;
  status(): Promise<ModelStatus>;
  /** Lets time go on until the status is as wished. */
  until(what: string, holds: (status: ModelStatus) => boolean, step?: string): Promise<ModelStatus>;
}

describe('model workflow', () => {
  let harness: WorkflowHarness;
  beforeEach(async () => {
    harness = await WorkflowHarness.start();
  });
  afterEach(async () => {
    await harness.stop();
  });

  const fields = (queue: string, name: string): Record<string, unknown> => ({
    model: name,
    triggers: {
      breaches: 1,
      of: 1,
      cooldown: '2h',
      automatic: true,
      debounce: '0s',
      skipUnchangedSnapshot: false,
      deployDeadline: null,
    },
    training: { algorithm: 'lightgbm', search: {}, queues: [{ queue: `${queue}-cpu` }] },
    shadow: { share: 100, min: '10m', max: '24h' },
    rollout: {
      steps: [
        { weight: 10, minHold: '10m', maxHold: '24h', minKeys: 1 },
        { weight: 100, minHold: '0s', maxHold: '1h', minKeys: 0 },
      ],
      tick: '5m',
      lease: '30m',
      deadline: '7d',
      watch: '10m',
      noTraffic: '4h',
      approval: null,
    },
  });

  async function live(
    body: (model: Living) => Promise<void>,
    script: (policy: Policy) => Script = () => ({}),
    overrides: Record<string, unknown> = {},
  ): Promise<void> {
    const queue = `model-${randomUUID()}`;
    const name = `late-${randomUUID().slice(0, 8)}`;
    const policy = testPolicy({ ...fields(queue, name), ...overrides });
    const all: Script = {
      ...retrainScript(policy),
      ...rolloutScript(policy),
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
      recordTriggers: async () => undefined,
      attributeTriggers: async () => ({ count: 1 }),
      describeWorkflow: async () => ({ state: 'running', status: 'RUNNING' }),
      healAfter: async () => undefined,
      championAge: async () => ({ ageMs: null }),
      rollBackModel: async () => ({ outcome: 'rolledBack', from: '2', to: '1', reasons: [] }),
      ...script(policy),
    };
    await harness.withScript(queue, all, async () => {
      const handle = await harness.env.client.workflow.start('model', {
        workflowId: `model/${name}`,
        taskQueue: queue,
        args: [{ model: name, policy }],
      });
      const status = (): Promise<ModelStatus> => handle.query<ModelStatus>('status');
      const until: Living['until'] = async (what, holds, step) => {
        await harness.sleepUntil(what, async () => holds(await status()), step);
        return status();
      };
      // A query is refused until the policy is there.
      await harness.sleepUntil(
        'the model stands',
        () =>
          status().then(
            () => true,
            () => false,
          ),
        '1 second',
      );
      try {
        await body({ handle, name, status, until });
      } finally {
        await handle.terminate('the test is over');
      }
    });
  }

  const evaluation = (window: number, breached = true, version = '1'): EvaluationReport => ({
    version,
    windowStart: window * DAY,
    windowEnd: (window + 1) * DAY,
    breached,
    driftScore: 0.4,
    reasons: [{ code: 'drift.psi', text: `window ${window}` }],
  });
  const by = (id: string): { id: string; actor: string; reason: string } => ({ id, actor: 'ann', reason: 'because' });
  const manual = (id: string): { id: string; actor: string; reason: string; manual: boolean } => ({
    ...by(id),
    manual: true,
  });
  const update = async (living: Living, name: string, payload: { id: string }): Promise<unknown> =>
    living.handle.executeUpdate(name, { args: [payload], updateId: payload.id });
  const kinds = (): string[] => harness.inputs('notify').map((i) => i.notification.kind);
  /** A retraining that runs until it is let go. */
  const gate = (): { open: () => void; passed: Promise<void> } => {
    let open: () => void = () => undefined;
    const passed = new Promise<void>((resolve) => (open = resolve));
    return { open, passed };
  };

  it('heals: 1 breach opens 1 incident, 1 retraining, shadow test, canary, promotion, and the incident is closed', async () => {
    await live(async (model) => {
      await model.handle.signal('evaluationSignal', evaluation(0));
      const healed = await model.until('the model is healed', (s) => s.lastOutcome?.outcome === 'promoted');
      expect(healed).toMatchObject({ phase: 'watching', incident: null, active: null, pendingTriggers: 0 });
      expect(healed.cooldownUntil).not.toBeNull();
      for (const once of ['openIncident', 'beginRetrain', 'startShadow', 'promoteVersion', 'closeIncident'] as const)
        expect([once, harness.inputs(once).length]).toEqual([once, 1]);
      expect(harness.inputs('beginRollout').map((i) => [i.kind, i.workflowId])).toEqual([
        ['shadow', `shadow/${model.name}/2`],
        ['canary', `canary/${model.name}/2`],
      ]);
      expect(harness.inputs('closeIncident').map((i) => i.outcome)).toEqual(['healed']);
      expect(kinds()).toEqual(['incidentOpened', 'promoted', 'incidentClosed']);
    });
  });

  it('merges 2 more triggers that arrive while the retraining runs, in the same incident, and starts nothing beside it', async () => {
    const hold = gate();
    await live(
      async (model) => {
        await model.handle.signal('evaluationSignal', evaluation(0));
        await model.until('it retrains', (s) => s.phase === 'retraining', '1 second');
        await harness.sleepUntil('the data are read', () => harness.names().includes('takeSnapshot'), '1 second');
        await model.handle.signal('evaluationSignal', evaluation(1));
        await model.handle.signal('evaluationSignal', evaluation(2));
        const waiting = await model.until('both are merged', (s) => s.pendingTriggers === 2, '1 second');
        expect(waiting.active?.workflowId).toBe(`retrain/${model.name}/1`);
        hold.open();
        await model.until('the model is healed', (s) => s.lastOutcome?.outcome === 'promoted');
        await harness.env.sleep('4h');
        // The promotion is the answer to what was measured of the former champion.
        expect((await model.status()).pendingTriggers).toBe(0);
        expect(harness.inputs('beginRetrain')).toHaveLength(1);
        expect(harness.inputs('openIncident')).toHaveLength(1);
      },
      (policy) => ({
        takeSnapshot: async (input) => {
          await hold.passed;
          return (retrainScript(policy).takeSnapshot as NonNullable<Script['takeSnapshot']>)(input);
        },
      }),
    );
  });

  it('waits out a cooldown of 2 h after a refused retraining, with the incident open, then tries again', async () => {
    let judged = 0;
    await live(
      async (model) => {
        await model.handle.signal('evaluationSignal', evaluation(0));
        await model.until('the gate refused', (s) => s.lastOutcome?.outcome === 'refused');
        await model.handle.signal('evaluationSignal', evaluation(1));
        const cooling = await model.until('the trigger is recorded', (s) => s.pendingTriggers === 1, '1 second');
        expect(cooling).toMatchObject({ phase: 'watching', active: null });
        expect(cooling.incident).not.toBeNull();
        await harness.env.sleep('1h');
        expect(harness.inputs('beginRetrain')).toHaveLength(1);
        await model.until('it was healed by the second', (s) => s.lastOutcome?.outcome === 'promoted');
        expect(harness.inputs('beginRetrain').map((i) => i.holder.split(':')[0])).toEqual([
          `retrain/${model.name}/1`,
          `retrain/${model.name}/2`,
        ]);
        expect(harness.inputs('openIncident')).toHaveLength(1);
        expect(harness.inputs('closeIncident')).toHaveLength(1);
      },
      () => ({ judgeCandidate: async () => judgementOf((judged += 1) === 1 ? 'fail' : 'pass') }),
    );
  });

  it('starts what a person asks for although automation is paused and the cooldown runs', async () => {
    await live(
      async (model) => {
        await update(model, 'pauseAutomation', by('p'));
        await model.handle.signal('evaluationSignal', evaluation(0));
        const paused = await model.until('it is recorded', (s) => s.pendingTriggers === 1, '1 second');
        expect(paused).toMatchObject({ phase: 'paused', active: null });
        expect(harness.names()).not.toContain('beginRetrain');
        await update(model, 'retrain', manual('m1'));
        await model.until('the first ended', (s) => s.lastOutcome?.outcome === 'refused', '10 seconds');
        await update(model, 'retrain', manual('m2'));
        await model.until('the second began', () => harness.inputs('beginRetrain').length === 2, '10 seconds');
        expect((await model.status()).cooldownUntil).not.toBeNull();
      },
      () => ({ judgeCandidate: async () => judgementOf('fail') }),
    );
  });

  it('goes on by itself when a person resumes automation', async () => {
    await live(async (model) => {
      await update(model, 'pauseAutomation', by('p'));
      await model.handle.signal('evaluationSignal', evaluation(0));
      await model.until('it is recorded', (s) => s.pendingTriggers === 1, '1 second');
      await update(model, 'resumeAutomation', by('r'));
      await model.until('the model is healed', (s) => s.lastOutcome?.outcome === 'promoted');
      expect(harness.inputs('beginRetrain')).toHaveLength(1);
    });
  });

  it('merges a second retrain while one runs, says which one runs first, and runs it afterwards', async () => {
    const hold = gate();
    await live(
      async (model) => {
        expect(await update(model, 'retrain', manual('a'))).toMatchObject({ id: 'a', accepted: true });
        await harness.sleepUntil('the data are read', () => harness.names().includes('takeSnapshot'), '1 second');
        expect(await update(model, 'retrain', manual('b'))).toMatchObject({
          accepted: true,
          message: `merged: retrain/${model.name}/1 runs first`,
        });
        await expect(update(model, 'retrain', { ...manual('b'), reason: 'again' } as never)).resolves.toMatchObject({
          id: 'b',
        });
        expect(harness.inputs('beginRetrain')).toHaveLength(1);
        hold.open();
        await model.until('the second began', () => harness.inputs('beginRetrain').length === 2);
        await harness.env.sleep('1h');
        expect(harness.inputs('beginRetrain')).toHaveLength(2);
      },
      (policy) => ({
        judgeCandidate: async () => judgementOf('fail'),
        takeSnapshot: async (input) => {
          await hold.passed;
          return (retrainScript(policy).takeSnapshot as NonNullable<Script['takeSnapshot']>)(input);
        },
      }),
    );
  });

  it('fails setPolicy with every problem listed and keeps the policy it has', async () => {
    const problems = 'rollout.steps[0].weight: expected 1 to 10000; no such key: colour';
    await live(
      async (model) => {
        const before = (await model.status()).policy;
        const sent = update(model, 'setPolicy', { ...by('s'), policy: { colour: 'red' } } as never);
        await expect(sent).rejects.toMatchObject({ cause: { type: 'RATCHET_POLICY_INVALID', message: problems } });
        expect((await model.status()).policy).toEqual(before);
        const better = { ...before, threshold: 0.7 };
        await update(model, 'setPolicy', { ...by('t'), policy: better } as never);
        expect((await model.status()).policy.threshold).toBe(0.7);
      },
      () => ({
        savePolicy: async (input) => {
          if ('colour' in input.policy) throw ApplicationFailure.nonRetryable(problems, 'RATCHET_POLICY_INVALID');
          return input.policy as Policy;
        },
      }),
    );
  });

  it('ignores malformed signals of every kind, refuses malformed updates by field, and goes on', async () => {
    await live(async (model) => {
      const rubbish: unknown[] = [null, 7, 'text', {}, { id: '' }, { ...by('x'), manual: 'yes' }];
      for (const name of [
        'retrain',
        'rollout',
        'rollback',
        'setPolicy',
        'evaluation',
        'childEnded',
        'abort',
        'pauseAutomation',
      ])
        for (const payload of name === 'setPolicy' || name === 'rollback' || name === 'pauseAutomation'
          ? rubbish.slice(0, 5)
          : rubbish)
          await model.handle.signal(`${name}Signal`, payload);
      const sent = update(model, 'retrain', { ...by('y'), manual: 'yes' } as never);
      await expect(sent).rejects.toMatchObject({
        cause: { type: 'RATCHET_DECISION_MALFORMED', message: '"manual" must be true or false' },
      });
      await expect(update(model, 'rollout', by('z'))).rejects.toMatchObject({
        cause: { type: 'RATCHET_DECISION_MALFORMED' },
      });
      expect(await model.status()).toMatchObject({ phase: 'watching', pendingTriggers: 0, automationPaused: false });
      await model.handle.signal('evaluationSignal', evaluation(0));
      await model.until('it still works', (s) => s.incident !== null, '1 second');
    });
  });

  it('forwards an abort signal to the canary that runs, which ends aborted by that person', async () => {
    await live(
      async (model) => {
        await update(model, 'rollout', { ...by('r'), version: '7' } as never);
        await model.until('the canary runs', (s) => s.phase === 'canary', '1 second');
        await harness.sleepUntil('it has weight', () => harness.names().includes('setCanaryWeight'), '1 second');
        const { active } = await model.status();
        expect(active).toMatchObject({ kind: 'canary', version: '7', workflowId: `canary/${model.name}/7` });
        const canary = harness.env.client.workflow.getHandle(active?.workflowId ?? '');
        expect(await canary.query<RolloutStatus>('status')).toMatchObject({ weight: 1000, version: '7' });
        await model.handle.signal('abortSignal', { ...by('stop'), version: '7' });
        const after = await model.until('it has ended', (s) => s.lastOutcome !== null, '10 seconds');
        expect(after.lastOutcome).toMatchObject({ kind: 'canary', outcome: 'aborted', reasons: [{ code: 'abort' }] });
        expect(harness.inputs('rollBackCanary')).toMatchObject([{ because: { actor: 'ann' } }]);
        expect(kinds()).toContain('rolledBack');
      },
      undefined,
      { shadow: null, blessings: { required: ['evaluated'] } },
    );
  });

  it('rolls back beside a canary that runs: the canary is aborted and the rollback runs', async () => {
    await live(
      async (model) => {
        await update(model, 'rollout', { ...by('r'), version: '7' } as never);
        await harness.sleepUntil('it has weight', () => harness.names().includes('setCanaryWeight'), '1 second');
        await update(model, 'rollback', by('back'));
        await harness.sleepUntil('both ended', async () => {
          const { active } = await model.status();
          return (
            active === null && harness.names().includes('rollBackModel') && harness.names().includes('rollBackCanary')
          );
        });
        expect(harness.inputs('rollBackModel')).toMatchObject([
          { actor: 'ann', workflowId: `rollback/${model.name}/1` },
        ]);
      },
      undefined,
      { shadow: null, blessings: { required: ['evaluated'] } },
    );
  });

  it('heals after a child that was terminated, and the next trigger works', async () => {
    const hold = gate();
    let gone = false;
    await live(
      async (model) => {
        await update(model, 'retrain', manual('a'));
        const child = await model.until('it retrains', (s) => s.phase === 'retraining', '1 second');
        await harness.sleepUntil('the data are read', () => harness.names().includes('takeSnapshot'), '1 second');
        await harness.env.client.workflow.getHandle(child.active?.workflowId ?? '').terminate('killed by hand');
        gone = true;
        hold.open();
        const healed = await model.until('it is healed', (s) => s.active === null, '10 seconds');
        expect(healed.lastOutcome).toMatchObject({
          kind: 'retrain',
          outcome: 'aborted',
          reasons: [{ code: 'child.gone' }],
        });
        expect(harness.inputs('healAfter')).toMatchObject([
          {
            workflowId: `retrain/${model.name}/1`,
            status: 'TERMINATED',
            runId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          },
        ]);
        gone = false;
        await update(model, 'retrain', manual('b'));
        await model.until('the next one ends', () => harness.names().includes('registerCandidate'), '10 seconds');
        expect(harness.inputs('beginRetrain').at(-1)?.holder).toContain(`retrain/${model.name}/2:`);
      },
      (policy) => ({
        describeWorkflow: async () =>
          gone ? { state: 'closed', status: 'TERMINATED' } : { state: 'running', status: 'RUNNING' },
        takeSnapshot: async (input) => {
          await hold.passed;
          return (retrainScript(policy).takeSnapshot as NonNullable<Script['takeSnapshot']>)(input);
        },
      }),
    );
  });

  it('loses neither an evaluation nor a request that started it (signal-with-start)', async () => {
    const queue = `model-${randomUUID()}`;
    const name = `late-${randomUUID().slice(0, 8)}`;
    const policy = testPolicy({ ...fields(queue, name), triggers: { breaches: 2, of: 2, automatic: false } });
    const script: Script = {
      loadPolicy: async () => policy,
      openIncident: async ({ id, model, reasons }) => ({
        id,
        model,
        reasons,
        openedAt: 1,
        closedAt: null,
        outcome: null,
      }),
      notify: async () => undefined,
      recordTriggers: async () => undefined,
    };
    await harness.withScript(queue, script, async () => {
      const start = (
        signal: string,
        payload: unknown,
      ): ReturnType<typeof harness.env.client.workflow.signalWithStart> =>
        harness.env.client.workflow.signalWithStart('model', {
          workflowId: `model/${name}`,
          taskQueue: queue,
          args: [{ model: name }],
          signal,
          signalArgs: [payload],
        });
      await start('evaluationSignal', evaluation(0));
      await start('pauseAutomationSignal', by('p'));
      const handle = await start('evaluationSignal', evaluation(1));
      const status = (): Promise<ModelStatus> => handle.query<ModelStatus>('status');
      await harness.sleepUntil('both are counted', async () => {
        const seen = await status().catch(() => null);
        return seen !== null && seen.breaches.length === 2 && seen.incident !== null;
      });
      expect(await status()).toMatchObject({ automationPaused: true, pendingTriggers: 1 });
      await handle.terminate('the test is over');
    });
  });

  it('carries its whole state over continue-as-new', async () => {
    await live(async (model) => {
      await update(model, 'pauseAutomation', by('p'));
      await model.handle.signal('evaluationSignal', evaluation(0));
      const before = await model.until('the incident is open', (s) => s.incident !== null, '1 second');
      const handle = harness.env.client.workflow.getHandle(model.handle.workflowId);
      const first = (await handle.describe()).runId;
      // The server suggests it at 4096 events.
      for (let sent = 0; sent < 4200; sent += 100)
        await Promise.all(Array.from({ length: 100 }, () => handle.signal('evaluationSignal', evaluation(0))));
      await harness.sleepUntil('it continued', async () => (await handle.describe()).runId !== first, '1 second');
      const after = await handle.query<ModelStatus>('status');
      expect(after.incident).toEqual(before.incident);
      expect(after).toMatchObject({ automationPaused: true, pendingTriggers: 1, phase: 'paused' });
      const again = handle.executeUpdate('pauseAutomation', { args: [by('p')], updateId: 'p-again' });
      await expect(again).rejects.toMatchObject({ cause: { type: 'RATCHET_DECISION_DUPLICATE' } });
      expect(harness.inputs('savePolicy')).toHaveLength(1);
    });
  });
});
