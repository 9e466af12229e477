import { PostgresPredictionSink, PostgresWindowStatistics } from '../../adapters/postgres';
import { countPlanOf } from '../../core/drift/count-plan';
import type { CountPlan, WindowCounts } from '../../core/drift/window-counts';
import { buildReferenceProfile } from '../../core/drift/profile-build';
import type { NumberColumn } from '../../core/frame';
import type { ModelContract } from '../../core/model';
import type { PredictionRecord } from '../../core/ports';
import { prediction } from './samples';
import { openMemory, openMigratedDatabase, openPostgres, overBothStores, type OpenStores, type Stores } from './stores';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 0, 1, 12);
const LATER = Date.UTC(2100, 0, 1);

const contract: ModelContract = {
  task: 'binary',
  features: [
    { name: 'carrier', kind: 'string' },
    { name: 'distance', kind: 'number' },
    { name: 'origin', kind: 'string' },
    { name: 'visib', kind: 'number' },
  ],
  layout: 'columns',
  classes: ['onTime', 'late'],
  threshold: 0.5,
};

/** Values in eighths: their sums are exact in any order, so that counts can be compared as JSON. */
const eighth = (n: number): number => (n % 80) / 8 - 3;

function row(n: number, fields: Partial<PredictionRecord> = {}): PredictionRecord {
  const at = START + n * 400_000; // 9 an hour
  const score = ((n * 7) % 64) / 64;
  return prediction({
    receivedAt: at,
    occurredAt: at,
    version: n % 5 === 0 ? '2' : '1',
    arm: n % 5 === 0 ? 'canary' : 'champion',
    numbers: [n % 11 === 0 ? null : eighth(n * 13), n % 7 === 0 ? 0.125 : eighth(n * n)],
    strings: [['UA', 'AA', 'DL', null][n % 4] ?? null, n % 10 === 3 ? `new-${n % 30}` : 'JFK'],
    score,
    label: score >= 0.5 ? 'late' : 'onTime',
    ...fields,
  });
}

/** 300 rows of 33 hours with failures of both arms, shadows, and another model. */
function sampleRows(): PredictionRecord[] {
  const failure = { error: 'RATCHET_INFERENCE_FAILED', score: null, label: null };
  return Array.from({ length: 300 }, (_, n) => {
    if (n % 50 === 1) return row(n, { arm: 'champion', ...failure });
    if (n % 50 === 10) return row(n, failure);
    if (n % 50 === 20) return row(n, { arm: 'shadow', version: '3' });
    if (n % 50 === 30) return row(n, { model: 'other' });
    return row(n);
  });
}

const plan: CountPlan = {
  schemaVersion: 1,
  key: 'plan-1',
  features: [
    { name: 'carrier', kind: 'string', categories: ['UA', 'AA'] },
    { name: 'distance', kind: 'number', edges: [-2, -0.125, 0.125, 3.5], min: -2.5, max: 6 },
    { name: 'origin', kind: 'string', categories: [] },
    { name: 'visib', kind: 'number', edges: [], min: null, max: null },
    { name: 'gone', kind: 'number', edges: [1], min: 0, max: 1 },
  ],
  prediction: { name: 'score', kind: 'number', edges: [0.25, 0.5, 0.75], min: 0.125, max: 0.875 },
};

