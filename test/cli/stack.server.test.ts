/** The command line against real servers and the real workflows, with a worker and a gateway of their own, end to end. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NativeConnection, Worker } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import { createJsonLogger } from '../../adapters/json-log';
import { fromEnv, MlflowRegistryStore, MlflowTransport } from '../../adapters/mlflow';
import { OnnxModelRuntime } from '../../adapters/onnx';
import {
  createPool,
  PostgresGatewayStatusStore,
  PostgresLabelStore,
  PostgresModelStore,
  PostgresPredictionSink,
  PostgresRouteSource,
} from '../../adapters/postgres';
import { createGateway, type Gateway } from '../../gateway/gateway';
import type { Pool } from 'pg';
import { connectClient } from '../../cli/connect';
import { run } from '../../cli/run';
import { RatchetClient } from '../../client';
import { cpuQueueOf, driftScheduleId } from '../../core/ids';
import { connectPorts } from '../../workers/compose';
import { configFromEnv } from '../../workers/config';
import { ratchet as ratchetPlugin } from '../../workers';
import type { ConnectedPorts } from '../../workers/plugin';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { quietRuntime } from '../workflows/harness';

const GRAPHS = join(__dirname, '..', 'adapters', 'onnx', 'graphs');
const MODEL = `cli-${randomUUID().slice(0, 8)}`;
const QUEUE = `ratchet-${MODEL}`;
const LONG = 120_000;

let folder: string;
let database: TestDatabase;
let env: Record<string, string>;
let ports: ConnectedPorts;
let pool: Pool;
let gateway: Gateway;
let connection: NativeConnection;
let workers: readonly Worker[] = [];
let running: Promise<unknown> = Promise.resolve();

/** Runs one command line in this process; what it prints as JSON is parsed. */
async function ratchet(...argv: string[]) {
  let out = '';
  let err = '';
  const code = await run(
    argv,
    {
      out: (text) => (out += text),
      err: (text) => (err += text),
      env,
      terminal: false,
      interruption: () => new AbortController().signal,
      connect: (flags) => connectClient({ taskQueue: QUEUE, ...flags }, env),
    },
    '1.2.3',
  );
  return { code, out, err, json: () => JSON.parse(out) as Record<string, unknown> };
}

