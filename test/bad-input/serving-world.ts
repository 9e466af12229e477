/**
 * A champion that serves over HTTP (real gateway, real ONNX runtime, stores in memory) while something bad is tried. `unharmed`
 * is the second half of every assertion here: the same route, the same records, and an answer by the champion.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { ApplicationFailure } from '@temporalio/common';
import {
  MemoryClaimStore,
  MemoryDatabase,
  MemoryDecisionStore,
  MemoryEvaluationStore,
  MemoryGatewayStatusStore,
  MemoryLabelStore,
  MemoryModelStore,
  MemoryPredictionReader,
  MemoryPredictionSink,
  MemoryProfileStore,
  MemoryQualityStatistics,
  MemoryRouteSource,
  MemoryRouteStore,
  MemoryWindowStatistics,
} from '../../adapters/memory';
import { OnnxModelRuntime } from '../../adapters/onnx';
import type { GoldenRows, ModelContract, ModelVersion, VersionRecord } from '../../core/model';
import type { Policy } from '../../core/policy';
import type { Logger, RegistryStore } from '../../core/ports';
import { createGateway, type Gateway } from '../../gateway';
import { resolvePolicy } from '../../policy';
import { send, until } from '../gateway/fakes';

export const MODEL = 'late';
export const BY = { actor: 'test', reason: 'bad input' };

/** The rule of this graph: amount, + 0.25 without a colour, + 0.5 without an amount. */
const CHAMPION_FILE = graph('binary-columns');
export const CONTRACT: ModelContract = {
  task: 'binary',
  features: [
    { name: 'amount', kind: 'number' },
    { name: 'colour', kind: 'string' },
  ],
  layout: 'columns',
  classes: ['no', 'yes'],
  threshold: 0.5,
};
const GOLDEN: GoldenRows = {
  features: { rows: 2, columns: { amount: [0.5, 0.5], colour: ['red', null] } },
  scores: [0.5, 0.75],
  labels: ['yes', 'yes'],
};

export const WRITTEN_POLICY = {
  model: MODEL,
  preset: 'default',
  task: 'binary',
  features: [...CONTRACT.features],
  classes: [...CONTRACT.classes],
  data: { query: 'SELECT 1 WHERE :from < :to AND :asOf > :to' },
  blessings: { required: ['evaluated', 'parity', 'infra', 'shadowed'], vouched: [] },
};
export const POLICY: Policy = resolvePolicy(WRITTEN_POLICY);

export function graph(name: string): Uint8Array {
  return readFileSync(join(__dirname, '..', 'adapters', 'onnx', 'graphs', `${name}.onnx`));
}

