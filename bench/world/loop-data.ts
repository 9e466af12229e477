import type { Pool } from 'pg';
import type { FeatureSpec } from '../../core/model';
import type { Policy } from '../../core/policy';
import type { TrainingTable } from '../../core/training-table';
import { resolvePolicy } from '../../policy';
import { CLASSES } from './rows';
import { MODEL } from './trained-model';

const CHUNK = 5_000;

/** Puts the rows into the table that the policy's query reads. */
export async function storeRows(pool: Pool, table: TrainingTable): Promise<void> {
  const names = table.features.map(({ spec }) => spec.name);
  await pool.query(
    `CREATE TABLE bench_rows (event_time timestamptz, target text, ${names.map((name) => `${name} real`).join(', ')})`,
  );
  const arrays = ['timestamptz[]', 'text[]', ...names.map(() => 'real[]')].map((type, i) => `$${i + 1}::${type}`);
  const insert = `INSERT INTO bench_rows SELECT * FROM unnest(${arrays.join(', ')})`;
  for (let from = 0; from < table.rows; from += CHUNK) {
    const part = <T>(values: readonly T[]): T[] => values.slice(from, from + CHUNK);
    const times = part(table.eventTime).map((ms) => new Date(ms).toISOString());
    await pool.query(insert, [times, part(table.target), ...table.features.map(({ values }) => part(values))]);
  }
  await pool.query('ANALYZE bench_rows');
}

/** The preset `default` as it comes, but for fewer trials. */
export function loopPolicy(features: readonly FeatureSpec[], trials: number): Policy {
  return resolvePolicy({
    model: MODEL,
    preset: 'default',
    task: 'binary',
    features: [...features],
    classes: [...CLASSES],
    data: {
      query: `SELECT event_time, target, ${features.map((f) => f.name).join(', ')} FROM bench_rows
              WHERE event_time >= :from AND event_time < :to AND event_time < :asOf ORDER BY event_time`,
    },
    training: { trials, parallelTrials: Math.min(2, trials), folds: 3 },
  });
}
