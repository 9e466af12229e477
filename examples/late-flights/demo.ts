/** What every act needs: the servers, the processes, the database, the client, the command line. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Pool } from 'pg';
import { parse } from 'yaml';
import type { EmbeddedStack } from '../../adapters/embedded';
import { MlflowRegistryStore, MlflowTransport } from '../../adapters/mlflow';
import {
  PostgresDecisionStore,
  PostgresEvaluationStore,
  PostgresIncidentStore,
  PostgresModelStore,
  PostgresRouteStore,
} from '../../adapters/postgres';
import type { RatchetClient } from '../../client';
import type { RolloutStatus } from '../../core/messages';
import type { VersionRecord } from '../../core/model';
import { FlightGateway } from './flight-gateway';
import type { NodeProcess } from './processes';
import { Replayer } from './replay';
import type { Timeline } from './timeline';
import { warehouseFlights } from './warehouse';

const run = promisify(execFile);

export interface ActResult {
  readonly act: string;
  readonly ok: boolean;
  readonly expected: string;
  readonly seen: string;
}

export interface DemoOptions {
  readonly interactive: boolean;
  /** Number of the newest run that played acts 1 to 3; null: none. */
  readonly earlier: number | null;
}

export class Demo {
  readonly models: PostgresModelStore;
  readonly routes: PostgresRouteStore;
  readonly decisions: PostgresDecisionStore;
  readonly evaluations: PostgresEvaluationStore;
  readonly incidents: PostgresIncidentStore;
  readonly registry: MlflowRegistryStore;

  constructor(
    readonly root: string,
    readonly dataDir: string,
    readonly python: string,
    readonly stack: EmbeddedStack,
    readonly pool: Pool,
    readonly client: RatchetClient,
    readonly worker: NodeProcess,
    readonly gatewayUrl: string,
    readonly env: NodeJS.ProcessEnv,
    readonly timeline: Timeline,
    readonly options: DemoOptions,
    /** Number of this run; model names carry it, so that earlier runs stay to be looked at. */
    readonly number: number,
  ) {
    this.models = new PostgresModelStore(pool);
    this.routes = new PostgresRouteStore(pool);
    this.decisions = new PostgresDecisionStore(pool);
    this.evaluations = new PostgresEvaluationStore(pool);
    this.incidents = new PostgresIncidentStore(pool);
    this.registry = new MlflowRegistryStore(new MlflowTransport(stack.mlflow.url));
  }

  name(suffix = ''): string {
    return `late-flights-${this.number}${suffix === '' ? '' : `-${suffix}`}`;
  }

  /** The model of the newest earlier run. */
  earlier(): string {
    if (this.options.earlier === null) throw new Error('no earlier run has played acts 1 to 3: play them first');
    return `late-flights-${this.options.earlier}`;
  }

  /** The example's policy under another model name, with the sections of `changes` laid over it. */
  async policy(model: string, changes: Readonly<Record<string, unknown>> = {}): Promise<Record<string, unknown>> {
    const file = path.join(this.root, 'examples', 'late-flights', 'policy.yaml');
    const base = parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    const merged: Record<string, unknown> = { ...base, model };
    for (const [section, value] of Object.entries(changes)) {
      const before = merged[section];
      merged[section] = isObject(before) && isObject(value) ? { ...before, ...value } : value;
    }
    return merged;
  }

  replayer(model: string, rowsPerSecond: number): Replayer {
    return new Replayer({
      source: warehouseFlights(this.pool),
      gateway: new FlightGateway({ url: this.gatewayUrl, model }),
      rowsPerSecond,
      // Ten minutes of flights share a request: the replay runs thousands of times faster than 2013 did.
      maxSpanMs: 600_000,
      maxRowsARequest: 128,
    });
  }

  /** The `ratchet` command, as a person would type it. Resolves with its answer; a refusal (exit 3) too. */
  async ratchet(
    ...args: readonly string[]
  ): Promise<{ readonly code: number; readonly answer: Record<string, unknown>; readonly stderr: string }> {
    const script = path.join(this.root, 'dist', 'cli', 'main.js');
    try {
      const { stdout, stderr } = await run(process.execPath, [script, ...args, '--json'], { env: this.env });
      return { code: 0, answer: lastJson(stdout), stderr };
    } catch (error) {
      const { code, stdout = '', stderr = '' } = error as { code?: number; stdout?: string; stderr?: string };
      if (typeof code !== 'number') throw error;
      return { code, answer: lastJson(stdout === '' ? stderr : stdout), stderr };
    }
  }

