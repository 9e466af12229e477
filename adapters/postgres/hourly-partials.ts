import type { Pool } from 'pg';
import type { WindowCounts } from '../../core/drift/window-counts';
import { rows, timestamp, type Queryable } from './database';

export interface KeptHours {
  readonly model: string;
  /** null: all versions. */
  readonly version: string | null;
  readonly planKey: string;
}

/** How many rows the log held in the hour when it was counted, whoever they were of: the log only grows, so a late row shows. */
export interface HourCounts {
  readonly hour: number;
  readonly logRows: number;
  readonly counts: WindowCounts;
}

/** Counts of plans that nobody has asked for this long are dropped; they can be made again. */
const KEEP_OTHER_PLANS = `interval '30 days'`;

/** Hours kept by this plan, with the rows that the log held when they were counted. */
export async function keptHours(
  on: Queryable,
  { model, version, planKey }: KeptHours,
  from: number,
  to: number,
): Promise<ReadonlyMap<number, number>> {
  const found = await rows<{ hour: number; log_rows: number }>(
    on,
    'reading kept hours',
    `SELECT hour, log_rows FROM ratchet.window_partials
     WHERE model = $1 AND version = $2 AND plan_key = $3 AND hour >= $4 AND hour < $5`,
    [model, version ?? '*', planKey, timestamp(from), timestamp(to)],
  );
  return new Map(found.map(({ hour, log_rows: logRows }) => [hour, logRows]));
}

/** Counts of these hours. */
export async function readHours(
  on: Queryable,
  { model, version, planKey }: KeptHours,
  hours: readonly number[],
): Promise<ReadonlyMap<number, WindowCounts>> {
  if (hours.length === 0) return new Map();
  const found = await rows<{ hour: number; counts: WindowCounts }>(
    on,
    'reading kept counts',
    `SELECT hour, counts FROM ratchet.window_partials
     WHERE model = $1 AND version = $2 AND plan_key = $3 AND hour = ANY($4::timestamptz[])`,
    [model, version ?? '*', planKey, hours.map(timestamp)],
  );
  return new Map(found.map(({ hour, counts }) => [hour, counts]));
}

/** Keeps the counts of whole hours. Two checks may write the same hour: the last wins, both are right. */
export async function keepHours(
  pool: Pool,
  { model, version, planKey }: KeptHours,
  hours: readonly HourCounts[],
): Promise<void> {
  if (hours.length === 0) return;
  const key = [model, version ?? '*', planKey];
  await rows(
    pool,
    'keeping counts',
    `INSERT INTO ratchet.window_partials (model, version, plan_key, hour, log_rows, counts)
     SELECT $1, $2, $3, hour, log_rows, counts FROM unnest($4::timestamptz[], $5::bigint[], $6::json[]) AS h (hour, log_rows, counts)
     ORDER BY hour
     ON CONFLICT (model, version, plan_key, hour) DO UPDATE
       SET log_rows = excluded.log_rows, counts = excluded.counts, counted_at = excluded.counted_at`,
    [
      ...key,
      hours.map((h) => timestamp(h.hour)),
      hours.map((h) => h.logRows),
      hours.map((h) => JSON.stringify(h.counts)),
    ],
  );
  await rows(
    pool,
    'dropping counts of other plans',
    `DELETE FROM ratchet.window_partials WHERE model = $1 AND version = $2 AND plan_key <> $3
     AND counted_at < clock_timestamp() - ${KEEP_OTHER_PLANS}`,
    key,
  );
}
