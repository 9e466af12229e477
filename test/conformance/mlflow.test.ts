/** TrackingStore and RegistryStore: one suite over the fake and the real MLflow server (RATCHET_TEST_MLFLOW_URL). */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ArtifactClient,
  KeptTrackingStore,
  LoggedModelClient,
  Mlflow,
  MlflowRegistryStore,
  MlflowTrackingStore,
  MlflowTransport,
} from '../../adapters/mlflow';
import { MemoryRegistryStore } from '../../adapters/memory/registry';
import { MemoryTrackingStore } from '../../adapters/memory/tracking';
import type { ModelContract } from '../../core/model';
import type { RegisterRequest, RegistryStore, RunDraft, TrackingStore } from '../../core/ports';

jest.setTimeout(60_000);

const url = process.env['RATCHET_TEST_MLFLOW_URL'];
if (url === undefined) throw new Error('RATCHET_TEST_MLFLOW_URL is not set: run with --selectProjects servers');

/** What a store must have written, read by other means than the store's own. */
interface RunSeen {
  readonly status: string;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Points a metric. */
  readonly points: Readonly<Record<string, number>>;
  readonly datasets: readonly { readonly name: string; readonly context: string; readonly digest: string }[];
  readonly artifact: (path: string) => Promise<string>;
}

interface Subject {
  readonly tracking: TrackingStore;
  readonly registry: RegistryStore;
  seen(runId: string): Promise<RunSeen>;
  runsOf(experiment: string): Promise<number>;
  versionsOf(model: string): Promise<readonly string[]>;
  tagOf(model: string, version: string, key: string): Promise<string | undefined>;
  moveByHand(model: string, alias: string, version: string): Promise<void>;
}

function memorySubject(): Subject {
  const tracking = new MemoryTrackingStore();
  const registry = new MemoryRegistryStore();
  return {
    tracking,
    registry,
    async seen(runId) {
      const run = tracking.runs.get(runId);
      if (run === undefined) throw new Error(`no run ${runId}`);
      return {
        status: run.status,
        params: Object.fromEntries(run.params),
        tags: Object.fromEntries(run.tags),
        points: Object.fromEntries([...run.metrics].map(([key, points]) => [key, points.length])),
        datasets: [...run.datasets.values()].map(({ name, context, digest }) => ({ name, context, digest })),
        artifact: (path) => Promise.resolve(Buffer.from(run.artifacts.get(path) ?? []).toString('utf8')),
      };
    },
    async runsOf(experiment) {
      return [...tracking.runs.values()].filter((run) => run.draft.experiment === experiment).length;
    },
    async versionsOf(model) {
      return (registry.versions.get(model) ?? []).map(({ version }) => version);
    },
    async tagOf(model, version, key) {
      return registry.versions
        .get(model)
        ?.find((one) => one.version === version)
        ?.tags.get(key);
    },
    async moveByHand(model, alias, version) {
      registry.moveAliasByHand(model, alias, version);
    },
  };
}

function mlflowSubject(address: string): Subject {
  const transport = new MlflowTransport(address);
  const client = new Mlflow(address);
  const artifacts = new ArtifactClient(transport);
  return {
    tracking: new MlflowTrackingStore(transport),
    registry: new MlflowRegistryStore(transport),
    async seen(runId) {
      const run = await client.getRun(runId);
      const keys = [...new Set((run.data.metrics ?? []).map(({ key }) => key))];
      const points = await Promise.all(
        keys.map(async (key) => [key, (await client.getMetricHistory(runId, key)).metrics.length] as const),
      );
      const inputs = run.inputs?.dataset_inputs ?? [];
      return {
        status: run.info.status,
        params: Object.fromEntries((run.data.params ?? []).map(({ key, value }) => [key, value])),
        tags: Object.fromEntries((run.data.tags ?? []).map(({ key, value }) => [key, value])),
        points: Object.fromEntries(points),
        datasets: inputs.map(({ dataset, tags }) => ({
          name: dataset.name,
          context: tags?.find(({ key }) => key === 'mlflow.data.context')?.value ?? '',
          digest: (JSON.parse(dataset.source) as { digest: string }).digest,
        })),
        artifact: async (path) =>
          Buffer.from(await artifacts.download(`${run.info.artifact_uri}/${path}`)).toString('utf8'),
      };
    },
    async runsOf(experiment) {
      const { experiment_id } = await client.getExperimentByName(experiment);
      return (await client.searchRuns([experiment_id])).runs.length;
    },
    async versionsOf(model) {
      const found = await client.searchModelVersions(`name='${model}'`);
      return found.map(({ version }) => version).sort((a, b) => Number(a) - Number(b));
    },
    async tagOf(model, version, key) {
      return (await client.getModelVersion(model, version)).tags?.find((tag) => tag.key === key)?.value;
    },
    moveByHand: (model, alias, version) => client.setRegisteredModelAlias(model, alias, version),
  };
}