describe('WindowStatistics in PostgreSQL and as pure functions', () => {
  let memory: Stores;
  let postgres: Stores;
  beforeEach(async () => {
    memory = await openMemory();
    postgres = await openPostgres();
  });
  afterEach(async () => {
    await postgres.close();
    await memory.close();
  });

  const write = async (rows: readonly PredictionRecord[]): Promise<void> => {
    await memory.sink.write(rows);
    await postgres.sink.write(rows);
  };
  const label = async (of: readonly PredictionRecord[], value: (n: number) => string, correction = false) => {
    const labels = of.map((r, n) => ({ predictionId: r.id, value: value(n), observedAt: START, correction }));
    await memory.labels.saveLabels('late', labels, 0);
    await postgres.labels.saveLabels('late', labels, 0);
  };
  /** The same from both, compared as JSON. */
  async function both<T>(ask: (stores: Stores) => Promise<T>): Promise<T> {
    const [pure, sql] = [await ask(memory), await ask(postgres)];
    expect(JSON.parse(JSON.stringify(sql))).toEqual(JSON.parse(JSON.stringify(pure)));
    return sql;
  }
  const count = (from: number, to: number, version: string | null = null, closedBefore = LATER, of = plan) =>
    both((stores) => stores.statistics.countWindow('late', contract, of, from, to, { version, closedBefore }));

  it('counts 282 served rows of 300 the same, of all versions and of each', async () => {
    await write(sampleRows());
    const all = await count(START, START + 40 * HOUR_MS);
    const first = await count(START, START + 40 * HOUR_MS, '1');
    const second = await count(START, START + 40 * HOUR_MS, '2');
    expect([all.rows, first.rows + second.rows]).toEqual([282, 282]);
    expect(Object.keys(all.features).sort()).toEqual(['carrier', 'distance', 'origin', 'visib']);
    expect(all.features['origin']).toMatchObject({ nulls: 0, unnamed: 0, counts: { 'new-3': expect.any(Number) } });
    expect(all.prediction).toMatchObject({ nulls: 6 });
    expect(all.hours).toHaveLength(34);
  });

  it('counts an empty window as zeros, not as nothing', async () => {
    const empty = await count(START - HOUR_MS, START);
    expect(empty).toMatchObject({
      rows: 0,
      hours: [],
      features: { distance: { rows: 0, counts: [0, 0, 0, 0, 0], min: null } },
    });
  });

  it('counts windows that begin and end within an hour, and adds kept hours up the second time', async () => {
    await write(sampleRows());
    const from = START + 1_234_567;
    const to = START + 20 * HOUR_MS + 1;
    const cold = await count(from, to);
    expect(await count(from, to)).toEqual(cold);
    expect(await count(from - HOUR_MS, to + HOUR_MS)).toMatchObject({ rows: expect.any(Number) });
  });

  it('counts a prediction once that was written 3 times, also in an hour that is kept already', async () => {
    const rows = sampleRows();
    await write(rows);
    const once = await count(START, START + 40 * HOUR_MS);
    await write(rows.slice(0, 40));
    await write(rows.slice(20, 60));
    expect(await count(START, START + 40 * HOUR_MS)).toEqual(once);
    expect(await count(START, START + 3 * HOUR_MS, '1')).toMatchObject({ rows: expect.any(Number) });
  });

  it('counts an hour again when a late row came, and keeps no hour that is not closed', async () => {
    const rows = sampleRows();
    await write(rows.slice(0, 200));
    const window = [START, START + 40 * HOUR_MS, null, START + 10 * HOUR_MS] as const;
    const before = await count(...window);
    const late = row(5, { occurredAt: START + 2 * HOUR_MS + 5, receivedAt: START + 30 * HOUR_MS });
    await write([late, ...rows.slice(200)]);
    const after = await count(...window);
    expect(after.rows).toBe(before.rows + 1 + 94);
  });

  it('treats NaN and infinities as missing and rounds to float32', async () => {
    await write([
      row(1, { numbers: [Number.NaN, 0.1], score: 1e300 }),
      row(2, { numbers: [Infinity, 1e-50], score: -1e-60 }),
      row(3, { numbers: [-Infinity, 3e38], score: 0.1 }),
      row(4, { numbers: [2, -0], score: null }),
    ]);
    const counted = await count(START, START + HOUR_MS);
    expect(counted.features['distance']).toMatchObject({ rows: 4, nulls: 3, sum: 2 });
  });

  it('names the 50 most frequent new categories and counts the rest', async () => {
    await write(
      Array.from({ length: 200 }, (_, n) =>
        row(n, { occurredAt: START + n, strings: [null, n < 120 ? `c${n % 60}` : `once-${n}`] }),
      ),
    );
    const { features } = await count(START, START + HOUR_MS);
    expect(features['origin']).toMatchObject({ unnamed: 100, counts: { c0: 2, c1: 2 } });
  });

  it('takes a plan made from a profile, with 2 kinds of answers', async () => {
    await write(sampleRows());
    const window = await memory.reader.readWindow('late', contract, START, LATER);
    const made = countPlanOf(
      buildReferenceProfile(window.features, contract.features, { bins: 10 }),
      contract.features,
    );
    const by = (p: CountPlan): Promise<WindowCounts> => count(START, START + 40 * HOUR_MS, null, LATER, p);
    expect((await by(made)).planKey).toBe(made.key);
    const classes: CountPlan = {
      ...plan,
      key: 'labels',
      prediction: { name: 'label', kind: 'string', categories: ['late'] },
    };
    expect((await by(classes)).prediction).toMatchObject({ kind: 'string', nulls: 6 });
  });

  it('quotes names: a category that looks like SQL is a category', async () => {
    const nasty = `'); DROP TABLE ratchet.predictions; --`;
    await write([row(1, { strings: [nasty, '__proto__'] }), row(2, { strings: ['\\', ''] })]);
    const quoted: CountPlan = {
      ...plan,
      key: `'"\\`,
      features: [{ name: 'carrier', kind: 'string', categories: [nasty, '\\'] }, plan.features[2]!],
    };
    const { features } = await count(START, START + HOUR_MS, null, LATER, quoted);
    expect(features['carrier']).toMatchObject({ counts: { [nasty]: 1, '\\': 1 } });
  });

  // ---------------------------------------------------------------- performance

  /** Equal but for the last digits of sums. */
  function close(actual: unknown, expected: unknown, path = ''): void {
    if (typeof expected === 'number' && typeof actual === 'number') {
      const allowed = 1e-12 * Math.max(1, Math.abs(expected));
      expect({ path, near: Math.abs(actual - expected) <= allowed, actual, expected }).toMatchObject({ near: true });
      return;
    }
    if (typeof expected !== 'object' || expected === null) {
      expect({ path, value: actual }).toEqual({ path, value: expected });
      return;
    }
    const [a, e] = [actual as Record<string, unknown>, expected as Record<string, unknown>];
    expect({ path, keys: Object.keys(a ?? {}).sort() }).toEqual({ path, keys: Object.keys(e).sort() });
    for (const key of Object.keys(e)) close(a[key], e[key], `${path}/${key}`);
  }
  async function performance(of: ModelContract, slices: readonly string[] = [], version: string | null = null) {
    const ask = (stores: Stores) =>
      stores.statistics.countPerformance('late', of, START, START + 40 * HOUR_MS, { version, slices });
    const [pure, sql] = [await ask(memory), await ask(postgres)];
    close(sql, pure);
    return sql;
  }

  it('counts binary performance with ties, an unknown class and slices by a string and by a number', async () => {
    const rows = sampleRows();
    await write(rows);
    await write(rows.slice(0, 10));
    expect((await performance(contract, ['carrier', 'visib'])).all).toMatchObject({ labelled: 0, ranks: null });
    await label(rows.slice(0, 200), (n) => (n % 23 === 0 ? 'cancelled' : n % 3 === 0 ? 'late' : 'onTime'));
    const { all, slices } = await performance(contract, ['carrier', 'visib', 'gone']);
    expect(all.labelled).toBeGreaterThan(150);
    expect(all.invalid).toBeGreaterThan(5);
    expect(slices.filter((s) => s.feature === 'carrier')).toHaveLength(4);
    expect(slices.filter((s) => s.feature === 'visib').length).toBeGreaterThan(5);
    await performance(contract, ['origin'], '2');
  });

  it('counts multiclass performance and answers of an empty window', async () => {
    const classes: ModelContract = { ...contract, task: 'multiclass', classes: ['onTime', 'late', 'cancelled'] };
    await performance(classes, ['carrier']);
    const rows = sampleRows();
    await write(rows);
    await label(rows, (n) => ['onTime', 'late', 'cancelled', '?'][n % 4] ?? '');
    expect((await performance(classes, ['carrier'])).all.confusion).toHaveLength(3);
  });

  it('counts regression losses with texts that are no numbers and errors near the ends of the doubles', async () => {
    const regression: ModelContract = { ...contract, task: 'regression', classes: [] };
    const rows = Array.from({ length: 12 }, (_, n) =>
      row(n, { error: null, arm: 'champion', score: n / 8, label: null }),
    );
    await write(rows);
    const texts = ['1', ' 2.5 ', '-3e2', '.5', '5.', 'x', '', '1e999', '0', '1e-200', 'NaN', '+7'];
    await label(rows, (n) => texts[n] ?? '');
    const { all } = await performance(regression);
    expect([all.labelled, all.invalid]).toEqual([8, 4]);
    await write([row(20, { arm: 'champion', score: 1e200, label: null })]);
    await performance(regression);
  });

  it('counts scores by segment, where a knot ends its segment', async () => {
    await write(sampleRows());
    const scores = (knots: readonly number[]) =>
      both((stores) => stores.statistics.countScores('late', contract, START, LATER, knots, { version: null }));
    const counted = await scores([0.25, 0.5, 0.984375]);
    expect(counted.reduce((sum, c) => sum + c.n, 0)).toBe(276);
    expect((await scores([])).map((c) => c.segment)).toEqual([0, 0]);
  });

  it('gives errors in the order in which labels arrived, once, also after a correction', async () => {
    const rows = sampleRows().filter((r) => r.model === 'late' && r.arm !== 'shadow');
    await write(rows);
    await label(rows.slice(40, 80), () => 'late');
    await label(rows.slice(0, 40), () => 'onTime');
    // Cursors are each store's own: PostgreSQL's numbers have gaps.
    const cursors = { memory: null as string | null, postgres: null as string | null };
    const read = async (version: string, limit: number, from = cursors) => {
      const [pure, sql] = [
        await memory.statistics.readErrors('late', contract, version, from.memory, limit),
        await postgres.statistics.readErrors('late', contract, version, from.postgres, limit),
      ];
      expect(sql.errors).toEqual(pure.errors);
      Object.assign(cursors, { memory: pure.cursor, postgres: sql.cursor });
      return sql.errors;
    };
    // 30 labels, one of them of a row that failed.
    expect(await read('1', 30)).toHaveLength(29);
    expect((await read('1', 1000)).length).toBeGreaterThan(20);
    await label(rows.slice(0, 80), () => 'late', true);
    expect(await read('1', 1000)).toEqual([]);
    await label(rows.slice(100, 104), () => 'late');
    expect((await read('1', 1000)).length).toBeGreaterThan(2);
    expect((await read('2', 1000, { memory: null, postgres: null })).length).toBeGreaterThan(5);
    expect(await read('9', 1000, { memory: null, postgres: null })).toEqual([]);
  });

  it('reads a frame of typed columns the same, whole, some columns and the first rows', async () => {
    await write(sampleRows());
    const read = async (options: { columns?: string[]; limit?: number }, version: string | null = null) => {
      const of = (stores: Stores) =>
        stores.statistics.readFrame('late', contract, START, LATER, { version, ...options });
      const [pure, sql] = [await of(memory), await of(postgres)];
      expect(sql).toEqual(pure);
      return sql;
    };
    const whole = await read({});
    expect([...whole.columns.keys()]).toEqual(['carrier', 'distance', 'origin', 'visib', 'score', 'label']);
    expect(whole.rows).toBe(282);
    expect((await read({ columns: ['visib', 'origin', 'nowhere'], limit: 17 }, '1')).rows).toBe(17);
    await write(sampleRows().slice(0, 3));
    await write([row(299, { numbers: [], strings: [] })]);
    await read({ columns: ['label', 'distance', 'carrier'] });
  });
});