  /** The `temporal` command of the locked environment. */
  async temporal(...args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
    const cli = path.join(path.dirname(this.python), 'temporal');
    try {
      const { stdout } = await run(cli, [...args, '--address', this.stack.temporal.address], { env: this.env });
      return { code: 0, output: stdout };
    } catch (error) {
      const { code, stdout = '', stderr = '' } = error as { code?: number; stdout?: string; stderr?: string };
      return { code: typeof code === 'number' ? code : 1, output: `${stdout}${stderr}` };
    }
  }

  /** Waits until `probe` gives something, asking again every 100 ms. */
  async until<R>(what: string, probe: () => Promise<R | null | undefined | false>, timeoutMs = 120_000): Promise<R> {
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
      await delay(100);
    }
    throw new Error(`waited ${timeoutMs / 1000} s for ${what}${last instanceof Error ? `: ${last.message}` : ''}`);
  }

  /** The live status of a rollout workflow; null while it cannot be asked. */
  async rollout(workflowId: string): Promise<RolloutStatus | null> {
    try {
      return await this.client.temporal.workflow.getHandle(workflowId).query<RolloutStatus>('status');
    } catch {
      return null;
    }
  }

  /** How a workflow ended: its own result. */
  async result<R>(workflowId: string): Promise<R> {
    return this.client.temporal.workflow.getHandle(workflowId).result() as Promise<R>;
  }

  /** The files of a version, for `ratchet adopt` under another model's name. */
  async exportVersion(version: VersionRecord): Promise<readonly string[]> {
    const folder = path.join(this.dataDir, 'export', version.sha256.slice(0, 12));
    await mkdir(folder, { recursive: true });
    const file = (name: string): string => path.join(folder, name);
    const isFile = path.isAbsolute(version.artifactUri);
    await writeFile(
      file('model.onnx'),
      await (isFile ? readFile(version.artifactUri) : this.registry.fetchModel(version.artifactUri)),
    );
    await writeFile(file('contract.json'), JSON.stringify(version.contract));
    await writeFile(file('golden.json'), JSON.stringify(version.golden));
    await writeFile(file('metrics.json'), JSON.stringify(version.holdoutMetrics));
    return [
      '--file',
      file('model.onnx'),
      '--contract',
      file('contract.json'),
      '--golden',
      file('golden.json'),
      '--holdout-metrics',
      file('metrics.json'),
    ];
  }

  /** A new model whose champion is `champion`, registered and adopted by the command line. */
  async modelWithChampion(
    model: string,
    champion: VersionRecord,
    changes: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const file = path.join(this.dataDir, 'export', `${model}.json`);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify(await this.policy(model, changes)));
    await this.expectFine(await this.ratchet('apply', file, '--actor', 'demo', '--reason', 'an act of the demo'));
    await this.adopt(model, champion, 'the October champion');
    await this.until(`${model} to answer`, async () => {
      const answer = await fetch(`${this.gatewayUrl}/v2/models/${model}/ready`);
      return answer.ok;
    });
  }

  /** Registers a version's file under `model`; returns its number there. */
  async adopt(model: string, version: VersionRecord, reason: string): Promise<string> {
    const adopted = await this.ratchet(
      'adopt',
      model,
      ...(await this.exportVersion(version)),
      '--actor',
      'demo',
      '--reason',
      reason,
    );
    await this.expectFine(adopted);
    return String(adopted.answer['version']);
  }

  async expectFine(done: { readonly code: number; readonly answer: unknown; readonly stderr: string }): Promise<void> {
    if (done.code !== 0) throw new Error(`exit ${done.code}: ${done.stderr.trim() || JSON.stringify(done.answer)}`);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function lastJson(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    const line = text.trim().split('\n').at(-1) ?? '';
    try {
      return JSON.parse(line) as Record<string, unknown>;
    } catch {
      return { text };
    }
  }
}
