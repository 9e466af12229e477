import { randomUUID } from 'node:crypto';
import { NativeConnection, Worker } from '@temporalio/worker';
import { RatchetClient } from '../../client';
import { driftScheduleId } from '../../core/ids';
import { resolvePolicy } from '../../policy';

const address = process.env['RATCHET_TEST_TEMPORAL_ADDRESS'] ?? '';
const name = `m-${randomUUID().slice(0, 8)}`;
const by = { actor: 'ada', reason: 'test' };
const policy = { model: name, task: 'binary', features: [{ name: 'age', kind: 'number' }], classes: ['no', 'yes'] };

let client: RatchetClient;
let connection: NativeConnection;
let worker: Worker;
let running: Promise<void>;

beforeAll(async () => {
  client = await RatchetClient.connect({ address, taskQueue: name });
  await client.ensureSearchAttributes();
  connection = await NativeConnection.connect({ address });
  worker = await Worker.create({
    connection,
    taskQueue: name,
    workflowsPath: require.resolve('./workflows/stand-ins'),
  });
  running = worker.run();
}, 60_000);

afterAll(async () => {
  const { workflow, schedule } = client.temporal;
  await workflow.getHandle(`model/${name}`).terminate();
  await schedule.getHandle(driftScheduleId(name)).delete();
  worker.shutdown();
  await running;
  await connection.close();
  await client.close();
}, 60_000);

it('registers a model with summary, search attribute and Schedule, and a second time replaces its policy', async () => {
  expect(await client.registerModel(policy, by)).toMatchObject({ created: true, workflowId: `model/${name}` });
  const described = await client.temporal.workflow.getHandle(`model/${name}`).describe();
  expect(await described.staticSummary()).toBe(`Model ${name}`);
  expect(described.typedSearchAttributes.getAll()).toMatchObject([{ key: { name: 'RatchetModel' }, value: name }]);

  const changed = { ...policy, triggers: { checkEvery: '2h' } };
  expect(await client.registerModel(changed, by)).toMatchObject({ created: false });
  const { model } = await client.status(name);
  expect(model.policy).toEqual(resolvePolicy(changed));
  const schedule = await client.temporal.schedule.getHandle(driftScheduleId(name)).describe();
  expect(schedule.spec.intervals).toMatchObject([{ every: 7_200_000 }]);
  expect(schedule.policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 300_000 });
}, 60_000);

it('sends retrain as an update that counts once by its id', async () => {
  const first = await client.retrain(name, { ...by, id: 'r1' });
  expect(first).toEqual({ id: 'r1', accepted: true, message: 'retraining asked for, manual true' });
  expect(await client.retrain(name, { ...by, id: 'r1' })).toEqual(first);
  expect((await client.status(name)).model.pendingTriggers).toBe(1);
}, 60_000);

it('finds the canary of the model, approves it, is refused when stale, and aborts by signal', async () => {
  const started = await client.startCanary({ model: name, version: '7', ...by });
  expect(started.workflowId).toBe(`canary/${name}/7`);
  expect((await client.status(name)).rollout).toMatchObject({ phase: 'awaitingApproval', weight: 500 });
  expect(await client.approve(name, { version: '7', ...by, id: 'd1' })).toMatchObject({
    id: 'd1',
    message: 'approved',
  });
  await expect(client.approve(name, { version: '6', ...by })).rejects.toMatchObject({
    code: 'RATCHET_DECISION_STALE',
    message: 'the rollout is of version 7',
    hint: 'Look again.',
  });
  await expect(client.startCanary({ model: name, version: '7', ...by })).rejects.toMatchObject({
    code: 'RATCHET_CLAIM_HELD',
  });
  await client.abort(name, { version: '7', ...by, via: 'signal' });
  expect(await started.result()).toBe('aborted by ada');
  expect((await client.status(name)).rollout).toMatchObject({ version: '7' });
}, 60_000);

it('watches until it is told to end, and calls back at once', async () => {
  const end = new AbortController();
  const seen: string[] = [];
  await client.watch(
    name,
    (view) => {
      seen.push(view.model.phase);
      end.abort();
    },
    { signal: end.signal },
  );
  expect(seen).toEqual(['canary']);
}, 60_000);

it('says that no such workflow runs, that the input is malformed, and that nobody answers', async () => {
  await expect(client.retrain('nobody', by)).rejects.toMatchObject({ code: 'RATCHET_WORKFLOW_NOT_FOUND' });
  await expect(client.status('nobody')).rejects.toMatchObject({ code: 'RATCHET_WORKFLOW_NOT_FOUND' });
  await expect(client.approve('nobody', { version: '1', ...by })).rejects.toMatchObject({
    code: 'RATCHET_WORKFLOW_NOT_FOUND',
  });
  await expect(client.approve(name, { version: 'latest', ...by })).rejects.toMatchObject({
    code: 'RATCHET_DECISION_MALFORMED',
  });
  await expect(client.startCanary({ model: name, version: '7', actor: '', reason: 'x' })).rejects.toMatchObject({
    code: 'RATCHET_INPUT_INVALID',
  });
  await expect(
    RatchetClient.connect({ address: '127.0.0.1:1', connection: { connectTimeout: 500 } }),
  ).rejects.toMatchObject({ code: 'RATCHET_TEMPORAL_UNAVAILABLE', retryable: true });
}, 60_000);
