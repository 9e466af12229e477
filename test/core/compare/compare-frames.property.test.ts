import fc from 'fast-check';
import { compareFrames } from '../../../core/compare';
import { CATEGORICAL_METHODS, NUMERIC_METHODS } from '../../../core/drift/method';
import { numberColumn, stringColumn, type Frame, type FrameColumn } from '../../../core/frame';
import { COMPARE_PRESETS, compareRuleOf } from '../../../policy';

const number = fc.oneof(
  fc.double(),
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom(NaN, Infinity, -Infinity, -0, 1e308, -1e308, 5e-324, null),
);
const text = fc.option(fc.constantFrom('a', 'b', '', '__proto__', 'constructor', 'é'), { nil: null });
const column: fc.Arbitrary<FrameColumn> = fc.oneof(
  fc.array(number, { maxLength: 40 }).map((values) => numberColumn(values)),
  fc.array(text, { maxLength: 40 }).map((values) => stringColumn(values)),
);
const rowsOf = (c: FrameColumn): number => (c.kind === 'number' ? c.values.length : c.codes.length);
/** A well-formed table of one column. */
const table = column.map((c): Frame => ({ rows: rowsOf(c), columns: new Map([['x', c]]) }));
const rule = fc.constantFrom(...COMPARE_PRESETS).map((preset) => compareRuleOf(preset, { minRows: 1 }));
const methods = [...new Set([...NUMERIC_METHODS, ...CATEGORICAL_METHODS])];

/** JSON turns NaN into null without a word, so numbers are looked at one by one. */
function expectFinite(value: unknown): void {
  if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true);
  else if (typeof value === 'object' && value !== null) Object.values(value).forEach(expectFinite);
}

it('compares any two tables with any preset and every method: no crash, no NaN, no infinity', () => {
  fc.assert(
    fc.property(table, table, rule, (a, b, r) => {
      const result = compareFrames(a, b, { rule: r, methods });
      expect(result.features).toHaveLength(1);
      expectFinite(result);
    }),
    { numRuns: 500 },
  );
});

it('a table compared with itself never drifts', () => {
  fc.assert(
    fc.property(table, rule, (a, r) => {
      expect(['noDrift', 'insufficient']).toContain(compareFrames(a, a, { rule: r }).dataset.verdict);
    }),
    { numRuns: 300 },
  );
});

it('losing all rows of a side turns every verdict into insufficient', () => {
  fc.assert(
    fc.property(table, rule, (a, r) => {
      const c = a.columns.get('x')!;
      const none: FrameColumn = c.kind === 'number' ? numberColumn([]) : stringColumn([]);
      const empty: Frame = { rows: 0, columns: new Map([['x', none]]) };
      for (const [x, y] of [
        [a, empty],
        [empty, a],
      ] as const) {
        expect(compareFrames(x, y, { rule: r }).dataset.verdict).toBe('insufficient');
      }
    }),
    { numRuns: 200 },
  );
});

it('the order of rows never matters', () => {
  fc.assert(
    fc.property(fc.array(number, { minLength: 1, maxLength: 40 }), table, rule, (values, b, r) => {
      const of = (v: readonly (number | null)[]): Frame => ({
        rows: v.length,
        columns: new Map([['x', numberColumn(v)]]),
      });
      expect(compareFrames(of([...values].reverse()), b, { rule: r })).toEqual(
        compareFrames(of(values), b, { rule: r }),
      );
    }),
    { numRuns: 200 },
  );
});
