/**
 * In a file, and so on a server, of its own: a cancelled activity leaks the time-skipping server's lock, and every later
 * wait of the same server would take real time.
 */
import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import type { RolloutResult } from '../../core/workflow-io';
import { rolloutScript, testPolicy } from './fixtures';
import { WorkflowHarness } from './harness';

describe('the beginning of a rollout', () => {
  let harness: WorkflowHarness;
  beforeAll(async () => {
    harness = await WorkflowHarness.start();
  });
  afterAll(async () => {
    await harness.stop();
  });
  const decision = (id: string) => ({ id, version: '2', actor: 'ann', reason: 'because' });

  it.each(['canary', 'shadowTest'] as const)(
    'of a %s is aborted while it waits for a gateway: cancelled, and no traffic was ever sent',
    async (type) => {
      const queue = `begin-${randomUUID()}`;
      const script = rolloutScript(testPolicy(), {
        beginRollout: async () => {
          const context = Context.current();
          const beat = setInterval(() => context.heartbeat(), 50);
          return await context.cancelled.finally(() => clearInterval(beat));
        },
      });
      await harness.withScript(queue, script, async () => {
        const input = { model: 'late', version: '2', actor: 'test', reason: 'try' };
        const handle = await harness.env.client.workflow.start(type, {
          workflowId: `${type}/late/${queue}`,
          taskQueue: queue,
          args: [input],
        });
        await handle.signal('abortSignal', decision('stop'));
        const ended = (await handle.result()) as RolloutResult;
        expect(ended).toMatchObject({ outcome: 'aborted', reasons: [{ code: 'abort' }] });
        expect(harness.names()).not.toEqual(expect.arrayContaining(['setCanaryWeight']));
        expect(harness.names()).not.toEqual(expect.arrayContaining(['startShadow']));
      });
    },
  );
});
