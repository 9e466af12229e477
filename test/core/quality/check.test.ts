import { buildReferenceProfile } from '../../../core/drift/profile-build';
import type { FeatureSpec } from '../../../core/model';
import type { QualityPolicy } from '../../../core/policy';
import { checkQuality } from '../../../core/quality/check';
import { nameLikeness } from '../../../core/quality/probable-rename';

const specs: readonly FeatureSpec[] = [
  { name: 'dep_delay', kind: 'number' },
  { name: 'carrier', kind: 'string' },
];
const policy: QualityPolicy = {
  minRows: 100,
  maxNullShare: 0.2,
  maxNullShareIncrease: 0.05,
  ranges: { dep_delay: { min: -60, max: 1500 } },
  maxNewCategoryShare: 0.02,
  maxStalenessMs: null,
};
const delays = Array.from({ length: 200 }, (_, i) => (i * 7) % 101);
const carriers = Array.from({ length: 200 }, (_, i) => ['UA', 'B6', 'DL'][i % 3]!);
const good = { dep_delay: delays, carrier: carriers };
const profile = buildReferenceProfile({ rows: 200, columns: good }, specs, { bins: 10 });
const check = (columns: Record<string, readonly unknown[]>, own: Partial<QualityPolicy> = {}, rows = 200) =>
  checkQuality(columns, rows, specs, profile, { ...policy, ...own });
const replaced = <T>(values: readonly unknown[], count: number, value: T): unknown[] =>
  values.map((v, i) => (i < count ? value : v));