/** A file of the test's folder. */
function fileOf(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

const policy = {
  preset: 'demo',
  model: MODEL,
  task: 'binary',
  features: [{ name: 'amount', kind: 'number' }],
  classes: ['no', 'yes'],
  shadow: null,
  triggers: { checkEvery: '1h' },
  blessings: { required: ['evaluated', 'parity', 'infra', 'approved'], vouched: ['evaluated', 'parity', 'infra'] },
  rollout: {
    steps: [
      { weight: 5, minHold: '1s', maxHold: '60s', minKeys: 0 },
      { weight: 100, minHold: '0s', maxHold: '60s', minKeys: 0 },
    ],
    watch: '0s',
    approval: { beforeWeight: 5, expires: '1h', reminder: '30m', onExpiry: 'rollback', actors: [] },
  },
};
const contract = {
  task: 'binary',
  features: policy.features,
  layout: 'columns',
  classes: policy.classes,
  threshold: 0.5,
};

const adopt = (graph: string, ...more: string[]) =>
  ratchet(
    ...['adopt', MODEL, '--file', join(GRAPHS, `${graph}.onnx`), '--contract', fileOf('contract.json', contract)],
    ...['--reason', 'trained elsewhere', '--json'],
    ...(more.length > 0 ? more : ['--sample', fileOf('sample.json', [{ amount: 0.1 }, { amount: 0.9 }])]),
  );
const decide = (kind: string, version: string, ...more: string[]) =>
  ratchet(kind, MODEL, '--version', version, '--reason', 'test', '--json', ...more);
const status = async () => (await ratchet('status', MODEL, '--json')).json() as unknown as Status;
interface Status {
  readonly model: {
    readonly phase: string;
    readonly active: unknown;
    readonly lastOutcome: { readonly outcome: string };
  };
  readonly rollout: { readonly phase: string } | null;
  readonly route: { readonly champion: string; readonly previous: string | null; readonly canary: unknown };
}

/** Looks until it is so; jest's own limit ends a wait that never comes true. */
async function until(is: (seen: Status) => boolean): Promise<Status> {
  for (;;) {
    const seen = await status();
    if (is(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

beforeAll(async () => {
  quietRuntime();
  folder = mkdtempSync(join(tmpdir(), 'ratchet-cli-'));
  database = await createTestDatabase();
  env = {
    DATABASE_URL: database.url,
    MLFLOW_TRACKING_URI: process.env['RATCHET_TEST_MLFLOW_URL'] ?? '',
    TEMPORAL_ADDRESS: process.env['RATCHET_TEST_TEMPORAL_ADDRESS'] ?? '',
    RATCHET_TASK_QUEUE: QUEUE,
    RATCHET_WORK_DIR: join(folder, 'work'),
    RATCHET_PYTHON: process.env['RATCHET_TEST_PYTHON'] ?? '',
    RATCHET_LOG_LEVEL: 'error',
    RATCHET_ACTOR: 'ada',
  };
}, LONG);

afterAll(async () => {
  const client = await RatchetClient.connect({ address: env['TEMPORAL_ADDRESS'] ?? '' });
  await client.temporal.workflow.getHandle(`model/${MODEL}`).terminate();
  await client.temporal.schedule.getHandle(driftScheduleId(MODEL)).delete();
  await client.close();
  for (const worker of workers) worker.shutdown();
  await running;
  await gateway.stop();
  await pool.end();
  await ports.close();
  await connection.close();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
}, LONG);

/** A rollout begins when every gateway that runs has loaded and checked its version. */
async function startGateway(): Promise<void> {
  pool = createPool(database.url, { applicationName: 'gateway' });
  const { trackingUri, ...options } = fromEnv(env);
  const logger = createJsonLogger('error');
  gateway = createGateway({
    ports: {
      models: new PostgresModelStore(pool),
      registry: new MlflowRegistryStore(new MlflowTransport(trackingUri, options)),
      routes: new PostgresRouteSource(pool, { logger }),
      status: new PostgresGatewayStatusStore(pool),
      labels: new PostgresLabelStore(pool),
      sink: new PostgresPredictionSink(pool),
      runtime: new OnnxModelRuntime(),
    },
    clock: { now: () => Date.now() },
    logger,
    name: MODEL,
    dataDir: join(folder, 'gateway'),
    host: '127.0.0.1',
    port: 0,
    apiKeys: [],
  });
  await gateway.start();
}

async function startWorkers(): Promise<void> {
  ports = await connectPorts(configFromEnv(env));
  const shared = { ...ports, close: () => Promise.resolve() };
  connection = await NativeConnection.connect({ address: env['TEMPORAL_ADDRESS'] ?? '' });
  workers = await Promise.all(
    (['control', 'cpu'] as const).map((role) =>
      Worker.create({
        connection,
        taskQueue: role === 'control' ? QUEUE : cpuQueueOf(QUEUE),
        plugins: [ratchetPlugin({ role, connect: () => Promise.resolve(shared) })],
      }),
    ),
  );
  running = Promise.all(workers.map((worker) => worker.run()));
}

it(
  'migrates an empty database, then finds nothing to do; before that, adopt says what to run',
  async () => {
    expect(await adopt('probability-amount')).toMatchObject({ code: 1, err: '' });
    expect((await adopt('probability-amount')).json()).toMatchObject({ error: { code: 'RATCHET_POSTGRES_SCHEMA' } });
    const first = await ratchet('migrate', '--json');
    expect(first.code).toBe(0);
    expect((first.json()['applied'] as string[]).length).toBeGreaterThan(0);
    const second = await ratchet('migrate', '--json');
    expect({ code: second.code, ...second.json() }).toEqual({ code: 0, applied: [], searchAttributes: [] });
    expect((await ratchet('migrate')).out).toBe('tables are up to date\nsearch attributes are there\n');
    await startWorkers();
    await startGateway();
  },
  LONG,
);

it(
  'applies a policy, and again with a change',
  async () => {
    expect((await adopt('probability-amount')).json()).toMatchObject({ error: { code: 'RATCHET_MODEL_UNKNOWN' } });
    const file = fileOf('policy.json', policy);
    const created = await ratchet('apply', file, '--json');
    expect(created.err).toBe('');
    expect({ code: created.code, ...created.json() }).toMatchObject({ code: 0, created: true, model: MODEL });
    expect((await ratchet('apply', file, '--json')).json()).toMatchObject({ created: false });
    const bad = fileOf('bad.json', { ...policy, rollout: { ...policy.rollout, tick: 'soon' }, colour: 'red' });
    expect((await ratchet('apply', bad)).code).toBe(2);
  },
  LONG,
);

it(
  'adopts the first version as champion, whole or not at all, and a second one beside it',
  async () => {
    const some = await adopt('probability-amount', '--sample', join(folder, 'sample.json'), '--waive', 'evaluated');
    expect({ code: some.code, ...some.json() }).toMatchObject({ code: 3, error: { code: 'RATCHET_BLESSING_MISSING' } });
    const golden = { features: { rows: 1, columns: { amount: [0.25] } }, scores: [0.5], labels: ['yes'] };
    const wrong = await adopt('probability-amount', '--golden', fileOf('golden.json', golden));
    expect({ code: wrong.code, ...wrong.json() }).toMatchObject({ code: 3, error: { code: 'RATCHET_MODEL_GOLDEN' } });
    expect((await adopt('no-output')).code).toBe(2);

    const first = await adopt('probability-amount');
    expect({ code: first.code, ...first.json() }).toMatchObject({
      code: 0,
      version: '1',
      champion: true,
      already: false,
    });
    expect((await adopt('probability-amount')).json()).toMatchObject({ version: '1', already: true, waived: [] });
    expect((await adopt('amount-again')).json()).toMatchObject({ version: '2', champion: false });
    expect((await status()).route).toMatchObject({ champion: '1', previous: null, canary: null });
  },
  LONG,
);

it(
  'gives version 1 a reference of 300 rows from a CSV file, the same file the same digest, and refuses what is no reference',
  async () => {
    const rows = Array.from(
      { length: 300 },
      (_, i) => `${i / 300},2024-05-${String(1 + (i % 28)).padStart(2, '0')}T00:00:00Z`,
    );
    const csv = join(folder, 'train.csv');
    writeFileSync(csv, `amount,at\n${rows.join('\n')}\n`);
    const give = (...more: string[]) =>
      ratchet('reference', MODEL, '--version', '1', '--reason', 'adopted without one', '--json', ...more);
    const given = await give('--file', csv, '--time', 'at');
    expect({ code: given.code, ...given.json() }).toMatchObject({ code: 0, version: '1', rows: 300, features: 1 });
    expect((await give('--file', csv, '--time', 'at')).json()).toEqual(given.json());
    expect((await give()).code).toBe(2);
    expect((await give('--file', csv, '--time', 'when')).json()).toMatchObject({
      error: { code: 'RATCHET_COLUMN_MISSING' },
    });
    expect((await give('--from', '2024-05-01', '--to', '2024-05-02')).code).toBe(4);
  },
  LONG,
);

it(
  'a rollback without a previous champion, an unknown version and the champion itself are refused with exit 3',
  async () => {
    const back = await ratchet('rollback', MODEL, '--reason', 'test', '--json');
    expect({ code: back.code, ...back.json() }).toMatchObject({ code: 3, outcome: 'refused' });
    const unknown = await decide('rollout', '99');
    expect({ code: unknown.code, ...unknown.json() }).toMatchObject({ code: 3, outcome: 'refused' });
    expect((await decide('rollout', '1')).code).toBe(3);
    expect((await decide('approve', '2')).json()).toMatchObject({ error: { code: 'RATCHET_WORKFLOW_NOT_FOUND' } });
  },
  LONG,
);

it(
  'rolls version 2 out: stale decisions are refused with exit 3, approve and promote end in its promotion',
  async () => {
    expect((await decide('rollout', '2')).json()).toMatchObject({
      outcome: 'started',
      workflowId: `canary/${MODEL}/2`,
    });
    expect((await status()).rollout).toMatchObject({ phase: 'awaitingApproval' });
    expect((await ratchet('status', MODEL)).out).toContain(`ratchet approve|reject ${MODEL} --version 2`);
    for (const [kind, version, code, more] of [
      ['approve', '7', 'RATCHET_DECISION_STALE', []],
      ['approve', '2', 'RATCHET_DECISION_STALE', ['--step', '3']],
      ['resume', '2', 'RATCHET_DECISION_IMPOSSIBLE', []],
    ] as const) {
      const refused = await decide(kind, version, ...more);
      expect({ exit: refused.code, ...refused.json() }).toMatchObject({ exit: 3, error: { code } });
    }
    expect((await decide('pause', '2')).code).toBe(0);
    expect((await status()).rollout).toMatchObject({ phase: 'paused' });
    expect((await decide('resume', '2')).code).toBe(0);
    const approved = await decide('approve', '2', '--id', 'd1');
    expect({ code: approved.code, ...approved.json() }).toMatchObject({ code: 0, id: 'd1', accepted: true });
    expect((await decide('approve', '2', '--id', 'd1')).json()).toEqual(approved.json());
    await until(({ rollout }) => rollout?.phase === 'step');
    expect((await decide('approve', '2', '--id', 'd2')).json()).toMatchObject({
      error: { code: 'RATCHET_DECISION_NOT_AWAITED' },
    });
    expect((await decide('promote', '2', '--full')).code).toBe(0);
    const { route } = await until(({ model }) => model.active === null && model.lastOutcome.outcome === 'promoted');
    expect(route).toMatchObject({ champion: '2', previous: '1', canary: null });
  },
  LONG,
);

it(
  'rolls back to version 1, and an aborted rollout of 2 leaves it there',
  async () => {
    const back = await ratchet('rollback', MODEL, '--reason', 'complaints', '--json');
    expect({ code: back.code, ...back.json() }).toMatchObject({ code: 0, outcome: 'rolledBack' });
    expect((await status()).route.champion).toBe('1');
    expect((await adopt('inverted-amount')).json()).toMatchObject({ version: '3' });
    expect((await decide('rollout', '3')).json()).toMatchObject({ outcome: 'started' });
    expect((await decide('abort', '3', '--signal')).json()).toMatchObject({ accepted: true });
    const { route } = await until(({ model }) => model.active === null && model.lastOutcome.outcome === 'aborted');
    expect(route).toMatchObject({ champion: '1', canary: null });
  },
  LONG,
);

it(
  'the client watches a rollout from its approval to its end, and a decision counts once as update and as signal',
  async () => {
    const client = await RatchetClient.connect({ address: env['TEMPORAL_ADDRESS'] ?? '', taskQueue: QUEUE });
    const by = { version: '2', actor: 'ada', reason: 'test' };
    await client.rollout(MODEL, '2', by);
    const end = new AbortController();
    const phases: string[] = [];
    await client.watch(
      MODEL,
      ({ model, rollout }) => {
        const phase = rollout?.phase ?? model.phase;
        if (phases.at(-1) !== phase) phases.push(phase);
        if (phase === 'awaitingApproval') end.abort();
      },
      { signal: end.signal, everyMs: 50 },
    );
    expect(phases.at(-1)).toBe('awaitingApproval');

    const paused = await client.pause(MODEL, { ...by, id: 'p1' });
    expect(await client.pause(MODEL, { ...by, id: 'p1' })).toEqual(paused);
    await client.resume(MODEL, { ...by, id: 'p1', via: 'signal' }); // p1 was taken: ignored
    await expect(client.pause(MODEL, { ...by, id: 'p2' })).rejects.toMatchObject({
      code: 'RATCHET_DECISION_IMPOSSIBLE',
    });
    await client.resume(MODEL, { ...by, id: 'p3', via: 'signal' });
    await until(({ rollout }) => rollout?.phase === 'awaitingApproval');
    await client.reject(MODEL, { ...by, id: 'no' });
    const { model, route } = await until((seen) => seen.model.active === null);
    expect({ outcome: model.lastOutcome.outcome, champion: route.champion }).toEqual({
      outcome: 'rolledBack', // a rejection takes the rollout back
      champion: '1',
    });
    await client.close();
  },
  LONG,
);

it(
  'a check without predictions exits 4, an unknown model 1, a server that is away 1',
  async () => {
    const check = await ratchet('check', MODEL, '--json');
    expect({ code: check.code, ...check.json() }).toMatchObject({ code: 4, outcome: 'noWindow' });
    for (const argv of [
      ['status', 'nobody'],
      ['retrain', 'nobody', '--reason', 'x'],
      ['rollback', 'nobody', '--reason', 'x'],
    ]) {
      const { code, err } = await ratchet(...argv);
      expect(code).toBe(1);
      expect(err).toMatch(/^ratchet: RATCHET_WORKFLOW_NOT_FOUND: no model "nobody" is registered: .*\n$/);
    }
    const away = await ratchet('status', MODEL, '--address', '127.0.0.1:1', '--timeout', '1');
    expect(away).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^ratchet: RATCHET_TEMPORAL_UNAVAILABLE: .*\n$/),
    });
    expect((await ratchet('status')).out.split('\n')).toContain(MODEL);
  },
  LONG,
);
