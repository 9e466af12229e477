import { numberColumn, stringColumn, type Frame, type FrameColumn } from '../../../core/frame';
import { checkFrame } from '../../../core/quality/check-frame';
import { checkQuality } from '../../../core/quality/check';
import { fewestRows } from '../../../core/quality/judge-expectation';
import { leakageOf } from '../../../core/quality/leakage';
import { unitChange } from '../../../core/quality/unit-change';
import type { QualityPolicy } from '../../../core/policy';
import { parseExpectations } from '../../../policy/expectations';

const frame = (columns: Record<string, FrameColumn>): Frame => ({
  rows:
    Object.values(columns)[0]?.kind === 'number'
      ? (Object.values(columns)[0] as { values: Float64Array }).values.length
      : (Object.values(columns)[0] as { codes: Int32Array }).codes.length,
  columns: new Map(Object.entries(columns)),
});
const numbers = (n: number, of: (i: number) => number | null): FrameColumn =>
  numberColumn(Array.from({ length: n }, (_, i) => of(i)));
const texts = (n: number, of: (i: number) => string | null): FrameColumn =>
  stringColumn(Array.from({ length: n }, (_, i) => of(i)));
const codes = (report: ReturnType<typeof checkFrame>) => report.issues.map((issue) => issue.code);
/** In [0, 1), without a pattern. */
const noise = (i: number): number => ((i * 2_654_435_761) % 4_294_967_296) / 4_294_967_296;

describe('the quality of a file', () => {
  test('100 good rows pass; a broken hard expectation fails and names the rows by the key column', () => {
    const good = frame({ id: texts(100, (i) => `r${i}`), x: numbers(100, (i) => i) });
    const at = (max_value: number, severity: string) =>
      checkFrame(
        good,
        parseExpectations([{ expectation: 'expect_column_values_to_be_between', column: 'x', max_value, severity }]),
        { key: 'id' },
      );
    expect(at(99, 'hard')).toMatchObject({ verdict: 'pass', issues: [] });
    expect(at(96, 'soft')).toMatchObject({ verdict: 'pass', issues: [{ severity: 'warn' }] });
    expect(at(96, 'hard')).toMatchObject({
      verdict: 'fail',
      issues: [
        { code: 'quality.expectation', feature: 'x', count: 3, keys: ['r97', 'r98', 'r99'], rows: [97, 98, 99] },
      ],
      expectations: [{ verdict: 'fail', evaluated: 100, unexpected: 3, observed: 0.97 }, { verdict: 'pass' }],
    });
    expect(at(96, 'hard').issues[0]?.message).toContain('first: r97, r98, r99');
  });

  test('mostly 0.9 needs 10 rows: 9 good ones are inconclusive, 10 pass; one bad of 9 fails', () => {
    const at = (n: number, bad: number) =>
      checkFrame(
        frame({ x: numbers(n, (i) => (i < bad ? -1 : i + 1)) }),
        parseExpectations([
          { expectation: 'expect_column_values_to_be_between', column: 'x', min_value: 0, mostly: 0.9 },
        ]),
      ).verdict;
    expect([at(9, 0), at(10, 0), at(10, 1), at(9, 1)]).toEqual(['inconclusive', 'pass', 'pass', 'fail']);
    expect([1, 0.5, 0.9, 0.95, 0.99, 0.999].map(fewestRows)).toEqual([1, 2, 10, 20, 100, 1000]);
  });

  test('a column without values never passes a rule on its values', () => {
    const report = checkFrame(
      frame({ x: numbers(50, () => null), y: numbers(50, (i) => i) }),
      parseExpectations([
        { expectation: 'expect_column_values_to_be_unique', column: 'x' },
        { expectation: 'expect_column_mean_to_be_between', column: 'x', min_value: 0 },
        { expectation: 'expect_column_most_common_value_to_be_in_set', column: 'x', value_set: [1] },
        { expectation: 'expect_column_values_to_be_null', column: 'x' },
      ]),
    );
    expect(report.expectations?.map((e) => e.verdict)).toEqual([
      'inconclusive',
      'inconclusive',
      'inconclusive',
      'pass',
    ]);
    expect(report.verdict).toBe('inconclusive');
  });

  test('a key that comes twice with other content fails, with the same content it does not', () => {
    const at = (of: (i: number) => number) =>
      checkFrame(frame({ id: texts(60, (i) => `r${i % 59}`), x: numbers(60, of) }), [], { key: 'id' });
    expect(at((i) => i).issues).toMatchObject([{ code: 'quality.idClash', severity: 'fail', keys: ['r0'] }]);
    expect(codes(at((i) => i % 59))).toEqual(['quality.duplicateRows']);
  });

  test('a key or target column that the file lacks fails', () => {
    const good = frame({ x: numbers(60, (i) => i) });
    expect(checkFrame(good, [], { key: 'id' }).verdict).toBe('fail');
    expect(checkFrame(good, [], { target: 'y' }).verdict).toBe('fail');
  });

  test('against a reference: metres became kilometres, Celsius became Kelvin, and both are only warned of', () => {
    const reference = frame({
      d: numbers(400, (i) => 100 + 4000 * noise(i)),
      t: numbers(400, (i) => 30 * noise(i + 7)),
    });
    const now = frame({
      d: numbers(300, (i) => (100 + 4000 * noise(i + 1000)) / 1000),
      t: numbers(300, (i) => 273.15 + 30 * noise(i + 2000)),
    });
    const report = checkFrame(now, [], { reference });
    expect(codes(report)).toEqual(['quality.unitChange', 'quality.unitChange']);
    expect(report.verdict).toBe('pass');
    expect(report.issues.map((i) => i.message)).toEqual([
      expect.stringContaining('÷1000 on all deciles'),
      expect.stringContaining('+273.15 (°C to K)'),
    ]);
    expect(codes(checkFrame(reference, [], { reference }))).toEqual([]);
  });

  test('a feature that is a copy of the target is named, one that is noise or an id is not', () => {
    const n = 200;
    const report = checkFrame(
      frame({
        leak: numbers(n, (i) => (i % 2) * 5 + noise(i)),
        fair: numbers(n, (i) => (i % 2) + 3 * noise(i + 9)),
        code: texts(n, (i) => ['won', 'lost'][i % 2]!),
        id: texts(n, (i) => `id${i}`),
        y: texts(n, (i) => ['no', 'yes'][i % 2]!),
      }),
      [],
      { target: 'y' },
    );
    expect(report.issues.map((i) => [i.code, i.feature])).toEqual([
      ['quality.leakage', 'leak'],
      ['quality.leakage', 'code'],
    ]);
  });
});