describe('data quality', () => {
  test('200 good rows pass and say so', () => {
    const report = check(good);
    expect(report).toMatchObject({ verdict: 'pass', issues: [], notChecked: [] });
    expect(report.reasons[0]?.text).toBe('200 rows of 2 features keep every rule');
    expect(report.features[0]).toEqual({
      name: 'dep_delay',
      nulls: 0,
      nullShare: 0,
      referenceNullShare: 0,
      min: 0,
      max: 100,
      distinct: 101,
    });
  });

  test.each([
    ['departure_delay', delays],
    ['DepDelay', delays],
    ['DEP-DELAY', delays],
    ['dep_dely', delays],
    ['verspaetung', delays],
  ])('a missing column whose values are now under "%s" fails and names it', (name, values) => {
    const report = check({ [name]: values, carrier: carriers });
    expect(report.verdict).toBe('fail');
    expect(report.issues[0]).toMatchObject({
      code: 'quality.missingColumn',
      feature: 'dep_delay',
      message: `column "dep_delay" is missing; probably renamed to "${name}"`,
      probableRename: { column: name },
    });
    expect(report.issues.map((i) => i.code)).toContain('quality.extraColumn');
  });

  test('an unlike extra column is not taken for the missing one', () => {
    const report = check({ arrival_gate: carriers, carrier: carriers });
    expect(report.issues[0]?.message).toBe('column "dep_delay" is missing');
    expect(report.issues[0]).not.toHaveProperty('probableRename');
  });

  test('of two candidates the likelier one is named', () => {
    const report = check({ temperature: delays.map((d) => d * 50 - 4000), departure_delay: delays, carrier: carriers });
    expect(report.issues[0]?.probableRename?.column).toBe('departure_delay');
  });

  test('text in 12 rows of a number column fails, naming the text and the first 10 rows', () => {
    const report = check({ ...good, dep_delay: replaced(delays, 12, 'n/a') });
    expect(report.verdict).toBe('fail');
    expect(report.issues[0]).toMatchObject({
      code: 'quality.type',
      observed: 'text "n/a"',
      expected: 'number',
      count: 12,
      rows: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    });
  });

  test('numbers, booleans and objects in a text column fail', () => {
    for (const value of [7, true, { a: 1 }, [1], 7n]) {
      expect(check({ ...good, carrier: replaced(carriers, 1, value) }).issues[0]).toMatchObject({
        code: 'quality.type',
        count: 1,
      });
    }
  });

  test('NaN and infinity fail as such', () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      expect(check({ ...good, dep_delay: replaced(delays, 3, value) }).issues[0]).toMatchObject({
        code: 'quality.notFinite',
        count: 3,
        severity: 'fail',
      });
    }
  });

  test('an all-null feature fails', () => {
    expect(check({ ...good, dep_delay: delays.map(() => null) }).issues[0]).toMatchObject({
      code: 'quality.allNull',
      severity: 'fail',
      observed: 1,
    });
  });

  test('nulls: 5 % passes, 6 % breaks the increase over the reference, 21 % the absolute bound', () => {
    const codes = (count: number) =>
      check({ ...good, dep_delay: replaced(delays, count, null) }).issues.map((i) => i.code);
    expect([codes(10), codes(12), codes(42)]).toEqual([[], ['quality.nullShareIncrease'], ['quality.nullShare']]);
  });

  test('undefined is missing, like null', () => {
    expect(check({ ...good, dep_delay: replaced(delays, 42, undefined) }).issues[0]?.code).toBe('quality.nullShare');
  });

  test('a value outside its range fails with its row; at the bounds it does not', () => {
    const issue = check({ ...good, dep_delay: [...delays.slice(0, 199), 90_000] }).issues[0];
    expect(issue).toMatchObject({
      code: 'quality.range',
      severity: 'fail',
      observed: '[0, 90000]',
      expected: '[-60, 1500]',
      rows: [199],
    });
    expect(check({ ...good, dep_delay: [-60, 1500, ...delays.slice(2)] }).verdict).toBe('pass');
  });

  test('5 of 200 rows with a new category warn, 4 do not (2 %)', () => {
    const report = check({ ...good, carrier: replaced(carriers, 5, 'ZZ') });
    expect(report.verdict).toBe('pass');
    expect(report.issues).toMatchObject([{ code: 'quality.newCategory', severity: 'warn', observed: 0.025, count: 5 }]);
    expect(report.issues[0]?.message).toContain('most often "ZZ"');
    expect(check({ ...good, carrier: replaced(carriers, 4, 'ZZ') }).issues).toEqual([]);
  });

  test('a constant feature warns', () => {
    const report = check({ ...good, dep_delay: delays.map(() => 5) });
    expect(report).toMatchObject({ verdict: 'pass', issues: [{ code: 'quality.constant', severity: 'warn' }] });
  });

  test('99 rows where 100 are needed, and no rows, are inconclusive', () => {
    const few = Object.fromEntries(Object.entries(good).map(([n, v]) => [n, v.slice(0, 99)]));
    expect(check(few, {}, 99)).toMatchObject({
      verdict: 'inconclusive',
      issues: [{ code: 'quality.rowCount', observed: 99, expected: 100 }],
    });
    expect(check({ dep_delay: [], carrier: [] }, { minRows: 0 }, 0).verdict).toBe('inconclusive');
  });

  test('a column of another length than the rows is an error', () => {
    expect(check({ ...good, carrier: carriers.slice(1) })).toMatchObject({
      verdict: 'error',
      issues: [{ code: 'quality.length', observed: 199, expected: 200 }],
    });
  });

  test('freshness: 1 h old passes a bound of 2 h, 3 h fails, no newest row is inconclusive', () => {
    const at = (newest: number | null) =>
      checkQuality(good, 200, specs, profile, { ...policy, maxStalenessMs: 7_200_000 }, { newest, end: 36_000_000 });
    expect([at(32_400_000).verdict, at(25_200_000).verdict, at(null).verdict]).toEqual([
      'pass',
      'fail',
      'inconclusive',
    ]);
    expect(at(25_200_000).issues[0]?.message).toBe(
      'the newest row is 3 h older than the end of the window, at most 2 h is allowed',
    );
  });

  test('without a reference profile the rules against it are listed as not checked', () => {
    const report = checkQuality(good, 200, specs, null, { ...policy, maxStalenessMs: 1 });
    expect(report.verdict).toBe('pass');
    expect(report.notChecked).toEqual([
      'null share increase and new categories: there is no reference profile',
      'freshness: not asked for these rows',
    ]);
  });

  test('issues come worst first and the report survives JSON', () => {
    const report = check({ ...good, carrier: carriers.map(() => 'ZZ'), dep_delay: replaced(delays, 1, 'x') });
    expect(report.issues.map((i) => i.severity)).toEqual(['fail', 'warn', 'warn']);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });
});

test('names: dep_delay is like departure_delay and unlike distance', () => {
  expect(nameLikeness('dep_delay', 'Dep Delay')).toBe(1);
  expect(nameLikeness('dep_delay', 'departure_delay')).toBe(1);
  expect(nameLikeness('dep_delay', 'distance')).toBeLessThan(0.5);
});
