import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import { freePorts, startPostgres, type EmbeddedPostgres } from '../../adapters/embedded';
import { createPool, migrate, PostgresModelStore, PostgresRouteStore } from '../../adapters/postgres';

const MODEL = 'amounts';
const GRAPH = join(__dirname, '..', 'adapters', 'onnx', 'graphs', 'probability-amount.onnx');
const MAIN = join(__dirname, '..', '..', 'dist', 'gateway', 'main.js');
const OUTAGE_MS = 5_000;

/** A gateway as a process of its own. */
class GatewayProcess {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(databaseUrl: string, cacheDir: string): Promise<GatewayProcess> {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run npm run build`);
    const [deadPort] = await freePorts(1);
    const child = spawn(process.execPath, [MAIN], {
      env: {
        PATH: process.env['PATH'],
        DATABASE_URL: databaseUrl,
        // MLflow is away: the model comes from the cache
        MLFLOW_TRACKING_URI: `http://127.0.0.1:${deadPort}`,
        RATCHET_GATEWAY_PORT: '0',
        RATCHET_GATEWAY_NAME: 'chaos',
        RATCHET_CACHE_DIR: cacheDir,
        RATCHET_LOG_LEVEL: 'error',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const { ready, url } = JSON.parse(line) as { ready: boolean; url: string };
      if (ready) return new GatewayProcess(url, child);
    }
    throw new Error('the gateway ended before it was ready');
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }
}

/** Sends single rows over 8 connections until it is stopped and notes what was acknowledged. */
class Traffic {
  readonly acknowledged: string[] = [];
  readonly refused: string[] = [];
  private stopped = false;
  private readonly clients: Promise<void>[];

  constructor(private readonly url: () => string) {
    this.clients = Array.from({ length: 8 }, (_, i) => this.send(i));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.clients);
  }

  async reached(rows: number): Promise<void> {
    while (this.acknowledged.length < rows) await delay(5);
  }

  private async send(client: number): Promise<void> {
    for (let i = 0; !this.stopped; i++) {
      try {
        const response = await fetch(`${this.url()}/v2/models/${MODEL}/infer`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({
            inputs: [{ name: 'amount', datatype: 'FP32', shape: [1], data: [0.25] }],
            parameters: { key: `${client}-${i}` },
          }),
        });
        const body = (await response.json()) as { parameters?: { prediction_ids: string[] }; code?: string };
        if (response.ok) this.acknowledged.push(...(body.parameters?.prediction_ids ?? []));
        else this.refused.push(body.code ?? String(response.status));
      } catch {
        // the gateway is dead, or died over this request: nothing was acknowledged
        this.refused.push('no answer');
      }
      await delay(2);
    }
  }
}