const contract: ModelContract = {
  task: 'binary',
  features: [{ name: 'delay', kind: 'number' }],
  layout: 'matrix',
  classes: ['no', 'yes'],
  threshold: 0.5,
};
const noop = (): void => undefined;
const unique = (name: string): string => `${name}-${randomUUID().slice(0, 8)}`;
const draftIn = (experiment: string, key = 'retrain/m/1:run:train'): RunDraft => ({
  key,
  experiment,
  name: 'retrain 1',
  startTime: 1_700_000_000_000,
  tags: { 'ratchet.model': 'm' },
});
const requestFor = (model: string, key: string, runId: string | null = null): RegisterRequest => ({
  key,
  model,
  experiment: `exp-${model}`,
  runId,
  onnx: new Uint8Array([8, 7, 18, 0, 255]),
  contract,
  tags: { 'ratchet.origin': key },
  description: 'made by the conformance suite',
  files: { 'ratchet-manifest.json': '{"schemaVersion":1}' },
});

describe.each([
  ['memory', memorySubject],
  ['mlflow', () => mlflowSubject(url)],
])('%s › TrackingStore', (_name, make) => {
  const subject = make();
  const { tracking } = subject;

  it('makes 1 run for the same key given 3 times, and another for another key', async () => {
    const experiment = unique('exp');
    const first = await tracking.ensureRun(draftIn(experiment));
    const again = await tracking.ensureRun(draftIn(experiment));
    const third = await make().tracking.ensureRun(draftIn(experiment));
    expect(again).toEqual(first);
    if (_name === 'mlflow') expect(third).toEqual(first);
    const other = await tracking.ensureRun(draftIn(experiment, 'retrain/m/2:run:train'));
    expect(other.runId).not.toBe(first.runId);
    expect(await subject.runsOf(experiment)).toBe(2);
    expect(first.url).toContain(first.runId);
  });

  it("finds the run again when its key holds a quote: it's/m/1", async () => {
    const experiment = unique('exp');
    const draft = draftIn(experiment, "it's/m/1:run:train");
    const first = await tracking.ensureRun(draft);
    expect((await tracking.ensureRun(draft)).runId).toBe(first.runId);
    expect(await subject.runsOf(experiment)).toBe(1);
  });

  it('holds 3 params, 2 metrics, a dataset once each after the same logRun twice', async () => {
    const { runId } = await tracking.ensureRun(draftIn(unique('exp')));
    const digest = 'ab'.repeat(32);
    const data = {
      params: { rounds: 200, algorithm: 'lightgbm', shuffle: false },
      metrics: [
        { key: 'log_loss', value: 0.301, timestamp: 1_700_000_000_000, step: 0 },
        { key: 'log_loss', value: 0.29, timestamp: 1_700_000_000_001, step: 1 },
        { key: 'auc', value: 0.846, timestamp: 1_700_000_000_000 },
      ],
      tags: { 'ratchet.gate': 'pass' },
      datasets: [{ name: 'snapshot', digest, source: { rows: 12387 }, context: 'training' }],
    };
    await tracking.logRun(runId, data);
    await tracking.logRun(runId, data);
    const seen = await subject.seen(runId);
    expect(seen.params).toEqual({ rounds: '200', algorithm: 'lightgbm', shuffle: 'false' });
    expect(seen.points).toEqual({ log_loss: 2, auc: 1 });
    expect(seen.tags).toMatchObject({ 'ratchet.gate': 'pass', 'ratchet.model': 'm' });
    expect(seen.datasets).toEqual([{ name: 'snapshot', context: 'training', digest }]);
  });

  it('takes 250 params and 1500 points, more than one call of MLflow does', async () => {
    const { runId } = await tracking.ensureRun(draftIn(unique('exp')));
    const params = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`p${i}`, i]));
    const metrics = Array.from({ length: 1500 }, (_, i) => ({ key: 'E', value: i / 7, timestamp: 1000 + i, step: i }));
    await tracking.logRun(runId, { params, metrics });
    const seen = await subject.seen(runId);
    expect(Object.keys(seen.params)).toHaveLength(250);
    expect(seen.points).toEqual({ E: 1500 });
  });

  it('keeps metrics that are NaN and infinite, 1 point each', async () => {
    const { runId } = await tracking.ensureRun(draftIn(unique('exp')));
    const at = { timestamp: 1000, step: 0 };
    const metrics = [
      { key: 'nan', value: NaN, ...at },
      { key: 'inf', value: Infinity, ...at },
    ];
    await tracking.logRun(runId, { metrics });
    expect((await subject.seen(runId)).points).toEqual({ nan: 1, inf: 1 });
  });

  it('refuses to change a param: RATCHET_MLFLOW_REQUEST', async () => {
    const { runId } = await tracking.ensureRun(draftIn(unique('exp')));
    await tracking.logRun(runId, { params: { rounds: 200 } });
    await expect(tracking.logRun(runId, { params: { rounds: 300 } })).rejects.toMatchObject({
      code: 'RATCHET_MLFLOW_REQUEST',
    });
  });

  it('replaces an artifact of the same path, and ends the run as FINISHED', async () => {
    const { runId } = await tracking.ensureRun(draftIn(unique('exp')));
    await tracking.logArtifact(runId, 'plots/roc curve.svg', '<svg>1</svg>', 'image/svg+xml');
    await tracking.logArtifact(runId, 'plots/roc curve.svg', '<svg>2</svg>', 'image/svg+xml');
    await tracking.endRun(runId, 'FINISHED', 1_700_000_001_000);
    await tracking.endRun(runId, 'FINISHED', 1_700_000_001_000);
    const seen = await subject.seen(runId);
    expect(await seen.artifact('plots/roc curve.svg')).toBe('<svg>2</svg>');
    expect(seen.status).toBe('FINISHED');
  });
});

