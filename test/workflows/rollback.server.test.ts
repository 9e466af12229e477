import { randomUUID } from 'node:crypto';
import type { RollbackResult } from '../../core/workflow-io';
import { WorkflowHarness, type Script } from './harness';

describe('rollback workflow', () => {
  let harness: WorkflowHarness;
  beforeAll(async () => {
    harness = await WorkflowHarness.start();
  });
  afterAll(async () => {
    await harness.stop();
  });

  const run = (script: Script): Promise<RollbackResult> => {
    const queue = `rollback-${randomUUID()}`;
    return harness.withScript(queue, script, () =>
      harness.env.client.workflow.execute('rollback', {
        workflowId: `rollback/late/${queue}`,
        taskQueue: queue,
        args: [{ model: 'late', actor: 'ann', reason: 'wrong answers' }],
      }),
    ) as Promise<RollbackResult>;
  };
  const back: RollbackResult = {
    outcome: 'rolledBack',
    from: '2',
    to: '1',
    reasons: [{ code: 'rollback.asked', text: 'version 1 serves alone again' }],
  };

  it('goes back by one activity with a key of its own run, then lets the aliases follow', async () => {
    const ended = await run({
      rollBackModel: async () => back,
      projectAliases: async () => ({ movedByHand: [] }),
    });
    expect(ended).toEqual(back);
    expect(harness.names()).toEqual(['rollBackModel', 'projectAliases']);
    expect(harness.inputs('rollBackModel')).toMatchObject([{ model: 'late', actor: 'ann', reason: 'wrong answers' }]);
    const [input] = harness.inputs('rollBackModel');
    expect(input?.holder).toMatch(/^rollback\/late\/.+:[0-9a-f-]{36}:claim$/);
  });

  it('tries again until the database is back', async () => {
    let tries = 0;
    const ended = await run({
      rollBackModel: async () => {
        tries += 1;
        if (tries < 4) throw new Error('connection refused');
        return back;
      },
      projectAliases: async () => ({ movedByHand: [] }),
    });
    expect(ended.outcome).toBe('rolledBack');
    expect(tries).toBe(4);
  });

  it('is refused with the reason when there is no previous champion, and leaves the aliases alone', async () => {
    const refused: RollbackResult = {
      outcome: 'refused',
      from: '1',
      to: null,
      reasons: [{ code: 'RATCHET_NO_PREVIOUS', text: 'no previous' }],
    };
    expect(await run({ rollBackModel: async () => refused })).toEqual(refused);
    expect(harness.names()).toEqual(['rollBackModel']);
  });
});
