/**
 * `npm run bench:read`: the prediction log back into typed columns by binary COPY against rows by a text cursor (T11), and the routine
 * check, whose counts PostgreSQL makes: first (nothing kept) and again (hours kept), at growing numbers of rows.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ArmResult } from './read-arm';
import { describeMachine } from './report/machine';
import { metricOf, type Metric } from './report/metric';
import { printReport } from './report/print';
import { benchArguments } from './world/arguments';
import { startBenchDatabase } from './world/database';
import { logRows } from './world/logged-rows';
import { progress, runBench } from './world/run-bench';

const CURSOR = 'text cursor, FETCH 10 000, rows parsed by pg';

runBench(async (cleanup) => {
  const { rows, features, rounds } = benchArguments(
    'npm run bench:read -- [--quick] [--rows N] [--features N] [--rounds N]',
    {
      rows: { full: 1_000_000, quick: 100_000 },
      features: { full: 50, quick: 20 },
      rounds: { full: 3, quick: 3 },
    },
  );
  const database = await startBenchDatabase(cleanup);
  const sizes = [rows / 100, rows / 10, rows].map(Math.round);
  for (const size of sizes) {
    progress(`logging ${size} rows × ${features} features`);
    await logRows(database.pool, modelOf(size), size, features);
  }
  await database.pool.query('VACUUM ANALYZE ratchet.predictions');
  const arm = (name: string, size: number): Promise<ArmResult> => {
    progress(`${name}, ${size} rows`);
    return runArm([name, database.url, modelOf(size), features, rounds].map(String));
  };

  const metrics: Metric[] = [];
  const notes: string[] = [];
  const add = (id: string, ours: ArmResult, peer?: ArmResult): void => {
    const against = (pick: (result: ArmResult) => readonly number[]) =>
      peer === undefined ? {} : { peer: { name: CURSOR, values: pick(peer) } };
    metrics.push(
      metricOf({ id: `read.${id}`, unit: 's', ours: ours.seconds, ...against((r) => r.seconds) }),
      metricOf({ id: `read.${id}.rss`, unit: 'MB', ours: [ours.maxRssMb], ...against((r) => [r.maxRssMb]) }),
    );
  };

  const cursor = await arm('cursor', rows);
  const copy = await arm('copy', rows);
  if (copy.rows !== cursor.rows || copy.sum !== cursor.sum) {
    throw new Error(`COPY read ${copy.rows} rows (sum ${copy.sum}), the cursor ${cursor.rows} (${cursor.sum})`);
  }
  add(`copy.${rows}x${features}`, copy, cursor);
  for (const size of sizes) {
    const cold = await arm('cold', size);
    const kept = await arm('kept', size);
    if (cold.rows !== size || kept.rows !== size)
      throw new Error(`the check counted ${cold.rows} and ${kept.rows} of ${size} rows`);
    add(`check.first.${size}x${features}`, cold);
    add(`check.kept.${size}x${features}`, kept);
  }
  notes.push(
    `T11: COPY ${(median(cursor.seconds) / median(copy.seconds)).toFixed(1)}× the cursor (goal >= 5×), RSS ${copy.maxRssMb.toFixed(0)} MB (goal < 600); both gave the same rows and the same sum.`,
    'Both arms order by event time; COPY also looks for duplicates first, the cursor does not. rss: largest resident memory of the process of the arm (Node itself included).',
    `check: counts by 10 bins, range, sums a feature, of one week by hour. first: no hour is kept; kept: all are, only their numbers of rows are compared. Its process holds counts, never rows.`,
  );
  printReport('bench:read', describeMachine(), metrics, notes);
});

const modelOf = (rows: number): string => `rows-${rows}`;

async function runArm(args: readonly string[]): Promise<ArmResult> {
  const script = join(__dirname, 'read-arm.js');
  const { stdout } = await promisify(execFile)(process.execPath, ['--enable-source-maps', script, ...args]);
  return JSON.parse(stdout) as ArmResult;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
