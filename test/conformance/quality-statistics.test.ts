/** The same rows through SQL, through the fake and through `countQuality`: equal counts, equal verdicts. */
import type { Pool } from 'pg';
import { MemoryDatabase, MemoryPredictionSink, MemoryQualityStatistics } from '../../adapters/memory';
import { PostgresPredictionReader, PostgresPredictionSink, PostgresQualityStatistics } from '../../adapters/postgres';
import { buildReferenceProfile } from '../../core/drift/profile-build';
import type { QualityPolicy } from '../../core/policy';
import type { PredictionRecord } from '../../core/ports';
import { countQuality } from '../../core/quality/count';
import { judgeQuality } from '../../core/quality/judge';
import { qualityPlanOf, type QualityPlan } from '../../core/quality/quality-counts';
import { parseExpectations } from '../../policy/expectations';
import { freshId, prediction, version } from './samples';
import { openMigratedDatabase } from './stores';

const NOON = Date.UTC(2026, 0, 1, 12);
const contract = version().contract;
const specs = contract.features;
const TEXTS = ['UA', 'B6', 'Straße', '😀x', '\uffee', 'line\nbreak', 'a.b-1', '', 'déjà vu', 'AA12', null, 'it\'s "q"'];

/** Numbers are those of the contract in its order: distance, visib; strings: carrier, origin. */
const records = (): PredictionRecord[] =>
  Array.from({ length: 120 }, (_, i) =>
    prediction({
      id: freshId(),
      occurredAt: NOON + (i % 50) * 1000,
      receivedAt: NOON + i,
      numbers: [i % 9 === 4 ? null : ((i * 37) % 53) - 10.1, i % 4 === 0 ? 0.1 : i % 3],
      strings: [TEXTS[i % TEXTS.length] ?? null, i % 2 === 0 ? 'JFK' : 'EWR'],
      score: ((i * 13) % 100) / 100,
      label: i % 5 === 0 ? 'late' : 'onTime',
    }),
  );

const mostly = [1, 0.9, 0.5];
const expectations = parseExpectations([
  { expectation: 'expect_column_to_exist', column: 'distance' },
  { expectation: 'expect_column_to_exist', column: 'nowhere' },
  { expectation: 'expect_table_columns_to_match_set', column_set: ['distance', 'visib', 'carrier', 'origin'] },
  { expectation: 'expect_table_row_count_to_be_between', min_value: 100 },
  ...mostly.flatMap((m) => [
    ...['distance', 'visib', 'carrier', 'score', 'label'].flatMap((column) => [
      { expectation: 'expect_column_values_to_not_be_null', column, mostly: m },
      { expectation: 'expect_column_values_to_be_null', column, mostly: m },
      { expectation: 'expect_column_values_to_be_unique', column, mostly: m },
      { expectation: 'expect_column_values_to_be_between', column, min_value: 0.1, max_value: 20, mostly: m },
      { expectation: 'expect_column_values_to_be_between', column, min_value: 0.1, strict_min: true, mostly: m },
      { expectation: 'expect_column_values_to_be_in_set', column, value_set: [0.1, 1, 'UA', '😀x', 'late'], mostly: m },
      { expectation: 'expect_column_values_to_not_be_in_set', column, value_set: [0.1, 'B6', 'onTime'], mostly: m },
      { expectation: 'expect_column_value_lengths_to_be_between', column, min_value: 2, max_value: 4, mostly: m },
      { expectation: 'expect_column_values_to_be_of_type', column, type_: 'integer', mostly: m },
      { expectation: 'expect_column_values_to_be_of_type', column, type_: 'str', mostly: m },
    ]),
    ...[
      '^[A-Z]{2}$',
      '.',
      '^$',
      '\\s',
      '\\S+',
      '[^a-z]',
      '^.x$',
      '(?:UA|B6)$',
      'ß',
      '[à-ü]',
      '\\.b-\\d',
      '^(a|b)*.?$',
      '[\\w.]+-',
      '\\n',
      '"q"',
      'UA|',
      '[\\]\\\\^-]',
      '^\\W',
      '(x?){3,}',
      'A{2,3}1+?2',
      '\\u00e9',
      '[^\\n]{5,}',
      '[\\s\\S]{9}',
      '[😀-😂]',
    ].flatMap((regex) => [
      { expectation: 'expect_column_values_to_match_regex', column: 'carrier', regex, mostly: m },
      { expectation: 'expect_column_values_to_not_match_regex', column: 'carrier', regex, mostly: m },
    ]),
    ...['both_values_are_missing', 'either_value_is_missing', 'neither'].flatMap((ignore_row_if) => [
      {
        expectation: 'expect_column_pair_values_a_to_be_greater_than_b',
        column_A: 'distance',
        column_B: 'visib',
        ignore_row_if,
        mostly: m,
      },
      {
        expectation: 'expect_column_pair_values_a_to_be_greater_than_b',
        column_A: 'carrier',
        column_B: 'origin',
        or_equal: true,
        ignore_row_if,
        mostly: m,
      },
      {
        expectation: 'expect_column_pair_values_a_to_be_greater_than_b',
        column_A: 'carrier',
        column_B: 'visib',
        ignore_row_if,
        mostly: m,
      },
    ]),
    ...['all_values_are_missing', 'any_value_is_missing', 'never'].map((ignore_row_if) => ({
      expectation: 'expect_compound_columns_to_be_unique',
      column_list: ['distance', 'carrier'],
      ignore_row_if,
      mostly: m,
    })),
  ]),
  ...['mean', 'median', 'min', 'max', 'sum', 'stdev', 'unique_value_count', 'proportion_of_unique_values'].flatMap(
    (what) =>
      ['distance', 'visib', 'carrier', 'score'].map((column) => ({
        expectation: `expect_column_${what}_to_be_between`,
        column,
        min_value: 0,
        max_value: 12.5,
      })),
  ),
  ...['distance', 'carrier'].map((column) => ({
    expectation: 'expect_column_quantile_values_to_be_between',
    column,
    quantile_ranges: {
      quantiles: [0, 0.07, 0.3, 0.5, 0.7, 1],
      value_ranges: Array.from({ length: 6 }, () => [-10.1, 30]),
    },
  })),
  ...['visib', 'carrier', 'distance'].flatMap((column) =>
    [true, false].map((ties_okay) => ({
      expectation: 'expect_column_most_common_value_to_be_in_set',
      column,
      value_set: [1, 'UA', 'B6'],
      ties_okay,
    })),
  ),
]);

