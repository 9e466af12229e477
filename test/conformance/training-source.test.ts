import { execFileSync } from 'node:child_process';
import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { ParquetSnapshotFiles } from '../../adapters/parquet';
import { PostgresTrainingSource } from '../../adapters/postgres';
import type { Policy } from '../../core/policy';
import { openMigratedDatabase } from './stores';

const FROM = Date.UTC(2013, 11, 1);
const TO = Date.UTC(2013, 11, 8);
const QUERY = `SELECT carrier, dep_delay, distance, target, event_time FROM flights
  WHERE event_time >= :from AND event_time < :to AND known_at <= :asOf`;

const basePolicy = {
  model: 'late',
  task: 'binary',
  classes: ['onTime', 'late'],
  features: [
    { name: 'carrier', kind: 'string' },
    { name: 'dep_delay', kind: 'number' },
    { name: 'distance', kind: 'number' },
  ],
  data: { query: QUERY, target: 'target', timeColumn: 'event_time', clusterBy: 'day', timeZone: 'America/New_York' },
};

const policy = (query = QUERY, more: Record<string, unknown> = {}): Policy =>
  ({ ...basePolicy, ...more, data: { ...basePolicy.data, query } }) as unknown as Policy;

describe('PostgresTrainingSource with Parquet files', () => {
  let pool: Pool;
  let close: () => Promise<void>;
  let folder: string;
  let source: PostgresTrainingSource;

  beforeAll(async () => {
    ({ pool, close } = await openMigratedDatabase());
    await pool.query(`CREATE TABLE flights (carrier text, dep_delay double precision, distance integer, target text,
      event_time timestamptz, known_at timestamptz)`);
    await pool.query(`INSERT INTO flights VALUES
      ('UA', 3.7, 1400, 'onTime', '2013-12-01 04:30:00+00', '2013-12-01 07:00:00+00'),
      (NULL, NULL, 200, 'late', '2013-12-01 05:00:00+00', '2013-12-01 08:00:00+00'),
      ('é''🛫', -0.1, NULL, 'late', '2013-12-07 23:59:59.999+00', '2013-12-08 01:00:00+00'),
      ('AA', 'NaN', 5, 'onTime', '2013-12-03 12:00:00+00', '2013-12-03 14:00:00+00'),
      ('late label', 1, 1, 'late', '2013-12-02 12:00:00+00', '2013-12-20 00:00:00+00'),
      ('after', 1, 1, 'late', '2013-12-08 00:00:00+00', '2013-12-08 00:00:00+00')`);
  });
  afterAll(() => close());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ratchet-snapshots-'));
    source = new PostgresTrainingSource({ warehouse: pool, ledger: pool, files: new ParquetSnapshotFiles(), folder });
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('takes what was known at asOf between from (inclusive) and to (exclusive), and reads it back', async () => {
    const snapshot = await source.takeSnapshot(policy(), FROM, TO, TO + 7_200_000);
    expect(snapshot).toMatchObject({
      rows: 4,
      columns: ['carrier', 'dep_delay', 'distance', 'target', 'event_time', 'cluster'],
      from: FROM,
      to: TO,
    });
    expect(snapshot.uri).toBe(join(folder, `${snapshot.digest}.parquet`));
    const rows = await source.readSnapshot(snapshot, basePolicy.features as Policy['features']);
    expect(rows).toEqual({
      features: {
        rows: 4,
        columns: {
          carrier: ['UA', null, 'AA', `é'🛫`],
          dep_delay: [3.7, null, null, -0.1],
          distance: [1400, 200, 5, null],
        },
      },
      target: ['onTime', 'late', 'onTime', 'late'],
      eventTime: [
        Date.UTC(2013, 11, 1, 4, 30),
        Date.UTC(2013, 11, 1, 5),
        Date.UTC(2013, 11, 3, 12),
        Date.UTC(2013, 11, 7, 23, 59, 59, 999),
      ],
      // 04:30 UTC is still 30 November in New York.
      cluster: ['2013-11-30', '2013-12-01', '2013-12-03', '2013-12-07'],
    });
  });

  it('gives the same rows the same digest in whatever order they come, and other rows another one', async () => {
    const forward = await source.takeSnapshot(policy(`${QUERY} ORDER BY carrier`), FROM, TO, TO);
    const backward = await source.takeSnapshot(policy(`${QUERY} ORDER BY carrier DESC;  -- end`), FROM, TO, TO);
    const more = await source.takeSnapshot(policy(), FROM, TO, TO + 7_200_000);
    expect(backward.digest).toBe(forward.digest);
    expect(more.digest).not.toBe(forward.digest);
    expect((await readdir(folder)).sort()).toEqual([`${forward.digest}.parquet`, `${more.digest}.parquet`].sort());
    const recorded = await pool.query('SELECT rows FROM ratchet.snapshots WHERE digest = $1', [more.digest]);
    expect(recorded.rows).toEqual([{ rows: 4 }]);
  });

  it('notices one byte that was added to the file, and a file that is gone', async () => {
    const snapshot = await source.takeSnapshot(policy(), FROM, TO, TO);
    const features = basePolicy.features as Policy['features'];
    await appendFile(snapshot.uri, 'x');
    await expect(source.readSnapshot(snapshot, features)).rejects.toMatchObject({ code: 'RATCHET_SNAPSHOT_CORRUPT' });
    await rm(snapshot.uri);
    await expect(source.readSnapshot(snapshot, features)).rejects.toMatchObject({ code: 'RATCHET_SNAPSHOT_CORRUPT' });
  });

  it.each([
    ['no :asOf', `SELECT 1 WHERE :from < :to`, 'RATCHET_QUERY_INVALID', /:asOf/],
    ['an unknown name', `SELECT 1 WHERE :from < :to AND :asOf < :until`, 'RATCHET_QUERY_INVALID', /:until/],
    ['two statements', `${QUERY}; DROP TABLE flights`, 'RATCHET_QUERY_INVALID', /more than one statement/],
    ['a syntax error', QUERY.replace('SELECT', 'SELEKT'), 'RATCHET_QUERY_INVALID', /SELEKT/],
    ['an unknown table', QUERY.replace('flights', 'trains'), 'RATCHET_QUERY_INVALID', /trains/],
    [
      'a write inside',
      `WITH gone AS (DELETE FROM flights RETURNING *) SELECT * FROM gone WHERE event_time BETWEEN :from AND :to AND known_at < :asOf`,
      'RATCHET_QUERY_INVALID',
      /./,
    ],
    [
      'a renamed column',
      QUERY.replace('dep_delay', 'dep_delay AS departure_delay'),
      'RATCHET_COLUMN_MISSING',
      /dep_delay; it is probably departure_delay/,
    ],
    [
      'text in a number column',
      QUERY.replace('dep_delay', `'12 min' AS dep_delay`),
      'RATCHET_COLUMN_TYPE',
      /dep_delay is of type text/,
    ],
    [
      'an infinite number',
      QUERY.replace('dep_delay', `'Infinity'::float8 AS dep_delay`),
      'RATCHET_COLUMN_TYPE',
      /dep_delay/,
    ],
    ['a null target', QUERY.replace('target', 'NULL::text AS target'), 'RATCHET_COLUMN_TYPE', /target holds null/],
    [
      'a target that is no class',
      QUERY.replace('target', `'early' AS target`),
      'RATCHET_COLUMN_TYPE',
      /"early"; expected one of onTime, late/,
    ],
    [
      'a null event time',
      QUERY.replace(', event_time', ', NULL::timestamptz AS event_time'),
      'RATCHET_COLUMN_TYPE',
      /event_time/,
    ],
    ['no row', QUERY.replace('WHERE', 'WHERE false AND'), 'RATCHET_WINDOW_EMPTY', /no row/],
  ])('refuses a query with %s and writes no file', async (_what, query, code, message) => {
    await expect(source.takeSnapshot(policy(query), FROM, TO, TO)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(await readdir(folder)).toEqual([]);
    const flights = await pool.query('SELECT count(*) AS n FROM flights');
    expect(flights.rows).toEqual([{ n: 6 }]);
  });

  it('reads 30 000 rows by cursor in order, and names each row a cluster with clusterBy none', async () => {
    const query = `SELECT 'UA' AS carrier, i AS dep_delay, i::numeric / 7 AS distance, 'late' AS target,
      :from + (30000 - i) * interval '1 second' AS event_time
      FROM generate_series(1, 30000) AS i WHERE :to > :asOf - interval '1 day'`;
    const data = { ...basePolicy.data, query, clusterBy: 'none' };
    const snapshot = await source.takeSnapshot({ ...policy(), data } as unknown as Policy, FROM, TO, TO);
    const rows = await source.readSnapshot(snapshot, basePolicy.features as Policy['features']);
    expect(rows.features.rows).toBe(30_000);
    expect(rows.features.columns['dep_delay']?.slice(0, 2)).toEqual([30_000, 29_999]);
    expect(rows.features.columns['distance']?.[29_999]).toBeCloseTo(1 / 7, 15);
    expect(rows.cluster.slice(-1)).toEqual(['row-00029999']);
    expect(new Set(rows.cluster).size).toBe(30_000);
  });

  it('writes what pyarrow reads with the same types and values', async () => {
    const snapshot = await source.takeSnapshot(policy(), FROM, TO, TO + 7_200_000);
    const script = `import sys, json, pyarrow.parquet as pq
t = pq.read_table(sys.argv[1])
print(json.dumps({"types": {f.name: str(f.type) for f in t.schema}, "rows": t.to_pylist()}))`;
    const python = process.env['RATCHET_TEST_PYTHON'] ?? 'python3';
    const out = JSON.parse(execFileSync(python, ['-c', script, snapshot.uri], { encoding: 'utf8' })) as unknown;
    expect(out).toMatchObject({
      types: {
        carrier: 'string',
        dep_delay: 'double',
        distance: 'double',
        target: 'string',
        event_time: 'int64',
        cluster: 'string',
      },
      rows: [
        {
          carrier: 'UA',
          dep_delay: 3.7,
          distance: 1400,
          target: 'onTime',
          event_time: Date.UTC(2013, 11, 1, 4, 30),
          cluster: '2013-11-30',
        },
        { carrier: null, dep_delay: null, distance: 200, target: 'late' },
        { carrier: 'AA', dep_delay: null, distance: 5 },
        { carrier: `é'🛫`, dep_delay: -0.1, distance: null },
      ],
    });
  });
});
