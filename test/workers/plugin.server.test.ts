import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';

import type { ActivityPorts } from '../../activities';
import { RatchetError } from '../../core/errors';
import type { RollbackResult } from '../../core/workflow-io';
import { ratchet } from '../../workers';
import { quietRuntime, SILENT } from '../workflows/harness';
import { countedPorts } from './stub-ports';

const OWN_WORKFLOWS = path.join(__dirname, 'user-workers', 'workflows.ts');
const CLASHING_WORKFLOWS = path.join(__dirname, 'user-workers', 'clashing-workflows.ts');

describe('ratchet() on a worker of the user', () => {
  let connection: NativeConnection;
  let client: Client;
  let address: string;
  beforeAll(async () => {
    quietRuntime();
    address = process.env['RATCHET_TEST_TEMPORAL_ADDRESS'] ?? '';
    connection = await NativeConnection.connect({ address });
    client = new Client({ connection: await Connection.connect({ address }) });
  });
  afterAll(async () => {
    await client.connection.close();
    await connection.close();
  });

  const own = { hello: async (name: string): Promise<string> => `hello ${name}` };
  /** What `rollback` of a model without a previous champion needs, and nothing else. */
  const ports = (): Partial<ActivityPorts> =>
    ({
      routes: { getRoute: async () => ({ champion: '1', canary: null }), changeRoute: refuse },
      claims: { claim: async () => ({ holder: 'h', token: 1 }), release: async () => undefined },
      predictions: { latestOccurredAt: async () => null },
      clock: { now: () => 1 },
      codeVersion: 'test',
    }) as unknown as Partial<ActivityPorts>;
  const refuse = async (): Promise<never> => {
    throw new RatchetError('RATCHET_NO_PREVIOUS', 'model late has no previous champion');
  };

  async function runBoth(taskQueue: string): Promise<{ own: string; ours: RollbackResult }> {
    const start = { taskQueue, workflowExecutionTimeout: '60 seconds' } as const;
    const hello = client.workflow.execute('greet', { ...start, workflowId: `greet-${taskQueue}`, args: ['ann'] });
    const back = client.workflow.execute('rollback', {
      ...start,
      workflowId: `rollback/late/${taskQueue}`,
      args: [{ model: 'late', actor: 'ann', reason: 'try' }],
    });
    return { own: (await hello) as string, ours: (await back) as RollbackResult };
  }

  const worker = (options: Partial<WorkerOptions>): Promise<Worker> =>
    Worker.create({ connection, taskQueue: `plugin-${randomUUID()}`, ...options });

  it('runs the workflows and activities of both sides on one worker, and closes the ports once at its shutdown', async () => {
    const { connect, counts } = countedPorts(ports());
    const created = await worker({
      workflowsPath: OWN_WORKFLOWS,
      activities: own,
      plugins: [ratchet({ role: 'all', connect })],
    });
    const seen = await created.runUntil(runBoth(created.options.taskQueue));
    expect(seen.own).toBe('hello ann');
    expect(seen.ours).toMatchObject({ outcome: 'refused', reasons: [{ code: 'RATCHET_NO_PREVIOUS' }] });
    expect(counts).toEqual({ opened: 1, closed: 1 });
  });

  it('runs ours alone on a worker that has no workflows of its own', async () => {
    const { connect, counts } = countedPorts(ports());
    const created = await worker({ plugins: [ratchet({ role: 'all', connect })] });
    const ended = await created.runUntil(
      client.workflow.execute('rollback', {
        taskQueue: created.options.taskQueue,
        workflowId: `rollback/late/${created.options.taskQueue}`,
        workflowExecutionTimeout: '60 seconds',
        args: [{ model: 'late', actor: 'ann', reason: 'try' }],
      }),
    );
    expect(ended).toMatchObject({ outcome: 'refused' });
    expect(counts).toEqual({ opened: 1, closed: 1 });
  });

  it('throws RATCHET_ACTIVITY_NAME_CLASH naming the activity, and closes what it had opened', async () => {
    const { connect, counts } = countedPorts(ports());
    const clash = worker({
      activities: { 'ratchet.notify': async () => undefined },
      plugins: [ratchet({ role: 'control', connect })],
    });
    await expect(clash).rejects.toMatchObject({
      code: 'RATCHET_ACTIVITY_NAME_CLASH',
      message: expect.stringContaining('ratchet.notify'),
    });
    expect(counts).toEqual({ opened: 1, closed: 1 });
  });

  it('throws when the user exports a workflow named canary', async () => {
    const bundle = bundleWorkflowCode({
      workflowsPath: CLASHING_WORKFLOWS,
      plugins: [ratchet({ role: 'all' })],
      logger: SILENT,
    });
    await expect(bundle).rejects.toThrow(/both export canary: rename yours/);
  });

  it('counts once when it is given to the connection and to the worker', async () => {
    const { connect, counts } = countedPorts(ports());
    const plugin = ratchet({ role: 'all', connect });
    const withPlugin = await NativeConnection.connect({ address, plugins: [plugin] });
    try {
      const created = await worker({
        connection: withPlugin,
        workflowsPath: OWN_WORKFLOWS,
        activities: own,
        plugins: [plugin],
      });
      const seen = await created.runUntil(runBoth(created.options.taskQueue));
      expect(seen).toMatchObject({ own: 'hello ann', ours: { outcome: 'refused' } });
      expect(counts).toEqual({ opened: 1, closed: 1 });
    } finally {
      await withPlugin.close();
    }
  });

  it.each(['cpu', 'gpu'] as const)('bundles and polls no workflow in the role %s', async (role) => {
    const { connect, counts } = countedPorts(ports());
    const created = await worker({ activities: own, plugins: [ratchet({ role, connect })] });
    expect(created.options.workflowsPath).toBeUndefined();
    expect(created.options.workflowBundle).toBeUndefined();
    await created.runUntil(async () => {
      expect(created.getStatus().workflowPollerState).toBe('SHUTDOWN');
    });
    expect(counts.closed).toBe(1);
  });

  it("leaves a user's own bundle alone in the role gpu: ours is not added to it", async () => {
    const { connect } = countedPorts(ports());
    const plugin = ratchet({ role: 'gpu', connect });
    expect(plugin.configureBundler({ workflowsPath: OWN_WORKFLOWS })).toEqual({ workflowsPath: OWN_WORKFLOWS });
  });

  it('closes the ports once, after the last of 2 workers that share it', async () => {
    const { connect, counts } = countedPorts(ports());
    const plugin = ratchet({ role: 'cpu', connect });
    const [first, second] = await Promise.all([worker({ plugins: [plugin] }), worker({ plugins: [plugin] })]);
    const running = [first.run(), second.run()];
    first.shutdown();
    await running[0];
    expect(counts).toEqual({ opened: 1, closed: 0 });
    second.shutdown();
    await running[1];
    expect(counts).toEqual({ opened: 1, closed: 1 });
  });

  it('works with a bundle that the user built with the plugin', async () => {
    const { connect } = countedPorts(ports());
    const plugin = ratchet({ role: 'all', connect });
    const workflowBundle = await bundleWorkflowCode({
      workflowsPath: OWN_WORKFLOWS,
      plugins: [plugin],
      logger: SILENT,
    });
    const created = await worker({ workflowBundle, activities: own, plugins: [plugin] });
    const seen = await created.runUntil(runBoth(created.options.taskQueue));
    expect(seen).toMatchObject({ own: 'hello ann', ours: { outcome: 'refused' } });
  });

  it('gives training 30 s of grace at shutdown unless the user says otherwise', async () => {
    const { connect } = countedPorts(ports(), 3);
    const plugin = ratchet({ role: 'gpu', connect });
    const options = await plugin.configureWorker({ taskQueue: 'q', activities: own });
    expect(options).toMatchObject({ shutdownGraceTime: '30 seconds', maxConcurrentActivityTaskExecutions: 3 });
    expect(await plugin.configureWorker(options)).toBe(options);
    const theirs = await ratchet({ role: 'gpu', connect }).configureWorker({
      taskQueue: 'q',
      shutdownGraceTime: '1 second',
      maxConcurrentActivityTaskExecutions: 7,
    });
    expect(theirs).toMatchObject({ shutdownGraceTime: '1 second', maxConcurrentActivityTaskExecutions: 7 });
  });
});
