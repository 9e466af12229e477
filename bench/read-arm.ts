/**
 * One arm of `bench:read` in a process of its own, so that its memory is its own: `<arm> <url> <model> <features> <rounds>`. Prints one
 * line of JSON: seconds a round, the largest RSS, and a figure by which the arms are compared.
 */
import { Client } from 'pg';
import { createPool, PostgresWindowStatistics } from '../adapters/postgres';
import type { CountPlan } from '../core/drift/window-counts';
import type { ModelContract } from '../core/model';
import { numericFeatures } from './world/rows';
import { WINDOW } from './world/logged-rows';

export interface ArmResult {
  readonly seconds: readonly number[];
  readonly maxRssMb: number;
  readonly rssBeforeMb: number;
  /** Rows and the sum of the first feature. */
  readonly rows: number;
  readonly sum: number;
}

const EDGES = [-1.2816, -0.8416, -0.5244, -0.2533, 0, 0.2533, 0.5244, 0.8416, 1.2816].map(Math.fround);
const BATCH = 10_000;

type Round = (round: number) => Promise<{ readonly rows: number; readonly sum: number }>;

async function main([
  arm = '',
  url = '',
  model = '',
  featureCount = '',
  roundCount = '',
]: readonly string[]): Promise<void> {
  const features = numericFeatures(Number(featureCount));
  const contract: ModelContract = { task: 'regression', features, layout: 'matrix', classes: [], threshold: 0.5 };
  const pool = createPool(url, { applicationName: 'ratchet-bench', statementTimeoutMs: 600_000 });
  const statistics = new PostgresWindowStatistics(pool);
  const { from, to } = WINDOW;
  const check = (key: string): ReturnType<Round> => {
    const plan: CountPlan = {
      schemaVersion: 1,
      key,
      features: features.map(({ name }) => ({ name, kind: 'number', edges: EDGES, min: -4, max: 4 })),
      prediction: null,
    };
    return statistics
      .countWindow(model, contract, plan, from, to, { version: null, closedBefore: to })
      .then((counts) => {
        const first = counts.features['x0'];
        return { rows: counts.rows, sum: first?.kind === 'number' ? first.sum : Number.NaN };
      });
  };
  const rounds: Readonly<Record<string, Round>> = {
    copy: async () => {
      const frame = await statistics.readFrame(model, contract, from, to, {
        version: null,
        columns: features.map((f) => f.name),
      });
      const first = frame.columns.get('x0');
      return { rows: frame.rows, sum: first?.kind === 'number' ? sumOf(first.values) : Number.NaN };
    },
    cursor: () => readByCursor(url, model, features.length),
    // Nothing is kept of a plan that nobody has counted.
    cold: (round) => check(`cold-${process.pid}-${round}`),
    kept: () => check('kept'),
  };
  const run = rounds[arm];
  if (run === undefined) throw new Error(`no arm "${arm}"`);
  if (arm === 'kept') await run(0);
  const rssBeforeMb = process.memoryUsage.rss() / 2 ** 20;
  const seconds: number[] = [];
  let last = { rows: 0, sum: 0 };
  for (let round = 0; round < Number(roundCount); round++) {
    const begun = performance.now();
    last = await run(round);
    seconds.push((performance.now() - begun) / 1000);
  }
  const result: ArmResult = { seconds, maxRssMb: process.resourceUsage().maxRSS / 1024, rssBeforeMb, ...last };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  await pool.end();
}

/** The usual way: a server-side cursor, rows as text, each parsed by the driver, into the same columns. */
async function readByCursor(url: string, model: string, features: number): Promise<{ rows: number; sum: number }> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('BEGIN READ ONLY');
    await client.query(
      `DECLARE rows NO SCROLL CURSOR FOR SELECT numbers FROM ratchet.predictions
       WHERE model = $1 AND arm IN ('champion', 'canary') ORDER BY occurred_at, id`,
      [model],
    );
    let columns = Array.from({ length: features }, () => new Float32Array(1 << 16));
    let rows = 0;
    for (;;) {
      const batch = await client.query<{ numbers: (number | null)[] }>(`FETCH FORWARD ${BATCH} FROM rows`);
      for (const { numbers } of batch.rows) {
        if (rows === columns[0]?.length) {
          columns = columns.map((column) => {
            const grown = new Float32Array(column.length * 2);
            grown.set(column);
            return grown;
          });
        }
        for (let f = 0; f < features; f++) (columns[f] as Float32Array)[rows] = numbers[f] ?? Number.NaN;
        rows++;
      }
      if (batch.rows.length < BATCH) break;
    }
    return { rows, sum: sumOf((columns[0] as Float32Array).subarray(0, rows)) };
  } finally {
    await client.end();
  }
}

function sumOf(values: Float32Array | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
