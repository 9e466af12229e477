/** What holds for data quality whatever the cells hold. */
import fc from 'fast-check';
import type { QualityPolicy } from '../../../core/policy';
import { checkQuality } from '../../../core/quality/check';
import type { Expectation } from '../../../core/quality/expectation';
import { compilePattern } from '../../../core/quality/pattern';
import type { QualityReport } from '../../../core/quality/quality-report';
import { parseExpectations } from '../../../policy/expectations';

const specs = [
  { name: 'x', kind: 'number' },
  { name: 'c', kind: 'string' },
] as const;
const mostly = [1, 0.8];
const rowRules = (column: string, m: number): readonly object[] => [
  { expectation: 'expect_column_values_to_not_be_null', column, mostly: m },
  { expectation: 'expect_column_values_to_be_between', column, min_value: 0, max_value: 5, mostly: m },
  { expectation: 'expect_column_values_to_be_in_set', column, value_set: [1, 'a'], mostly: m },
  { expectation: 'expect_column_values_to_match_regex', column, regex: '^[a-c]+$', mostly: m },
  { expectation: 'expect_column_value_lengths_to_be_between', column, max_value: 2, mostly: m },
];
const expectations: readonly Expectation[] = parseExpectations([
  ...mostly.flatMap((m) => [...rowRules('x', m), ...rowRules('c', m)]),
  { expectation: 'expect_column_values_to_be_unique', column: 'x' },
  { expectation: 'expect_column_pair_values_a_to_be_greater_than_b', column_A: 'x', column_B: 'c' },
  { expectation: 'expect_compound_columns_to_be_unique', column_list: ['x', 'c'] },
  ...['mean', 'median', 'min', 'max', 'sum', 'stdev', 'unique_value_count', 'proportion_of_unique_values'].map(
    (what) => ({
      expectation: `expect_column_${what}_to_be_between`,
      column: 'x',
      min_value: 0,
    }),
  ),
  { expectation: 'expect_column_most_common_value_to_be_in_set', column: 'c', value_set: ['a'] },
  {
    expectation: 'expect_column_quantile_values_to_be_between',
    column: 'x',
    quantile_ranges: { quantiles: [0.5], value_ranges: [[0, 1]] },
  },
]);
const policy: QualityPolicy = {
  minRows: 1,
  maxNullShare: 1,
  maxNullShareIncrease: 1,
  ranges: {},
  maxNewCategoryShare: 1,
  maxStalenessMs: null,
  maxDuplicateShare: 0,
  unitChange: true,
  leakageThreshold: 0.9,
  expectations,
};
const cell = fc.oneof(
  fc.anything(),
  fc.constantFrom(null, 1, 2, 7, 'a', 'zzz', NaN, Infinity, -0),
  fc.double(),
  fc.string(),
);
const table = fc.array(fc.tuple(cell, cell), { maxLength: 30 });
const check = (rows: readonly (readonly [unknown, unknown])[]): QualityReport =>
  checkQuality({ x: rows.map(([x]) => x), c: rows.map(([, c]) => c) }, rows.length, specs, null, policy, undefined, {
    target: rows.map(([, c]) => c),
    keys: { values: rows.map(([x]) => x), unique: true },
  });
const verdicts = (report: QualityReport) =>
  report.expectations!.map(({ expectation, verdict, unexpected, observed }) => ({
    expectation,
    verdict,
    unexpected,
    observed,
  }));

test('any cells: no fault, no NaN, the same after JSON; no rows never pass any expectation on values', () => {
  fc.assert(
    fc.property(table, (rows) => {
      const report = check(rows);
      expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    }),
    { numRuns: 1000 },
  );
  expect(check([]).expectations?.filter((e) => e.verdict === 'pass')).toEqual([]);
});