const policy: QualityPolicy = {
  minRows: 10,
  maxNullShare: 0.05,
  maxNullShareIncrease: 0.05,
  ranges: { distance: { min: -5, max: 40 }, visib: { min: 0.1, max: null } },
  maxNewCategoryShare: 0.01,
  maxStalenessMs: null,
  maxDuplicateShare: 0,
  unitChange: true,
  expectations,
};
const profile = buildReferenceProfile(
  {
    rows: 60,
    columns: {
      distance: Array.from({ length: 60 }, (_, i) => i),
      visib: Array.from({ length: 60 }, (_, i) => i % 3),
      carrier: Array.from({ length: 60 }, (_, i) => ['UA', 'B6'][i % 2]!),
      origin: Array.from({ length: 60 }, () => 'JFK'),
    },
  },
  specs,
  { bins: 10 },
);
const plan: QualityPlan = qualityPlanOf(specs, profile, policy);

describe('data quality counted by PostgreSQL', () => {
  let pool: Pool;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ pool, close } = await openMigratedDatabase());
  });
  afterAll(() => close());
  afterEach(() => pool.query('TRUNCATE ratchet.predictions'));

  const bySql = () => new PostgresQualityStatistics(pool).countQuality('late', contract, NOON, NOON + 60_000, plan);

  /** The rows as every other reader gets them, counted in this process. */
  async function byRows() {
    const window = await new PostgresPredictionReader(pool).readWindow('late', contract, NOON, NOON + 60_000);
    const ids = await pool.query<{ id: string }>(
      'SELECT DISTINCT id, occurred_at FROM ratchet.predictions ORDER BY occurred_at, id',
    );
    return countQuality(
      {
        rows: window.features.rows,
        columns: new Map(Object.entries(window.features.columns)),
        others: new Map<string, readonly unknown[]>([
          ['score', window.scores],
          ['label', window.labels],
        ]),
        keys: { values: ids.rows.map((row) => row.id), unique: true },
      },
      plan,
    );
  }

  it(`gives the counts of ${expectations.length} expectations and 4 features over 120 rows that countQuality gives, and the verdict`, async () => {
    await new PostgresPredictionSink(pool).write(records());
    const [sql, rows] = [await bySql(), await byRows()];
    expect(sql).toEqual(rows);
    expect(sql.rows).toBe(120);
    const judged = judgeQuality(sql, specs, profile, policy);
    expect(judged).toEqual(judgeQuality(rows, specs, profile, policy));
    expect(judged.verdict).toBe('fail');
    expect(new Set(judged.expectations?.map((e) => e.verdict))).toEqual(new Set(['pass', 'fail']));
    expect(JSON.parse(JSON.stringify(sql))).toEqual(sql);
  });

  it('agrees on NaN, infinities, negative zero and duplicate rows', async () => {
    const twice = records().slice(0, 24);
    await new PostgresPredictionSink(pool).write([...twice, ...twice.map((row) => ({ ...row, id: freshId() }))]);
    for (const [i, value] of ['NaN', 'Infinity', '-Infinity', '-0', 'NaN', 'Infinity'].entries()) {
      await pool.query(
        `UPDATE ratchet.predictions SET numbers[1 + $2::int % 2] = $1::real WHERE id = (SELECT id FROM ratchet.predictions ORDER BY id OFFSET $2 LIMIT 1)`,
        [value, i],
      );
    }
    const [sql, rows] = [await bySql(), await byRows()];
    expect(sql).toEqual(rows);
    expect(sql.columns['distance']?.notFinite.count).toBeGreaterThan(0);
    expect(sql.duplicates?.count).toBeGreaterThan(10);
    expect(judgeQuality(sql, specs, profile, policy)).toEqual(judgeQuality(rows, specs, profile, policy));
  });

  it('names the rows of the one rule that is broken: 8 categories that the reference lacks', async () => {
    const calm = records()
      .slice(0, 16)
      .map((row, i) => ({ ...row, numbers: [i, i + 0.5], strings: [i % 2 === 0 ? 'UA' : `new${i}`, 'JFK'] }));
    await new PostgresPredictionSink(pool).write(calm);
    const known = buildReferenceProfile(
      { rows: 2, columns: { distance: [1, 2], visib: [1, 2], carrier: ['UA', 'UA'], origin: ['JFK', 'JFK'] } },
      specs,
      { bins: 2 },
    );
    const only = qualityPlanOf(specs, known, { ...policy, expectations: [], maxDuplicateShare: null });
    const sql = await new PostgresQualityStatistics(pool).countQuality('late', contract, NOON, NOON + 60_000, only);
    expect(sql.columns['carrier']?.newCategory).toMatchObject({
      count: 8,
      keys: expect.arrayContaining([calm[1]!.id]),
    });
    expect(sql.columns['distance']?.outOfRange.count).toBe(0);
  });

  it('agrees on an empty window, and that is inconclusive without expectations', async () => {
    expect(await bySql()).toEqual({ ...(await byRows()), idClash: { count: 0, rows: [], keys: [] } });
    const without = { ...policy, expectations: [] };
    expect(judgeQuality(await bySql(), specs, profile, without).verdict).toBe('inconclusive');
  });

  it('counts a prediction that was logged twice once, names an id with other content, and equals the fake', async () => {
    const all = records()
      .slice(0, 30)
      .map((row) => ({ ...row, numbers: row.numbers.map((n) => (n === null ? null : Math.round(n))) }));
    const [first, second, third] = [all[0]!, all[1]!, all[2]!];
    const again = [
      first,
      { ...second, numbers: [777, 1], receivedAt: second.receivedAt + 60_000 },
      {
        ...third,
        arm: 'canary' as const,
        version: '2',
        numbers: [5, 5],
        error: 'x',
        receivedAt: third.receivedAt + 60_000,
      },
    ];
    await new PostgresPredictionSink(pool).write([...all, ...again]);
    const db = new MemoryDatabase({ now: () => NOON });
    await new MemoryPredictionSink(db).write([...all, ...again]);
    const sql = await bySql();
    expect(sql).toEqual(
      await new MemoryQualityStatistics(db).countQuality('late', contract, NOON, NOON + 60_000, plan),
    );
    expect(sql.rows).toBe(30);
    expect(sql.idClash).toEqual({ count: 1, rows: [], keys: [second.id] });
    const clash = judgeQuality(sql, specs, profile, policy).issues.find((i) => i.code === 'quality.idClash');
    expect(clash).toMatchObject({ severity: 'fail', keys: [second.id] });
  });
});
