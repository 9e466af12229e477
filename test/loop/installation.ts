import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { MlflowRegistryStore, MlflowTransport } from '../../adapters/mlflow';
import { OnnxModelRuntime } from '../../adapters/onnx';
import {
  createPool,
  migrate,
  PostgresClaimStore,
  PostgresDecisionStore,
  PostgresEvaluationStore,
  PostgresGatewayStatusStore,
  PostgresIncidentStore,
  PostgresLabelStore,
  PostgresModelStore,
  PostgresPredictionReader,
  PostgresPredictionSink,
  PostgresRouteSource,
  PostgresRouteStore,
} from '../../adapters/postgres';
import { RatchetClient } from '../../client';
import { adopt } from '../../cli/commands/adopt';
import type { RolloutStatus } from '../../core/messages';
import type { GoldenRows, ModelContract } from '../../core/model';
import type { Logger } from '../../core/ports';
import { NodeProcess } from '../../examples/late-flights/processes';
import { createGateway, type Gateway } from '../../gateway';
import { createTestDatabase, type TestDatabase } from '../setup/database';

const ROOT = path.join(__dirname, '..', '..');
const SILENT: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

export interface InstallationOptions {
  /** Default: the test run's own servers. */
  readonly temporalAddress?: string;
  readonly mlflowUrl?: string;
}

/**
 * All of Ratchet for one test file: a database and task queues of its own on the test run's servers, a worker process, and a
 * gateway in this process.
 */
export class Installation {
  readonly models: PostgresModelStore;
  readonly routes: PostgresRouteStore;
  readonly claims: PostgresClaimStore;
  readonly decisions: PostgresDecisionStore;
  readonly evaluations: PostgresEvaluationStore;
  readonly incidents: PostgresIncidentStore;
  readonly predictions: PostgresPredictionReader;
  readonly registry: MlflowRegistryStore;
  readonly worker: NodeProcess;
  private readonly names: string[] = [];

  private constructor(
    readonly folder: string,
    private readonly database: TestDatabase,
    readonly pool: Pool,
    readonly client: RatchetClient,
    readonly taskQueue: string,
    readonly gateway: Gateway,
    readonly gatewayUrl: string,
    readonly env: NodeJS.ProcessEnv,
  ) {
    this.models = new PostgresModelStore(pool);
    this.routes = new PostgresRouteStore(pool);
    this.claims = new PostgresClaimStore(pool);
    this.decisions = new PostgresDecisionStore(pool);
    this.evaluations = new PostgresEvaluationStore(pool);
    this.incidents = new PostgresIncidentStore(pool);
    this.predictions = new PostgresPredictionReader(pool);
    this.registry = new MlflowRegistryStore(new MlflowTransport(requireEnv('RATCHET_TEST_MLFLOW_URL')));
    const script = path.join(ROOT, 'dist', 'workers', 'main.js');
    this.worker = new NodeProcess('worker', script, env, path.join(folder, 'worker.log'));
  }

  /** Everything but the worker, which a test starts when it wants one. */
  static async start(options: InstallationOptions = {}): Promise<Installation> {
    const folder = mkdtempSync(path.join(tmpdir(), 'ratchet-loop-'));
    const database = await createTestDatabase();
    await migrate(database.url);
    const pool = createPool(database.url, { applicationName: 'loop-test' });
    const taskQueue = `test-${randomBytes(6).toString('hex')}`;
    const address = options.temporalAddress ?? requireEnv('RATCHET_TEST_TEMPORAL_ADDRESS');
    const client = await RatchetClient.connect({ address, taskQueue });
    const runtime = new OnnxModelRuntime();
    const gateway = createGateway({
      ports: {
        models: new PostgresModelStore(pool),
        registry: new MlflowRegistryStore(new MlflowTransport(requireEnv('RATCHET_TEST_MLFLOW_URL'))),
        routes: new PostgresRouteSource(pool, { logger: SILENT }),
        status: new PostgresGatewayStatusStore(pool),
        labels: new PostgresLabelStore(pool),
        sink: new PostgresPredictionSink(pool),
        runtime,
      },
      clock: { now: () => Date.now() },
      logger: SILENT,
      name: taskQueue,
      dataDir: path.join(folder, 'gateway'),
      limits: { statusIntervalMs: 200 },
    });
    const { url } = await gateway.start();
    const env: NodeJS.ProcessEnv = {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      DATABASE_URL: database.url,
      MLFLOW_TRACKING_URI: options.mlflowUrl ?? requireEnv('RATCHET_TEST_MLFLOW_URL'),
      TEMPORAL_ADDRESS: address,
      RATCHET_TASK_QUEUE: taskQueue,
      RATCHET_WORK_DIR: path.join(folder, 'work'),
      RATCHET_PYTHON: requireEnv('RATCHET_TEST_PYTHON'),
      RATCHET_LOG_LEVEL: 'warn',
    };
    return new Installation(folder, database, pool, client, taskQueue, gateway, url, env);
  }