test('the order of the rows changes neither the verdict nor a count', () => {
  fc.assert(
    fc.property(table, fc.infiniteStream(fc.nat()), (rows, keys) => {
      const shuffled = rows
        .map((row) => ({ row, key: keys.next().value as number }))
        .sort((a, b) => a.key - b.key)
        .map(({ row }) => row);
      const [a, b] = [check(rows), check(shuffled)];
      expect(b.verdict).toBe(a.verdict);
      expect(verdicts(b)).toEqual(verdicts(a));
      expect(b.features).toEqual(a.features);
      expect(b.issues.map((i) => [i.code, i.severity, i.count])).toEqual(
        a.issues.map((i) => [i.code, i.severity, i.count]),
      );
    }),
    { numRuns: 500 },
  );
});

test('of row rules: values taken away that kept the rule, and rows added that break it, never improve a verdict', () => {
  const order = { fail: 0, inconclusive: 1, pass: 2 };
  const rank = (rows: readonly unknown[], rule: object): number => {
    const own = { ...policy, expectations: parseExpectations([rule]) };
    return order[checkQuality({ x: rows }, rows.length, [], null, own).expectations![0]!.verdict];
  };
  const good = fc.constantFrom(1, 2, 3, 4.5);
  const bad = fc.constantFrom<unknown>(-1, 9, 'a', Infinity, true);
  fc.assert(
    fc.property(
      fc.array(good, { maxLength: 25 }),
      fc.array(bad, { maxLength: 6 }),
      bad,
      fc.constantFrom(1, 0.95, 0.9, 0.5),
      (keeping, breaking, another, m) => {
        const rule = {
          expectation: 'expect_column_values_to_be_between',
          column: 'x',
          min_value: 0,
          max_value: 5,
          mostly: m,
        };
        const now = rank([...keeping, ...breaking], rule);
        expect(rank([...keeping.slice(1), ...breaking], rule)).toBeLessThanOrEqual(now);
        expect(
          rank([...keeping.slice(1), ...(keeping.length > 0 ? [null] : []), ...breaking], rule),
        ).toBeLessThanOrEqual(now);
        if (now === order.fail) expect(rank([...keeping, ...breaking, another], rule)).toBe(order.fail);
      },
    ),
    { numRuns: 2000 },
  );
});

test('patterns: the automaton answers as V8 does for 2,000 patterns and texts without its dialect', () => {
  const atom = fc.constantFrom(
    'a',
    'b',
    '.',
    '[ab]',
    '[^a]',
    '\\d',
    '\\w',
    '\\s',
    '(?:ab)',
    '(a|b1)',
    '(|b)',
    '^',
    '$',
    '1',
    ' ',
    '\\.',
  );
  const piece = fc
    .tuple(atom, fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,2}', '{0,}', '+?'))
    .map(([a, q]) => (a === '^' || a === '$' ? a : a + q));
  const source = fc
    .array(
      fc.array(piece, { minLength: 1, maxLength: 5 }).map((p) => p.join('')),
      { minLength: 1, maxLength: 3 },
    )
    .map((b) => b.join('|'));
  const text = fc
    .array(fc.constantFrom('a', 'b', '1', ' ', '.', '\n', 'é', '😀'), { maxLength: 8 })
    .map((s) => s.join(''));
  let matched = 0;
  fc.assert(
    fc.property(source, text, (pattern, value) => {
      // `.` of V8 leaves out \r and the line separators too: none of them is in these texts.
      const expected = new RegExp(pattern, 'u').test(value);
      matched += Number(expected);
      expect({ pattern, value, found: compilePattern(pattern).matches(value) }).toEqual({
        pattern,
        value,
        found: expected,
      });
    }),
    { numRuns: 2000 },
  );
  expect(matched).toBeGreaterThan(100);
});

test('no text makes the reading of a pattern or of expectations fault otherwise than by saying what is wrong', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'ab()[]{}*+?|\\^$.-,12dwux') })),
      (source) => {
        let said = '';
        try {
          expect(typeof compilePattern(source).matches('aab1')).toBe('boolean');
        } catch (error) {
          said = (error as Error).name;
        }
        expect(['', 'SyntaxError']).toContain(said);
      },
    ),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.anything(), (input) => {
      let code: unknown = null;
      try {
        parseExpectations(input);
      } catch (error) {
        code = (error as { code?: unknown }).code;
      }
      expect(code).toBe('RATCHET_INPUT_INVALID');
    }),
    { numRuns: 500 },
  );
});