describe.each([
  ['memory', memorySubject],
  ['mlflow', () => mlflowSubject(url)],
])('%s › RegistryStore', (_name, make) => {
  const subject = make();
  const { registry, tracking } = subject;

  it('registers version 1, and for the same key again answers the same and makes no version 2', async () => {
    const model = unique('model');
    const { runId } = await tracking.ensureRun(draftIn(`exp-${model}`));
    const first = await registry.registerModel(requestFor(model, 'retrain/m/1:run:register', runId));
    const again = await registry.registerModel(requestFor(model, 'retrain/m/1:run:register', runId));
    expect(again).toEqual(first);
    expect(first.version).toBe('1');
    expect(first.artifactUri.endsWith('/model.onnx')).toBe(true);
    expect(await subject.versionsOf(model)).toEqual(['1']);
    expect([...(await registry.fetchModel(first.artifactUri))]).toEqual([8, 7, 18, 0, 255]);
  });

  it('registers version 2 for another key, with the tags given', async () => {
    const model = unique('model');
    await registry.registerModel(requestFor(model, 'k1'));
    const second = await registry.registerModel(requestFor(model, 'k2'));
    expect(second.version).toBe('2');
    expect(await subject.tagOf(model, '2', 'ratchet.origin')).toBe('k2');
    await registry.setVersionTag(model, '2', 'ratchet.outcome', 'promoted');
    expect(await subject.tagOf(model, '2', 'ratchet.outcome')).toBe('promoted');
  });

  it('projects champion and previous, removes what is null, and reports nothing moved', async () => {
    const model = unique('model');
    for (const key of ['k1', 'k2']) await registry.registerModel(requestFor(model, key));
    expect(await registry.getAliases(model)).toEqual({});
    await registry.projectAliases(model, { champion: '1', challenger: '2' });
    expect(await registry.getAliases(model)).toEqual({ champion: '1', challenger: '2' });
    const promoted = { champion: '2', previous: '1', challenger: null };
    const before = { champion: '1', challenger: '2', previous: null };
    expect(await registry.projectAliases(model, promoted, before)).toEqual({ movedByHand: [] });
    expect(await registry.getAliases(model)).toEqual({ champion: '2', previous: '1' });
    // A retried activity: the aliases are where they should be already.
    expect(await registry.projectAliases(model, promoted, before)).toEqual({ movedByHand: [] });
  });

  it('lets 12 projections of the same aliases at once all succeed: a canary that ends and the rollback that ended it', async () => {
    const model = unique('model');
    for (const key of ['k1', 'k2']) await registry.registerModel(requestFor(model, key));
    const wanted = { champion: '2', previous: '1' };
    const all = await Promise.all(Array.from({ length: 12 }, () => registry.projectAliases(model, wanted)));
    expect(all).toEqual(Array.from({ length: 12 }, () => ({ movedByHand: [] })));
    expect(await registry.getAliases(model)).toEqual(wanted);
  });

  it('repairs the champion that somebody moved by hand, and says so', async () => {
    const model = unique('model');
    for (const key of ['k1', 'k2', 'k3']) await registry.registerModel(requestFor(model, key));
    await registry.projectAliases(model, { champion: '1' });
    await subject.moveByHand(model, 'champion', '3');
    const { movedByHand } = await registry.projectAliases(model, { champion: '2' }, { champion: '1' });
    expect(movedByHand).toEqual(['champion']);
    expect(await registry.getAliases(model)).toEqual({ champion: '2' });
  });

  it('answers no aliases for a model that is not there, and refuses one for a version that is not there', async () => {
    const model = unique('model');
    expect(await registry.getAliases(model)).toEqual({});
    await registry.registerModel(requestFor(model, 'k1'));
    await expect(registry.projectAliases(model, { champion: '9' })).rejects.toMatchObject({
      code: 'RATCHET_MLFLOW_REQUEST',
    });
  });

  it('refuses to fetch an artifact that is not there: RATCHET_MLFLOW_REQUEST', async () => {
    const model = unique('model');
    const { artifactUri } = await registry.registerModel(requestFor(model, 'k1'));
    await expect(registry.fetchModel(artifactUri.replace('model.onnx', 'other.onnx'))).rejects.toMatchObject({
      code: 'RATCHET_MLFLOW_REQUEST',
    });
  });
});