export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export class ServingWorld {
  readonly db = new MemoryDatabase({ now: () => Date.now() });
  readonly models = new MemoryModelStore(this.db);
  readonly routes = new MemoryRouteStore(this.db);
  readonly claims = new MemoryClaimStore(this.db);
  readonly decisions = new MemoryDecisionStore(this.db);
  readonly evaluations = new MemoryEvaluationStore(this.db);
  readonly gateways = new MemoryGatewayStatusStore(this.db);
  readonly predictions = new MemoryPredictionReader(this.db);
  readonly statistics = new MemoryWindowStatistics(this.db);
  readonly quality = new MemoryQualityStatistics(this.db);
  readonly profiles = new MemoryProfileStore(this.db);
  readonly files = new Map<string, Uint8Array>();
  /** Asked for files that are not in `files`. */
  fetchElsewhere: RegistryStore['fetchModel'] = (uri) => Promise.reject(new Error(`no file ${uri}`));
  url = '';
  private readonly dataDir = mkdtempSync(join(tmpdir(), 'ratchet-bad-input-'));
  private gateway: Gateway | null = null;

  /** Version 1 is champion and answers. */
  async start(): Promise<void> {
    await this.models.saveModel(POLICY, BY);
    await this.saveVersion('1', CHAMPION_FILE);
    await this.routes.changeRoute(MODEL, { kind: 'adopt', version: '1' }, null, this.decision('adopt'));
    this.gateway = createGateway({
      ports: {
        models: this.models,
        registry: {
          fetchModel: (uri) => {
            const file = this.files.get(uri);
            return file === undefined ? this.fetchElsewhere(uri) : Promise.resolve(file);
          },
        },
        routes: new MemoryRouteSource(this.db),
        status: this.gateways,
        labels: new MemoryLabelStore(this.db),
        sink: new MemoryPredictionSink(this.db),
        runtime: new OnnxModelRuntime(),
      },
      clock: { now: () => Date.now() },
      logger: silent,
      name: 'gateway',
      dataDir: this.dataDir,
      limits: { statusIntervalMs: 20, startTimeoutMs: 5_000, stopTimeoutMs: 500 },
    });
    ({ url: this.url } = await this.gateway.start());
  }

  async stop(): Promise<void> {
    await this.gateway?.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** A version with every blessing, its file where the registry finds it. */
  async saveVersion(
    version: ModelVersion,
    file: Uint8Array | null,
    change: Partial<VersionRecord> = {},
  ): Promise<VersionRecord> {
    const artifactUri = change.artifactUri ?? `local:/${version}/model.onnx`;
    if (file !== null) this.files.set(artifactUri, file);
    const record: VersionRecord = {
      model: MODEL,
      version,
      sha256: createHash('sha256')
        .update(file ?? '')
        .digest('hex'),
      artifactUri,
      contract: CONTRACT,
      golden: GOLDEN,
      holdoutMetrics: { logLoss: 0.3 },
      referenceProfile: null,
      mlflow: { runId: null, modelId: null },
      blessings: [],
      createdAt: 0,
      origin: 'retrain/late/1',
      ...change,
    };
    await this.models.saveVersion(record);
    for (const blessing of POLICY.blessings.required) {
      await this.models.bless(MODEL, version, { blessing, how: 'earned', ...BY, at: 0 }, BY);
    }
    return record;
  }

  /** What the gateway says of a version once it has tried to load it. */
  async stateOf(version: ModelVersion): Promise<{ readonly state: string; readonly error: string | null }> {
    const find = () => this.gateway?.status().versions.find((v) => v.version === version && v.state !== 'loading');
    await until(() => find() !== undefined, `version ${version} was tried`);
    const found = find();
    return { state: found?.state ?? '', error: found?.error ?? null };
  }

  decision(key: string): Parameters<MemoryRouteStore['changeRoute']>[3] {
    return {
      ...BY,
      key,
      model: MODEL,
      version: '1',
      kind: 'test',
      verdict: null,
      reasons: [],
      evidence: {},
      workflowId: null,
    };
  }

  /** Runs `work`, and fails unless everything is as it was and the champion answers. Gives what `work` gave. */
  async unharmed<T>(work: () => Promise<T>): Promise<T> {
    const before = this.everything();
    const result = await work();
    expect(this.everything()).toEqual(before);
    await this.expectChampion();
    return result;
  }

  /** 20 rows, each with a key of its own, all by version 1. */
  async expectChampion(): Promise<void> {
    const rows = 20;
    const result = await send(this.url, `/v2/models/${MODEL}/infer`, {
      inputs: [
        { name: 'amount', datatype: 'FP64', shape: [rows], data: new Array(rows).fill(0.5) },
        { name: 'colour', datatype: 'BYTES', shape: [rows], data: new Array(rows).fill('red') },
      ],
      parameters: { keys: Array.from({ length: rows }, (_, i) => `key-${i}`) },
    });
    expect(result.status).toBe(200);
    const { versions } = result.body['parameters'] as { readonly versions: readonly string[] };
    expect(versions).toEqual(new Array(rows).fill('1'));
  }

  /** All that a bad input must not touch; predictions come with every request and are left out. */
  private everything(): unknown {
    const { models, versions, routes, claims, decisions, incidents, labels, evaluations } = this.db;
    return structuredClone({
      models: [...models],
      versions: [...versions],
      routes: [...routes].map(([model, route]) => [model, route.state, route.generation]),
      claims: [...claims],
      decisions,
      incidents,
      labels: [...labels],
      evaluations,
    });
  }
}

const NO_LOG = { ...silent, log: () => undefined, trace: () => undefined };

/** Runs an activity as a worker does. */
export const run = <O>(activity: () => Promise<O>): Promise<O> =>
  new MockActivityEnvironment({}, { logger: NO_LOG }).run(activity);

/** The failure that the workflow sees. */
export async function failureOf(activity: () => Promise<unknown>): Promise<ApplicationFailure> {
  const seen: unknown = await run(activity).then(
    (value) => new Error(`expected a failure, got ${JSON.stringify(value)}`),
    (error: unknown) => error,
  );
  if (seen instanceof ApplicationFailure) return seen;
  throw seen;
}