describe('nothing acknowledged is lost', () => {
  let postgres: EmbeddedPostgres;
  let dataDir: string;
  let cacheDir: string;
  let pool: Pool;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'ratchet-chaos-'));
    chmodSync(dataDir, 0o711);
    postgres = await startPostgres({ dataDir: join(dataDir, 'postgres') });
    await migrate(postgres.url);
    pool = createPool(postgres.url, { applicationName: 'chaos-test' });
    await adopt(pool);
    cacheDir = join(dataDir, 'gateway');
    mkdirSync(join(cacheDir, 'models'), { recursive: true });
    copyFileSync(GRAPH, join(cacheDir, 'models', `${sha256(GRAPH)}.onnx`));
  }, 120_000);

  afterAll(async () => {
    await gateway?.end('SIGKILL');
    await pool?.end();
    await postgres?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }, 60_000);

  /** Ids of the log, once each. */
  async function loggedIds(): Promise<Set<string>> {
    const { rows } = await pool.query<{ id: string }>(
      "SELECT DISTINCT id::text AS id FROM ratchet.predictions WHERE model = $1 AND arm = 'champion' AND error IS NULL",
      [MODEL],
    );
    return new Set(rows.map((row) => row.id));
  }

  async function missing(acknowledged: readonly string[]): Promise<number> {
    for (let attempt = 0; ; attempt++) {
      const logged = await loggedIds();
      const lost = acknowledged.filter((id) => !logged.has(id)).length;
      if (lost === 0 || attempt === 300) return lost;
      await delay(100);
    }
  }

  it('when a gateway is killed three times under traffic and started again', async () => {
    gateway = await GatewayProcess.start(postgres.url, cacheDir);
    const traffic = new Traffic(() => gateway.url);
    for (let kill = 1; kill <= 3; kill++) {
      await traffic.reached(kill * 300);
      await gateway.end('SIGKILL');
      gateway = await GatewayProcess.start(postgres.url, cacheDir);
    }
    await traffic.reached(1_200);
    await traffic.stop();
    expect(traffic.acknowledged.length).toBeGreaterThanOrEqual(1_200);
    expect(new Set(traffic.acknowledged).size).toBe(traffic.acknowledged.length);
    expect(await missing(traffic.acknowledged)).toBe(0);
  }, 120_000);

  it('when PostgreSQL is gone for 5 s under traffic, and no request fails', async () => {
    const traffic = new Traffic(() => gateway.url);
    await traffic.reached(200);
    await pool.end();
    await postgres.stop();
    await traffic.reached(traffic.acknowledged.length + 200);
    await delay(OUTAGE_MS);
    const during = traffic.acknowledged.length;
    postgres = await startPostgres({ dataDir: join(dataDir, 'postgres'), port: Number(new URL(postgres.url).port) });
    pool = createPool(postgres.url, { applicationName: 'chaos-test' });
    await traffic.reached(during + 200);
    await traffic.stop();
    expect(traffic.refused).toEqual([]);
    expect(await missing(traffic.acknowledged)).toBe(0);
  }, 120_000);

  it('when a gateway starts with PostgreSQL and MLflow away, serves 300 rows, is killed, and both come back', async () => {
    await gateway.end('SIGTERM');
    await pool.end();
    await postgres.stop();
    gateway = await GatewayProcess.start(postgres.url, cacheDir);
    const traffic = new Traffic(() => gateway.url);
    await traffic.reached(300);
    await traffic.stop();
    expect(traffic.refused).toEqual([]);
    await gateway.end('SIGKILL');
    postgres = await startPostgres({ dataDir: join(dataDir, 'postgres'), port: Number(new URL(postgres.url).port) });
    pool = createPool(postgres.url, { applicationName: 'chaos-test' });
    gateway = await GatewayProcess.start(postgres.url, cacheDir);
    expect(await missing(traffic.acknowledged)).toBe(0);
    await gateway.end('SIGTERM');
  }, 120_000);
});

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

async function adopt(pool: Pool): Promise<void> {
  const amounts = [0.25, 0.5, 0.75];
  await new PostgresModelStore(pool).saveVersion({
    model: MODEL,
    version: '1',
    sha256: sha256(GRAPH),
    artifactUri: 'mlflow-artifacts:/0/models/m-0/artifacts/model.onnx',
    contract: {
      task: 'binary',
      features: [{ name: 'amount', kind: 'number' }],
      layout: 'columns',
      classes: ['no', 'yes'],
      threshold: 0.5,
    },
    golden: {
      features: { rows: amounts.length, columns: { amount: amounts } },
      scores: amounts,
      labels: ['no', 'yes', 'yes'],
    },
    holdoutMetrics: {},
    referenceProfile: null,
    mlflow: { runId: null, modelId: null },
    blessings: [],
    createdAt: 0,
    origin: 'chaos',
  });
  await new PostgresRouteStore(pool).changeRoute(MODEL, { kind: 'adopt', version: '1' }, null, {
    key: 'chaos:adopt',
    model: MODEL,
    version: '1',
    kind: 'route.adopt',
    verdict: null,
    reasons: [],
    evidence: {},
    actor: 'chaos',
    reason: 'test',
    workflowId: null,
  });
}
