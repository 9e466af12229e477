import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { createPolicyActivities } from '../../activities/policy';
import { MemoryDatabase, MemoryModelStore } from '../../adapters/memory';
import { NAMES, signalName, type Accepted, type ModelStatus } from '../../core/messages';
import { until } from '../gateway/fakes';
import { retrainScript, testPolicy } from '../workflows/fixtures';
import { WorkflowHarness, type Script } from '../workflows/harness';

/** What would touch the route or the registry: none may be called by a message that does not count. */
const EFFECTS = ['setCanaryWeight', 'promoteVersion', 'rollBackModel', 'adoptFirstVersion', 'registerCandidate'];

describe('messages to model/<name> that do not count', () => {
  let harness: WorkflowHarness;
  beforeAll(async () => {
    harness = await WorkflowHarness.start();
  });
  afterAll(() => harness.stop());

  const policy = testPolicy();

  /** A model of its own, watching. Ends it and the retrainings that it started. */
  async function withModel(
    script: Script,
    body: (handle: WorkflowHandle, name: string) => Promise<void>,
  ): Promise<void> {
    const name = `late-${randomUUID().slice(0, 8)}`;
    const queue = `model-${name}`;
    const all: Script = {
      ...retrainScript(policy),
      notify: async () => undefined,
      recordTriggers: async () => undefined,
      attributeTriggers: async () => ({ count: 1 }),
      ...script,
    };
    await harness.withScript(queue, all, async () => {
      const { workflow } = harness.env.client;
      const handle = await workflow.start('model', {
        workflowId: `model/${name}`,
        taskQueue: queue,
        args: [{ model: name }],
      });
      try {
        const answers = (): Promise<boolean> =>
          statusOf(handle).then(
            () => true,
            () => false,
          );
        await until(answers, 'the model has its policy');
        await body(handle, name);
        expect(harness.names().filter((called) => EFFECTS.includes(called))).toEqual([]);
      } finally {
        await handle.terminate('end of the test');
        for (const n of [1, 2])
          await workflow
            .getHandle(`retrain/${name}/${n}`)
            .terminate()
            .catch(() => undefined);
      }
    });
  }
  const statusOf = (handle: WorkflowHandle): Promise<ModelStatus> => handle.query(NAMES.status);
  const update = (handle: WorkflowHandle, name: keyof typeof NAMES, payload: unknown, id: string): Promise<Accepted> =>
    handle.executeUpdate(name, { args: [payload], updateId: id });
  const request = (id: string): Record<string, unknown> => ({ id, actor: 'ann', reason: 'by hand', manual: true });

  it('a second retrain while one runs is merged and not lost: it starts when the first has ended', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const beginRetrain: Script['beginRetrain'] = async () => {
      await released;
      return { kind: 'refused', reasons: [{ code: 'claim.held', text: 'held by retrain/late/9' }] };
    };
    await withModel({ beginRetrain }, async (handle, name) => {
      expect((await update(handle, 'retrain', request('a'), 'a')).message).toBe('the retraining starts now');
      await until(() => harness.names().includes('beginRetrain'), 'the first retraining runs');

      expect(await update(handle, 'retrain', request('b'), 'b')).toEqual({
        id: 'b',
        accepted: true,
        message: `merged: retrain/${name}/1 runs first`,
      });
      // the same decision under another update id is still the same decision
      await expect(update(handle, 'retrain', request('b'), 'b-again')).rejects.toMatchObject({
        cause: { type: 'RATCHET_DECISION_DUPLICATE', message: 'decision b was taken already' },
      });
      expect(await statusOf(handle)).toMatchObject({
        phase: 'retraining',
        active: { kind: 'retrain', workflowId: `retrain/${name}/1` },
        pendingTriggers: 1,
      });
      expect(harness.inputs('beginRetrain')).toHaveLength(1);

      release();
      await until(() => harness.inputs('beginRetrain').length === 2, 'the merged one runs');
      expect(harness.inputs('beginRetrain')[1]?.holder).toMatch(new RegExp(`^retrain/${name}/2:`));
    });
  });

  it('malformed signals of every kind are ignored, and the model goes on watching', async () => {
    await withModel({}, async (handle) => {
      const before = await statusOf(handle);
      const payloads: readonly unknown[] = [null, 'retrain', 7, [], {}, { id: 'x' }, { id: 1, actor: 2, reason: 3 }];
      for (const name of [
        'retrain',
        'rollout',
        'rollback',
        'pauseAutomation',
        'setPolicy',
        'evaluation',
        'childEnded',
      ] as const) {
        const signal = name === 'evaluation' || name === 'childEnded' ? name : signalName(name);
        for (const payload of payloads) await handle.signal(signal, payload);
      }
      expect(await statusOf(handle)).toEqual(before);
      expect(before).toMatchObject({ phase: 'watching', active: null, pendingTriggers: 0, automationPaused: false });
      // and it still takes a good one
      expect(await update(handle, 'pauseAutomation', request('p'), 'p')).toMatchObject({ accepted: true });
    });
  });

  it.each([
    ['retrain', null],
    ['retrain', { actor: 'ann', reason: 'no id', manual: true }],
    ['retrain', { id: 'x', actor: 'ann', reason: 'manual is text', manual: 'yes' }],
    ['rollout', { id: 'x', actor: 'ann', reason: 'no version' }],
    ['rollback', { id: 'x', actor: 7, reason: 'an actor that is a number' }],
  ] as const)('the update %s with %j is refused as RATCHET_DECISION_MALFORMED', async (name, payload) => {
    await withModel({}, async (handle) => {
      const refused = update(handle, name, payload, 'update-1');
      await expect(refused).rejects.toMatchObject({ cause: { type: 'RATCHET_DECISION_MALFORMED' } });
      expect(await statusOf(handle)).toMatchObject({ phase: 'watching', active: null, pendingTriggers: 0 });
    });
  });

  it('setPolicy with two problems fails with both of them, and the old policy stays in force', async () => {
    const models = new MemoryModelStore(new MemoryDatabase({ now: () => 0 }));
    const { savePolicy } = createPolicyActivities({ models });
    await withModel({ savePolicy }, async (handle, name) => {
      const bad = { model: name, task: 'binary', features: [{ name: 'x', kind: 'number' }], classes: ['no', 'yes'] };
      const payload = { id: 's', actor: 'ann', reason: 'r', policy: { ...bad, colour: 1, drift: { window: '0s' } } };
      await expect(update(handle, 'setPolicy', payload, 's')).rejects.toMatchObject({
        cause: {
          type: 'RATCHET_POLICY_INVALID',
          message: expect.stringMatching(/2 problems: .*(colour.*drift\.window|drift\.window.*colour)/),
        },
      });
      expect((await statusOf(handle)).policy).toEqual(policy);
      expect(await models.listModels()).toEqual([]);
    });
  });
});
