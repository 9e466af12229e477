import type { Pool } from 'pg';
import {
  checkSchema,
  createPool,
  migrate,
  PostgresPredictionSink,
  PostgresRouteSource,
  PostgresRouteStore,
} from '../../adapters/postgres';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { decision, prediction } from './samples';

describe('migrations', () => {
  let database: TestDatabase;
  let pool: Pool;
  beforeEach(async () => {
    database = await createTestDatabase();
    pool = createPool(database.url, { applicationName: 'ratchet-test' });
  });
  afterEach(async () => {
    await pool.end();
    await database.drop();
  });

  it('applies each file once when 4 processes migrate at the same time', async () => {
    const results = await Promise.all([1, 2, 3, 4].map(() => migrate(database.url)));
    expect(results.flatMap((r) => r.applied)).toEqual(['000001_base', '000002_detection']);
    await expect(checkSchema(pool)).resolves.toBeUndefined();
    expect((await migrate(pool)).applied).toEqual([]);
  });

  it('says RATCHET_POSTGRES_SCHEMA and "ratchet migrate" when the tables are missing', async () => {
    await expect(checkSchema(pool)).rejects.toMatchObject({
      code: 'RATCHET_POSTGRES_SCHEMA',
      hint: expect.stringMatching(/ratchet migrate/),
    });
    await expect(new PostgresRouteStore(pool).getRoute('late')).rejects.toMatchObject({
      code: 'RATCHET_POSTGRES_SCHEMA',
    });
    const source = new PostgresRouteSource(pool);
    await expect(source.start(() => undefined)).rejects.toMatchObject({ code: 'RATCHET_POSTGRES_SCHEMA' });
  });

  it('refuses a database that a newer package migrated, and a file that was edited', async () => {
    await migrate(pool);
    await pool.query(`INSERT INTO ratchet.schema_migrations (name, checksum) VALUES ('999999_future', 'x')`);
    await expect(migrate(pool)).rejects.toMatchObject({
      code: 'RATCHET_POSTGRES_SCHEMA',
      message: expect.stringMatching(/999999_future/),
    });
    await pool.query(`DELETE FROM ratchet.schema_migrations WHERE name = '999999_future'`);
    await pool.query(`UPDATE ratchet.schema_migrations SET checksum = 'other'`);
    await expect(checkSchema(pool)).rejects.toMatchObject({
      code: 'RATCHET_POSTGRES_SCHEMA',
      message: expect.stringMatching(/changed after/),
    });
  });

  it('makes the partitions of the days of a batch and of the day after, by two writers at once, once', async () => {
    await migrate(pool);
    const noon = Date.UTC(2026, 1, 28, 12);
    const rows = [prediction({ receivedAt: noon }), prediction({ receivedAt: Date.UTC(2026, 2, 5) })];
    await Promise.all([1, 2].map(() => new PostgresPredictionSink(pool).write(rows)));
    const parts = await pool.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
       WHERE i.inhparent = 'ratchet.predictions'::regclass ORDER BY 1`,
    );
    expect(parts.rows.map((r) => r.name)).toEqual([
      'predictions_20260228',
      'predictions_20260301',
      'predictions_20260305',
      'predictions_20260306',
    ]);
    const counted = await pool.query('SELECT count(*) AS n FROM ratchet.predictions');
    expect(counted.rows).toEqual([{ n: 4 }]);
  });

  it('makes a partition again that somebody dropped behind its back', async () => {
    await migrate(pool);
    const sink = new PostgresPredictionSink(pool);
    await sink.write([prediction()]);
    await pool.query('DROP TABLE ratchet.predictions_20260101');
    await sink.write([prediction(), prediction()]);
    const counted = await pool.query('SELECT count(*) AS n FROM ratchet.predictions');
    expect(counted.rows).toEqual([{ n: 2 }]);
  });

  it('keeps nothing of a batch with an id that is no UUID', async () => {
    await migrate(pool);
    const sink = new PostgresPredictionSink(pool);
    await expect(sink.write([prediction(), prediction({ id: 'abc' })])).rejects.toMatchObject({
      code: 'RATCHET_INPUT_INVALID',
    });
    const counted = await pool.query('SELECT count(*) AS n FROM ratchet.predictions');
    expect(counted.rows).toEqual([{ n: 0 }]);
  });
});

describe('PostgresRouteSource', () => {
  it('keeps what it knows when its connections are killed, comes back, and sees what changed meanwhile', async () => {
    const database = await createTestDatabase();
    const pool = createPool(database.url, { applicationName: 'ratchet-test' });
    const admin = createPool(database.url, { applicationName: 'ratchet-admin' });
    await migrate(admin);
    const store = new PostgresRouteStore(admin);
    await store.changeRoute('late', { kind: 'adopt', version: '1' }, null, decision('adopt'));
    const seen: number[] = [];
    let wake: () => void = () => undefined;
    const source = new PostgresRouteSource(pool, { pollMs: 60_000, backoffMs: { first: 5, last: 20 } });
    await source.start((route) => {
      seen.push(route.generation);
      wake();
    });
    const until = async (count: number): Promise<void> => {
      while (seen.length < count) await new Promise<void>((resolve) => (wake = resolve));
    };
    await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ratchet-test'`);
    await store.changeRoute('late', { kind: 'promote', version: '2' }, null, decision('k1'));
    await until(2);
    await store.changeRoute('late', { kind: 'promote', version: '3' }, null, decision('k2'));
    await until(3);
    await source.stop();
    expect(seen).toEqual([1, 2, 3]);
    await pool.end();
    await admin.end();
    await database.drop();
  });
});

describe('a server that is away', () => {
  it('is RATCHET_POSTGRES_UNAVAILABLE, retryable, and names no password', async () => {
    const pool = createPool('postgres://user:secret@127.0.0.1:1/none', { applicationName: 'ratchet-test' });
    const failed = await new PostgresRouteStore(pool).listRoutes().catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'RATCHET_POSTGRES_UNAVAILABLE', retryable: true });
    expect(String(failed)).not.toContain('secret');
    await expect(new PostgresPredictionSink(pool).write([prediction()])).rejects.toMatchObject({
      code: 'RATCHET_POSTGRES_UNAVAILABLE',
    });
    const source = new PostgresRouteSource(pool, { backoffMs: { first: 5, last: 5 } });
    const started = source.start(() => undefined);
    await source.stop();
    await expect(started).resolves.toBeUndefined();
    await pool.end();
  });
});