const address = (input: Parameters<typeof fetch>[0]): string =>
  input instanceof Request ? input.url : input.toString();

/** A fetch whose answer is lost after the server has done the work, once for each of the given routes. */
function losing(...routes: readonly string[]): { readonly fetch: typeof fetch; readonly lost: string[] } {
  const left = [...routes];
  const lost: string[] = [];
  const lossy: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    const at = left.findIndex((route) => address(input).endsWith(route) && init?.method === 'POST');
    if (at < 0) return response;
    await response.arrayBuffer();
    lost.push(...left.splice(at, 1));
    throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNRESET' } });
  };
  return { fetch: lossy, lost };
}

describe('mlflow › answers that were lost after the server had done the work', () => {
  const quick = { backoffMs: 1 };

  it('a lost runs/create leaves 1 run', async () => {
    const experiment = unique('exp');
    const { fetch, lost } = losing('/experiments/create', '/runs/create');
    const store = new MlflowTrackingStore(new MlflowTransport(url, { fetch, ...quick }));
    const { runId } = await store.ensureRun(draftIn(experiment));
    expect(lost).toEqual(['/experiments/create', '/runs/create']);
    expect(await mlflowSubject(url).runsOf(experiment)).toBe(1);
    expect((await store.ensureRun(draftIn(experiment))).runId).toBe(runId);
  });

  it('lost registered-models, logged-models and model-versions creates leave 1 version and 1 logged model', async () => {
    const model = unique('model');
    const routes = ['/registered-models/create', '/mlflow/logged-models', '/model-versions/create'];
    const { fetch, lost } = losing(...routes);
    const store = new MlflowRegistryStore(new MlflowTransport(url, { fetch, ...quick }));
    const { version } = await store.registerModel(requestFor(model, 'lost'));
    expect(lost).toEqual(routes);
    expect(version).toBe('1');
    expect(await mlflowSubject(url).versionsOf(model)).toEqual(['1']);
    const { experiment_id } = await new Mlflow(url).getExperimentByName(`exp-${model}`);
    const models = await new LoggedModelClient(new MlflowTransport(url)).search([experiment_id], '');
    expect(models).toHaveLength(1);
  });

  it('resumes a logged model that a crash in the upload left PENDING', async () => {
    const model = unique('model');
    const dying: typeof fetch = (input, init) => {
      if (address(input).endsWith('/python_env.yaml')) throw new Error('killed');
      return fetch(input, init);
    };
    const dead = new MlflowRegistryStore(new MlflowTransport(url, { fetch: dying, attempts: 1 }));
    await expect(dead.registerModel(requestFor(model, 'k1'))).rejects.toMatchObject({
      code: 'RATCHET_MLFLOW_UNAVAILABLE',
    });
    const loggedModels = new LoggedModelClient(new MlflowTransport(url));
    const { experiment_id } = await new Mlflow(url).getExperimentByName(`exp-${model}`);
    const [pending, ...more] = await loggedModels.search([experiment_id], '');
    expect(more).toEqual([]);
    expect(String(pending?.info.status)).toMatch(/PENDING|1/);
    const { modelId } = await new MlflowRegistryStore(new MlflowTransport(url)).registerModel(requestFor(model, 'k1'));
    expect(modelId).toBe(pending?.info.model_id);
    expect(await loggedModels.search([experiment_id], '')).toHaveLength(1);
    expect(String((await loggedModels.get(modelId)).info.status)).toMatch(/READY|2/);
  });
});