describe('a log that others wrote to', () => {
  it('counts NaN and infinities in it as missing', async () => {
    const { pool, close } = await openMigratedDatabase();
    try {
      await new PostgresPredictionSink(pool).write([1, 2, 3, 4].map((n) => row(n, { numbers: [n, n] })));
      await pool.query(`UPDATE ratchet.predictions SET numbers = CASE numbers[1] WHEN 1 THEN '{NaN,1}'::real[]
        WHEN 2 THEN '{Infinity,2}' WHEN 3 THEN '{-Infinity,3}' ELSE numbers END`);
      const statistics = new PostgresWindowStatistics(pool);
      const { features } = await statistics.countWindow('late', contract, plan, START, LATER, {
        version: null,
        closedBefore: LATER,
      });
      expect(features['distance']).toEqual({
        kind: 'number',
        rows: 4,
        nulls: 3,
        counts: [0, 0, 0, 0, 1],
        belowMin: 0,
        aboveMax: 0,
        min: 4,
        max: 4,
        sum: 4,
        sumSquares: 16,
      });
      expect(features['visib']).toMatchObject({ nulls: 0, sum: 10 });
    } finally {
      await close();
    }
  });

  it('reads 200 000 rows by COPY into columns whose memory is theirs alone', async () => {
    const { pool, close } = await openMigratedDatabase();
    try {
      await new PostgresPredictionSink(pool).write([row(1)]);
      await pool.query(`INSERT INTO ratchet.predictions (id, model, version, arm, received_at, occurred_at, numbers, strings, latency_us, generation)
        SELECT gen_random_uuid(), 'late', '1', 'champion', received_at, occurred_at + n * interval '1 millisecond',
          ARRAY[n, n / 2.0]::real[], ARRAY['c' || n % 3, NULL], 1, 1
        FROM ratchet.predictions, generate_series(1, 200000) n WHERE model = 'late'`);
      const frame = await new PostgresWindowStatistics(pool).readFrame('late', contract, START, LATER, {
        version: '1',
        columns: ['distance', 'carrier'],
      });
      expect(frame.rows).toBe(200_001);
      const distance = frame.columns.get('distance');
      const sum = ((distance as NumberColumn).values as Float32Array)
        .subarray(1)
        .reduce((total, value) => total + value, 0);
      expect(sum).toBe((200_000 * 200_001) / 2);
      expect(frame.columns.get('carrier')).toMatchObject({ categories: ['AA', 'c1', 'c2', 'c0'] });
      // No view of a larger buffer that would stay alive with it.
      expect((distance as NumberColumn).values.buffer.byteLength).toBe(200_001 * 4);
    } finally {
      await close();
    }
  });
});

