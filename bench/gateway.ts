/** `npm run bench:gateway`: our gateway against a naive one, same model, same bodies, same PostgreSQL, rounds in turn. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startLoad, type LoadResult } from './load/closed-loop';
import { describeMachine } from './report/machine';
import { metricOf, type Metric } from './report/metric';
import { printReport } from './report/print';
import { cpuTimeUs } from './servers/cpu-time';
import { startServer } from './servers/start-server';
import { benchArguments } from './world/arguments';
import { startBenchDatabase } from './world/database';
import { inferBodies } from './world/requests';
import { progress, runBench } from './world/run-bench';
import { adoptModel, MODEL, trainModel } from './world/trained-model';

const PATH = `/v2/models/${MODEL}/infer`;
const CONNECTIONS = [1, 8, 32] as const;
/** `sustained`: answers by the time until the last of their rows is in PostgreSQL; a backlog is work that is owed. `cpuUs`: of the server's process, an answer and its row. */
type Round = LoadResult & { readonly sustained: number; readonly cpuUs: number | null };

const PEER = 'fastify + run + un-awaited INSERT';

runBench(async (cleanup) => {
  const options = benchArguments(
    'npm run bench:gateway -- [--quick] [--rounds N] [--round-ms N] [--features N] [--trees N]',
    {
      rounds: { full: 5, quick: 3 },
      'round-ms': { full: 4000, quick: 1200 },
      features: { full: 50, quick: 50 },
      trees: { full: 200, quick: 200 },
    },
  );
  const { features, trees, rounds, 'round-ms': roundMs } = options;
  const database = await startBenchDatabase(cleanup);
  progress(`training LightGBM, ${trees} trees × ${features} features`);
  const trained = await trainModel(cleanup, database.folder, { rows: 20_000, features, trees });
  await adoptModel(database.pool, trained, ['1']);
  const servers = {
    ratchet: await startServer(
      cleanup,
      'ratchet-gateway',
      [mkdtempSync(join(database.folder, 'gateway-'))],
      database.url,
    ),
    naive: await startServer(cleanup, 'naive-gateway', [trained.path, String(features)], database.url),
  };
  const bodies = inferBodies(256, features);
  await sameAnswers(servers.ratchet.url, servers.naive.url, bodies.slice(0, 16));

  const load = async (name: keyof typeof servers, connections: number, ms: number): Promise<Round> => {
    const before = await rowsWritten(database.pool, name);
    const begun = performance.now();
    const cpuBefore = cpuTimeUs(servers[name].pid);
    const running = startLoad({ url: servers[name].url, path: PATH, bodies, connections });
    await delay(ms);
    const result = await running.stop();
    // both write to one PostgreSQL: what one left to write must not slow the other, and belongs to its own time
    while ((await rowsWritten(database.pool, name)) < before + result.answers) await delay(25);
    const seconds = (performance.now() - begun) / 1000;
    const cpu = cpuTimeUs(servers[name].pid);
    return {
      ...result,
      sustained: result.answers / seconds,
      cpuUs: cpu === null || cpuBefore === null ? null : (cpu - cpuBefore) / result.answers,
    };
  };
  for (const name of ['ratchet', 'naive'] as const) await load(name, 8, 500);
  const metrics: Metric[] = [];
  const refused = { ratchet: 0, naive: 0 };
  for (const connections of CONNECTIONS) {
    const seen: Record<keyof typeof servers, Round[]> = { ratchet: [], naive: [] };
    for (let round = 0; round < rounds; round++) {
      // in turn, and the first one alternates: what disturbs the machine disturbs both
      const order = round % 2 === 0 ? (['ratchet', 'naive'] as const) : (['naive', 'ratchet'] as const);
      for (const name of order) {
        progress(`c=${connections} round ${round + 1}/${rounds} ${name}`);
        const result = await load(name, connections, roundMs);
        seen[name].push(result);
        refused[name] += result.refused;
      }
    }
    const figure = (
      what: 'requestsPerSecond' | 'sustained' | 'cpuUs' | 'p50Us' | 'p99Us',
      id: string,
      unit: string,
    ): Metric =>
      metricOf({
        id: `gateway.c${connections}.${id}`,
        unit,
        ours: seen.ratchet.map((r) => r[what] ?? NaN),
        peer: { name: PEER, values: seen.naive.map((r) => r[what] ?? NaN) },
      });
    metrics.push(
      figure('requestsPerSecond', 'throughput', 'req/s'),
      figure('sustained', 'sustained', 'req/s'),
      ...(seen.ratchet.some((r) => r.cpuUs === null) ? [] : [figure('cpuUs', 'cpu', 'µs')]),
      figure('p50Us', 'p50', 'µs'),
      figure('p99Us', 'p99', 'µs'),
    );
  }
  const kept = await rowsWritten(database.pool, 'ratchet');
  printReport('bench:gateway', describeMachine(), metrics, [
    `LightGBM ${trees} trees of up to 63 leaves × ${features} features, one row a request; closed loop from one process on the same machine.`,
    'Ours routes, logs to disk before it answers (mode os) and drains to PostgreSQL by COPY; the peer does none of it and drops what it has not written when it dies.',
    'throughput counts answers while the load runs, sustained until the last row of them is in PostgreSQL: the un-awaited INSERTs of the peer pile up in its memory. cpu is what the server process used for an answer and its row, PostgreSQL not counted.',
    `Not 200: ours ${refused.ratchet}, peer ${refused.naive}. Rows of ours in PostgreSQL at the end: ${kept}.`,
    'Thin: one process, inference on the main thread. Worker slots and the shared ring are a later issue; the target there is 2× at c=32.',
  ]);
});

/** A ratio of two servers that answer different numbers would be worth nothing. */
async function sameAnswers(ours: string, peer: string, bodies: readonly string[]): Promise<void> {
  const ask = async (url: string, body: string): Promise<number> => {
    const response = await fetch(`${url}${PATH}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
    });
    const answer = (await response.json()) as { outputs?: { name: string; data: number[] }[] };
    return answer.outputs?.find((o) => o.name === 'probability')?.data[0] ?? NaN;
  };
  for (const body of bodies) {
    const [a, b] = await Promise.all([ask(ours, body), ask(peer, body)]);
    if (!(Math.abs(a - b) < 1e-6)) throw new Error(`the gateways disagree: ${a} and ${b}`);
  }
}

type Pool = Awaited<ReturnType<typeof startBenchDatabase>>['pool'];

const TABLES = { ratchet: 'ratchet.predictions', naive: 'naive_predictions' } as const;

async function rowsWritten(pool: Pool, server: keyof typeof TABLES): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(`SELECT count(*) AS n FROM ${TABLES[server]}`);
  return rows[0]?.n ?? 0;
}
