import type { Pool } from 'pg';

const DAY_MS = 86_400_000;
const FROM = Date.UTC(2026, 0, 5);
const DAYS = 7;

/** The rows lie evenly in this week of event time. */
export const WINDOW = { from: FROM, to: FROM + DAYS * DAY_MS } as const;

/** Fills the prediction log with rows of one model, made by the server: sums of 4 uniform numbers, a bell. */
export async function logRows(pool: Pool, model: string, rows: number, features: number): Promise<void> {
  const value = `(${Array.from({ length: 4 }, () => 'random()').join(' + ')} - 2)::real`;
  await pool.query(
    `SELECT ratchet.ensure_predictions_partition(day::date) FROM generate_series($1::timestamptz, $2::timestamptz, '1 day') day`,
    [new Date(WINDOW.from).toISOString(), new Date(WINDOW.to).toISOString()],
  );
  await pool.query(
    `INSERT INTO ratchet.predictions (id, model, version, arm, received_at, occurred_at, numbers, strings, score, latency_us, generation)
     SELECT (lpad(to_hex(n), 8, '0') || '-0000-7000-8000-' || substr(md5(n::text), 1, 12))::uuid, $1, '1', 'champion', at, at,
       ARRAY[${Array.from({ length: features }, () => value).join(', ')}], '{}', random(), 900, 1
     FROM (SELECT n, $2::timestamptz + n * $3::float8 * interval '1 second' AS at FROM generate_series(0, $4::int - 1) n) AS made`,
    [model, new Date(WINDOW.from).toISOString(), (DAYS * DAY_MS) / 1000 / rows, rows],
  );
}