overBothStores('EvaluationStore after late labels', describeRecomputation);

function describeRecomputation(name: string, open: OpenStores): void {
  describe(name, () => {
    let stores: Stores;
    beforeEach(async () => {
      stores = await open();
    });
    afterEach(() => stores.close());

    it('asks for revision 2 when a label or a correction came since, oldest window first, until the horizon closes', async () => {
      const rows = [row(1), row(2), row(30)];
      await stores.sink.write(rows);
      const label = (n: number, value: string, correction = false) =>
        stores.labels.saveLabels('late', [{ predictionId: rows[n]!.id, value, observedAt: START, correction }], 0);
      const evaluate = (windowStart: number, revision?: number) => {
        const windowEnd = windowStart + HOUR_MS;
        return stores.evaluations.saveEvaluation({
          model: 'late',
          version: '1',
          windowStart,
          windowEnd,
          report: { version: '1', windowStart, windowEnd, breached: false, driftScore: null, reasons: [] },
          measurement: {},
          workflowId: `drift/late-${revision ?? 1}`,
          at: stores.now(),
          ...(revision === undefined ? {} : { revision }),
        });
      };
      const next = (endedAfter = 0) => stores.evaluations.nextRecomputation('late', '1', endedAfter);
      await label(0, 'late');
      await stores.passTime(1000);
      await evaluate(START);
      await evaluate(START + 2 * HOUR_MS);
      await evaluate(START + 3 * HOUR_MS);
      expect(await next()).toBeNull();
      await stores.passTime(1000);
      await label(1, 'late');
      expect(await next()).toEqual({ start: START, end: START + HOUR_MS, revision: 2 });
      expect(await next(START + HOUR_MS)).toBeNull();
      await stores.passTime(1000);
      await evaluate(START, 2);
      expect(await next()).toBeNull();
      await stores.passTime(1000);
      await label(0, 'onTime', true);
      expect(await next()).toMatchObject({ start: START, revision: 3 });
      const listed = await stores.evaluations.listEvaluations('late');
      expect(listed.map((e) => e.revision ?? 1)).toEqual([2, 1, 1]);
      expect((await evaluate(START, 2)).workflowId).toBe('drift/late-2');
    });
  });
}