  async stop(): Promise<void> {
    await this.worker.stop();
    for (const model of this.names) await this.forget(model);
    await this.client.close();
    await this.gateway.stop();
    await this.pool.end();
    await this.database.drop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A model name that no other test has; its workflow and Schedule are removed at the end. */
  newModel(prefix: string): string {
    const name = `${prefix}-${randomBytes(4).toString('hex')}`;
    this.names.push(name);
    return name;
  }

  /** Registers a model and waits until its workflow has stored the policy. */
  async register(policy: Readonly<Record<string, unknown>>): Promise<void> {
    const { model } = await this.client.registerModel(policy, { actor: 'test', reason: 'a model' });
    await until(`the workflow of ${model}`, () => this.models.getModel(model));
  }

  /** The first version of a model becomes its champion; a later one is only registered. Returns its number. */
  async adopt(model: string, file: string, contract: ModelContract, golden: GoldenRows): Promise<string> {
    const folder = path.join(this.folder, 'adopt');
    await mkdir(folder, { recursive: true });
    const write = async (name: string, value: unknown): Promise<string> => {
      await writeFile(path.join(folder, name), JSON.stringify(value));
      return path.join(folder, name);
    };
    const { version } = await adopt(
      model,
      {
        file,
        contract: await write('contract.json', contract),
        golden: await write('golden.json', golden),
        actor: 'test',
        reason: 'made by hand',
      },
      {
        models: () => this.models,
        routes: () => this.routes,
        registry: () => this.registry,
        runtime: () => new OnnxModelRuntime(),
      },
      Date.now(),
    );
    return version;
  }

  async gatewayServes(model: string): Promise<void> {
    await until(`${model} to be served`, async () => (await fetch(`${this.gatewayUrl}/v2/models/${model}/ready`)).ok);
  }

  /** Waits until the route gives a canary this weight (basis points): the workflow says so a moment before it is done. */
  async canaryHas(model: string, weight: number): Promise<void> {
    await until(
      `a canary of ${model} with weight ${weight}`,
      async () => (await this.routes.getRoute(model))?.canary?.weight === weight,
    );
  }

  /** What a shadow test or canary says of itself; null while it cannot be asked. */
  async rollout(workflowId: string): Promise<RolloutStatus | null> {
    try {
      return await this.client.temporal.workflow.getHandle(workflowId).query<RolloutStatus>('status');
    } catch {
      return null;
    }
  }

  /** How a workflow ended; waits for it. */
  result<R>(workflowId: string): Promise<R> {
    return this.client.temporal.workflow.getHandle(workflowId).result() as Promise<R>;
  }

  async exists(workflowId: string): Promise<boolean> {
    return this.client.temporal.workflow
      .getHandle(workflowId)
      .describe()
      .then(
        () => true,
        () => false,
      );
  }

  /** Ends what a model left on the shared Temporal server: nobody would work on it. */
  private async forget(model: string): Promise<void> {
    const { temporal } = this.client;
    await temporal.schedule.getHandle(`ratchet-drift/${model}`).delete().catch(ignore);
    await temporal.workflow.getHandle(`model/${model}`).terminate('the test is over').catch(ignore);
  }
}

/** Asks every 50 ms until `probe` gives something. A probe that throws counts as "not yet". */
export async function until<R>(
  what: string,
  probe: () => Promise<R | null | undefined | false>,
  timeoutMs = 60_000,
): Promise<R> {
  const end = performance.now() + timeoutMs;
  let last: unknown = null;
  while (performance.now() < end) {
    try {
      const found = await probe();
      if (found !== null && found !== undefined && found !== false) return found;
      last = null;
    } catch (error) {
      last = error;
    }
    await delay(50);
  }
  throw new Error(`waited ${timeoutMs / 1000} s for ${what}${last instanceof Error ? `: ${last.message}` : ''}`);
}

/** Is there a process of this id? One of our own that has ended and was not waited for counts as alive. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function ignore(): undefined {
  return undefined;
}

function requireEnv(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run this test in the jest project \`servers\``);
  return value;
}