describe('hints', () => {
  const deciles = [2, 4, 6, 8, 10, 12, 14, 16, 18];
  test.each([
    ['×1000', deciles.map((d) => d * 1000)],
    ['÷1000', deciles.map((d) => d / 1000)],
    ['×60', deciles.map((d) => d * 60.5)],
    ['×4.5', deciles.map((d) => d * 4.5)],
    ['×3.28084', deciles.map((d) => d * 3.3)],
    ['+273.15 (°C to K)', deciles.map((d) => d + 273.15)],
    ['converted (°C to °F)', deciles.map((d) => d * 1.8 + 32)],
  ])('%s is recognised on nine deciles', (text, now) => {
    expect(unitChange(deciles, now)?.text).toBe(text);
  });

  test('drift is no change of unit: a wider spread, a small shift, ×1.2, a constant', () => {
    const drifted = [
      deciles.map((d) => d + (d - 10) * 2),
      deciles.map((d) => d + 3),
      deciles.map((d) => d * 1.2),
      deciles.map(() => 2000),
      deciles.map((d) => d ** 2),
    ];
    expect(drifted.map((now) => unitChange(deciles, now))).toEqual([null, null, null, null, null]);
  });

  test('AUC 1 of separated classes, 0.5 of equal ones; Spearman² 1 of a monotone copy; 49 rows say nothing', () => {
    const x = Array.from({ length: 60 }, (_, i) => i);
    expect(
      leakageOf(
        x,
        'number',
        x.map((i) => Number(i >= 30)),
      ),
    ).toEqual({ measure: 'auc', value: 1, rows: 60 });
    expect(
      leakageOf(
        x.map(() => 1),
        'number',
        x.map((i) => i % 2),
      )?.value,
    ).toBe(0.5);
    expect(
      leakageOf(
        x,
        'number',
        x.map((i) => i ** 3),
      ),
    ).toMatchObject({ measure: 'spearman2', value: 1 });
    expect(leakageOf(x.slice(0, 49), 'number', x)).toBeNull();
  });
});

describe('policy rules beside expectations', () => {
  const policy: QualityPolicy = {
    minRows: 10,
    maxNullShare: 0.2,
    maxNullShareIncrease: 0.1,
    ranges: {},
    maxNewCategoryShare: 1,
    maxStalenessMs: null,
    maxDuplicateShare: 0.1,
    maxCardinalityRatio: 2,
  };
  const specs = [{ name: 'c', kind: 'string' }] as const;
  const profile = {
    schemaVersion: 1,
    rows: 50,
    features: { c: { kind: 'string', rows: 50, nulls: 0, counts: { a: 25, b: 25 } } },
  } as const;

  test('30 categories where the reference has 2 warn', () => {
    const values = Array.from({ length: 30 }, (_, i) => `c${i}`);
    expect(checkQuality({ c: values }, 30, specs, profile, policy).issues).toMatchObject([
      { code: 'quality.cardinality', severity: 'warn', observed: 30, expected: 4 },
    ]);
  });

  test('18 of 20 repeated rows warn', () => {
    const values = Array.from({ length: 20 }, (_, i) => 'ab'[i % 2]!);
    expect(checkQuality({ c: values }, 20, specs, profile, policy).issues).toMatchObject([
      { code: 'quality.duplicateRows', severity: 'warn', observed: 0.9, count: 18 },
    ]);
  });
});