describe('mlflow › KeptTrackingStore', () => {
  it('an outage of a whole rollout leaves 1 run with everything in it, and a version that names that run', async () => {
    const model = unique('model');
    const folder = mkdtempSync(join(tmpdir(), 'ratchet-kept-'));
    let away = true;
    const flaky: typeof fetch = (input, init) => {
      if (away) throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } });
      return fetch(input, init);
    };
    const quiet = { debug: noop, info: noop, warn: noop, error: noop };
    const inner = new MlflowTrackingStore(new MlflowTransport(url, { fetch: flaky, attempts: 1 }));
    const kept = new KeptTrackingStore(inner, { folder, logger: quiet, now: Date.now });
    try {
      const { runId } = await kept.ensureRun(draftIn(`exp-${model}`));
      await kept.logRun(runId, { params: { weight: 500 }, metrics: [{ key: 'E', value: 31.2, timestamp: 1000 }] });
      await kept.logArtifact(runId, 'report.html', '<p>rolled back</p>');
      await kept.endRun(runId, 'FINISHED', 2000);
      away = false;
      expect(await kept.flush()).toEqual({ replayed: 4, rejected: 0, waiting: 0 });
      const real = (await inner.ensureRun(draftIn(`exp-${model}`))).runId;
      const subject = mlflowSubject(url);
      expect(await subject.runsOf(`exp-${model}`)).toBe(1);
      const seen = await subject.seen(real);
      expect(seen).toMatchObject({ status: 'FINISHED', params: { weight: '500' }, points: { E: 1 } });
      expect(await seen.artifact('report.html')).toBe('<p>rolled back</p>');
      const { version } = await subject.registry.registerModel(requestFor(model, 'k1', runId));
      expect((await new Mlflow(url).getModelVersion(model, version)).run_id).toBe(real);
    } finally {
      await kept.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('mlflow › nested runs and clients', () => {
  it('makes a trial a child of its run', async () => {
    const experiment = unique('exp');
    const store = new MlflowTrackingStore(new MlflowTransport(url));
    const parent = await store.ensureRun(draftIn(experiment));
    const trial = await store.ensureRun({
      ...draftIn(experiment, 'retrain/m/1:run:trial-1'),
      parentRunId: parent.runId,
    });
    expect((await mlflowSubject(url).seen(trial.runId)).tags['mlflow.parentRunId']).toBe(parent.runId);
  });

  it('the four clients walk an experiment, a run, a model, a version and an alias from start to end', async () => {
    const mlflow = new Mlflow(url);
    const name = unique('walk');
    const experiment = await mlflow.createExperiment(name, undefined, [{ key: 'team', value: 'a' }]);
    expect((await mlflow.getExperiment(experiment)).name).toBe(name);
    await mlflow.setExperimentTag(experiment, 'k', 'v');
    await mlflow.updateExperiment(experiment, `${name}-2`);
    const found = await mlflow.searchExperiment(`name = '${name}-2'`, 10);
    expect(found.experiments.map((one) => one.experiment_id)).toEqual([experiment]);
    const run = await mlflow.createRun(experiment, 'first', 1000, [{ key: 'a', value: 'b' }]);
    const id = run.info.run_id;
    await mlflow.logParam(id, 'depth', '6');
    await mlflow.logMetric(id, 'auc', 0.8, 1000, 1);
    await mlflow.logBatch(id, [{ key: 'auc', value: 0.9, timestamp: 2000, step: 2 }], [], [{ key: 'c', value: 'd' }]);
    expect((await mlflow.getMetricHistory(id, 'auc')).metrics.map(({ value }) => value)).toEqual([0.8, 0.9]);
    await mlflow.setTag(id, 'e', 'f');
    await mlflow.deleteTag(id, 'e');
    expect((await mlflow.updateRun(id, 'FINISHED', 3000)).run_info.status).toBe('FINISHED');
    expect((await mlflow.searchRuns([experiment], "tags.c = 'd'")).runs).toHaveLength(1);
    expect((await mlflow.listArtifacts(id)).files).toEqual([]);
    const model = await mlflow.createRegisteredModel(name, [{ key: 'x', value: 'y' }], 'a model');
    expect(model.name).toBe(name);
    const version = await mlflow.createModelVersion(name, `${run.info.artifact_uri}/model`, id, [], undefined, 'one');
    expect(version.version).toBe('1');
    await mlflow.setRegisteredModelAlias(name, 'champion', '1');
    expect((await mlflow.getModelVersionByAlias(name, 'champion')).version).toBe('1');
    await mlflow.deleteRegisteredModelAlias(name, 'champion');
    await expect(mlflow.getModelVersionByAlias(name, 'champion')).rejects.toMatchObject({
      name: 'ApiError',
      status: 400,
    });
    await mlflow.setModelVersionTag(name, '1', 'k', 'v');
    expect((await mlflow.updateModelVersion(name, '1', 'uno')).description).toBe('uno');
    await mlflow.deleteModelVersion(name, '1');
    await mlflow.deleteRegisteredModel(name);
    await mlflow.deleteRun(id);
    await mlflow.restoreRun(id);
    await mlflow.deleteExperiment(experiment);
    expect((await mlflow.getExperimentByName(`${name}-2`)).lifecycle_stage).toBe('deleted');
    await expect(mlflow.getRegisteredModel(name)).rejects.toMatchObject({
      status: 404,
      message: expect.stringMatching(/^Error getting registered model: /) as unknown,
    });
  });

  it('an experiment that somebody deleted is restored by the next run', async () => {
    const experiment = unique('exp');
    const first = await new MlflowTrackingStore(new MlflowTransport(url)).ensureRun(draftIn(experiment));
    await new Mlflow(url).deleteExperiment(first.experimentId);
    const next = await new MlflowTrackingStore(new MlflowTransport(url)).ensureRun(draftIn(experiment, 'k2'));
    expect(next.experimentId).toBe(first.experimentId);
  });
});
