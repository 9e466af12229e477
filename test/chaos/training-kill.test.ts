/** The worker is killed while a model is trained, and while it is registered: one version comes of it (I7). */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { retrainWorkflowId } from '../../core/ids';
import type { RetrainResult } from '../../core/workflow-io';
import { NodeProcess } from '../../examples/late-flights/processes';
import { Installation, isAlive, until } from '../loop/installation';
import { HISTORY_MS, Payments, paymentsPolicy, START } from '../loop/payments';

jest.setTimeout(150_000);

let at: Installation;

beforeAll(async () => {
  at = await Installation.start();
  await new Payments(at).store(START - HISTORY_MS, START);
}, 60_000);
afterAll(async () => {
  await at?.stop();
}, 60_000);
afterEach(async () => {
  await at.worker.stop();
}, 60_000);

async function startTraining(training: Readonly<Record<string, unknown>>): Promise<string> {
  const model = at.newModel('payments');
  await at.register(paymentsPolicy(model, at.taskQueue, { trials: 1, parallelTrials: 1, ...training }));
  await at.client.retrain(model, { actor: 'test', reason: 'first version', asOf: START, lookbackMs: HISTORY_MS });
  return model;
}

/** One version everywhere, made champion once, whatever was tried twice. */
async function expectOneVersion(model: string): Promise<void> {
  expect(await at.result<RetrainResult>(retrainWorkflowId(model, 1))).toMatchObject({
    outcome: 'champion',
    version: '1',
  });
  expect((await at.models.listVersions(model)).map((v) => v.version)).toEqual(['1']);
  expect(await registeredVersions(model)).toEqual(['1']);
  expect(await at.routes.getRoute(model)).toMatchObject({ generation: 1, champion: '1' });
  const kinds = (await at.decisions.list(model)).map((d) => d.kind);
  expect(kinds.filter((k) => k === 'gate' || k === 'route.adopt')).toEqual(['gate', 'route.adopt']);
  expect(await at.registry.getAliases(model)).toEqual({ champion: '1' });
  expect(await at.claims.currentClaims(model)).toEqual([]);
  await at.gatewayServes(model);
}

/** As MLflow itself lists them. */
async function registeredVersions(model: string): Promise<readonly string[]> {
  const url = new URL('/api/2.0/mlflow/model-versions/search', process.env['RATCHET_TEST_MLFLOW_URL']);
  url.searchParams.set('filter', `name='${model}'`);
  const { model_versions: versions = [] } = (await (await fetch(url)).json()) as {
    model_versions?: { version: string }[];
  };
  return versions.map((v) => v.version);
}

it('killed in the middle of a fit: no orphan trains on, the retry goes on from the checkpoint, one version is registered', async () => {
  const { pid } = await at.worker.start();
  const model = await startTraining({ params: { n_estimators: 1200, learning_rate: 0.02 }, heartbeatTimeout: '5s' });
  const handle = at.client.temporal.workflow.getHandle(retrainWorkflowId(model, 1));
  await until('the fit', async () => {
    const { raw } = await handle.describe();
    return raw.pendingActivities?.some(
      (a) => a.activityType?.name === 'ratchet.fitModel' && a.heartbeatDetails != null,
    );
  });
  const trainers = childrenOf(pid);
  expect(trainers.length).toBeGreaterThan(0);
  await until('a checkpoint', () => Promise.resolve(checkpoints().length > 0));
  await at.worker.kill9();
  await until('the trainers to end by themselves', () => Promise.resolve(!trainers.some(isAlive)));
  expect(checkpoints()).toHaveLength(1);

  await at.worker.start();
  await expectOneVersion(model);
  expect(checkpoints()).toEqual([]);
});

it('killed after MLflow took the version and before anybody was told: the retry finds it', async () => {
  const fatal = new NodeProcess(
    'fatal worker',
    path.join(__dirname, 'fatal-worker.js'),
    { ...at.env, RATCHET_TEST_DIE_AFTER: 'registry.registerModel' },
    path.join(at.folder, 'fatal-worker.log'),
  );
  const { pid } = await fatal.start();
  const model = await startTraining({});
  await until('the worker to die', () => Promise.resolve(!isAlive(pid)));
  expect(await registeredVersions(model)).toEqual(['1']);
  expect(await at.models.listVersions(model)).toEqual([]);
  await at.worker.start();
  await expectOneVersion(model);
});

function childrenOf(parent: number): readonly number[] {
  return execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([pid, ppid]) => (ppid === parent && pid !== undefined ? [pid] : []));
}

/** Checkpoints of fits below the work folder. */
function checkpoints(): readonly string[] {
  return readdirSync(path.join(at.folder, 'work'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /^checkpoint-.*\.lgb\.txt$/.test(path.basename(name)),
  );
}
