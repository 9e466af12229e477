import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRetrainActivities } from '../../activities/retrain';
import type { ActivityPorts } from '../../activities';
import { MlflowRegistryStore, MlflowTransport } from '../../adapters/mlflow';
import type { TrainerResult } from '../../core/ports';
import { ScriptedServer, type Scripted } from '../adapters/mlflow/scripted-server';
import { CONTRACT, failureOf, graph, MODEL, POLICY, ServingWorld, silent } from './serving-world';

const world = new ServingWorld();
const server = new ScriptedServer();
let address = '';
let folder = '';
beforeAll(async () => {
  await world.start();
  address = await server.start();
  folder = mkdtempSync(join(tmpdir(), 'ratchet-bad-mlflow-'));
});
afterAll(async () => {
  await world.stop();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const TRIES = 2;
const registry = (): MlflowRegistryStore =>
  new MlflowRegistryStore(
    new MlflowTransport(address, {
      attempts: TRIES,
      timeoutMs: 100,
      artifactTimeoutMs: 100,
      sleep: () => Promise.resolve(),
    }),
  );

const text = (status: number, body: string): Scripted => ({ status, body, headers: { 'content-type': 'text/plain' } });
const bad: readonly [what: string, answer: Scripted, code: string, retried: boolean, message: RegExp][] = [
  [
    'answers 401',
    text(401, 'You are not authenticated.'),
    'RATCHET_MLFLOW_UNAUTHORIZED',
    false,
    /MLflow answered 401 to .*: You are not authenticated\./,
  ],
  [
    'answers 403',
    text(403, 'Permission denied'),
    'RATCHET_MLFLOW_FORBIDDEN',
    false,
    /MLflow answered 403 to .*: Permission denied/,
  ],
  [
    'answers 500',
    text(500, 'database is locked'),
    'RATCHET_MLFLOW_UNAVAILABLE',
    true,
    /MLflow answered 500 to .*: database is locked/,
  ],
  ['is slow', 'silence', 'RATCHET_MLFLOW_UNAVAILABLE', true, /did not answer .* within 100 ms/],
  ['drops the connection', 'reset', 'RATCHET_MLFLOW_UNAVAILABLE', true, /MLflow at .* cannot be reached/],
];

describe.each(bad)('an MLflow that %s', (what, answer, code, retried, message) => {
  it('fails the registration with its code, and nothing is registered half', async () => {
    server.play(answer, answer, answer);
    const model = graph('binary-columns');
    const path = join(folder, 'model.onnx');
    writeFileSync(path, model);
    const result: TrainerResult = {
      metrics: {},
      params: {},
      versions: {},
      importance: {},
      model: { path, sha256: createHash('sha256').update(model).digest('hex'), contract: CONTRACT },
      golden: { features: { rows: 0, columns: {} }, scores: [], labels: [] },
      holdoutScores: [],
      randomHoldout: null,
      device: 'cpu',
      seconds: 1,
    };
    writeFileSync(join(folder, 'ratchet-result.json'), JSON.stringify(result));
    const retrain = createRetrainActivities({
      ...world,
      registry: registry(),
      logger: silent,
    } as unknown as ActivityPorts);
    const failure = await world.unharmed(() =>
      failureOf(() =>
        retrain.registerCandidate({
          model: MODEL,
          policy: POLICY,
          snapshot: { digest: 'd', uri: '/nowhere', rows: 1, columns: [], from: 0, to: 1, asOf: 1 },
          outputDir: folder,
          judgement: {
            verdict: 'pass',
            reasons: [],
            parity: { verdict: 'pass' },
            gate: {},
            randomRows: null,
            holdoutMetrics: {},
          },
          holdoutClusters: [],
          mlflowRunId: null,
          key: 'retrain/late/2:run:register',
          workflowId: 'retrain/late/2',
        }),
      ),
    );
    expect([failure.type, failure.nonRetryable]).toEqual([code, !retried]);
    expect(failure.message).toMatch(message);
  });

  it('keeps a new version out of traffic, and the gateway says why', async () => {
    const version = String(20 + bad.findIndex(([name]) => name === what));
    world.fetchElsewhere = (uri) => registry().fetchModel(uri);
    await world.saveVersion(version, null, {
      artifactUri: `mlflow-artifacts:/1/models/m-${version}/artifacts/model.onnx`,
    });
    server.play(answer, answer, answer, answer, answer, answer);
    const fence = await world.claims.claim(MODEL, 'rollout', version);
    await world.routes.changeRoute(
      MODEL,
      { kind: 'setCanary', version, weight: 10_000, run: version, step: 0, leaseMs: 60_000, salt: version },
      fence,
      world.decision(`canary-${version}`),
    );
    const state = await world.stateOf(version);
    expect(state.state).toBe('failed');
    expect(state.error?.startsWith(`${code}: `)).toBe(true);
    expect(state.error).toMatch(message);
    await world.expectChampion();
    await world.routes.changeRoute(MODEL, { kind: 'clearCanary' }, fence, world.decision(`clear-${version}`));
    await world.claims.release(MODEL, 'rollout', version);
  });
});
