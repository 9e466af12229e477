import type { Pool } from 'pg';
import { PostgresTrainingProbe } from '../../adapters/postgres';
import type { Policy } from '../../core/policy';
import { openMigratedDatabase } from './stores';

const DAY = 86_400_000;
const policy = (query: string): Policy =>
  ({ model: 'late', data: { query, timeColumn: 'event_time' } }) as unknown as Policy;
const QUERY = `SELECT x, target, event_time FROM arrived
  WHERE event_time >= :from AND event_time < :to AND known_at <= :asOf;`;

describe('PostgresTrainingProbe', () => {
  let pool: Pool;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ pool, close } = await openMigratedDatabase());
    await pool.query('CREATE TABLE arrived (x integer, target text, event_time timestamptz, known_at timestamptz)');
    // 10 days, one row a day at noon, each known two days later.
    await pool.query(`INSERT INTO arrived SELECT d, 'yes', '1970-01-01 12:00+00'::timestamptz + d * interval '1 day',
      '1970-01-01 12:00+00'::timestamptz + (d + 2) * interval '1 day' FROM generate_series(0, 9) AS d`);
  });
  afterAll(() => close());

  it('counts rows of the interval that were known at asOf, and their newest event time', async () => {
    const probe = new PostgresTrainingProbe({ warehouse: pool });
    expect(await probe.countRows(policy(QUERY), 0, 10 * DAY, 100 * DAY)).toEqual({ rows: 10, newest: 9.5 * DAY });
    expect(await probe.countRows(policy(QUERY), 5 * DAY, 10 * DAY, 10 * DAY)).toEqual({ rows: 3, newest: 7.5 * DAY });
    expect(await probe.countRows(policy(QUERY), 20 * DAY, 30 * DAY, 100 * DAY)).toEqual({ rows: 0, newest: null });
  });

  it('refuses a query that fails, and one that would write', async () => {
    const probe = new PostgresTrainingProbe({ warehouse: pool });
    const writes =
      'WITH gone AS (DELETE FROM arrived WHERE event_time >= :from AND :to < :asOf RETURNING *) SELECT * FROM gone';
    for (const query of [QUERY.replace('arrived', 'nowhere'), writes])
      await expect(probe.countRows(policy(query), 0, DAY, DAY)).rejects.toMatchObject({
        code: 'RATCHET_QUERY_INVALID',
      });
    expect((await pool.query('SELECT 1 FROM arrived')).rowCount).toBe(10);
  });
});
