import fc from 'fast-check';
import { addPerformanceCounts, countPerformance } from '../../../core/performance/count';
import { evaluatePredictions } from '../../../core/performance/evaluate-predictions';
import { metricsFromCounts } from '../../../core/performance/from-counts';
import type { AnsweredRows } from '../../../core/performance/labelled-rows';
import { numberColumn, stringColumn, type Frame } from '../../../core/frame';
import { isRatchetError } from '../../../core/errors';

interface Row {
  readonly score: number | null;
  readonly label: string | null;
  readonly truth: string | null;
}
const row: fc.Arbitrary<Row> = fc.record({
  score: fc.option(
    fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.5, 1, 1e300, -1e300), fc.double()),
  ),
  label: fc.option(fc.constantFrom('a', 'b', 'c', '1')),
  truth: fc.option(fc.constantFrom('a', 'b', 'c', '1', '0', '-2.5', '1e308')),
});
const shape = fc.constantFrom(
  { task: 'binary', classes: ['a', 'b'] } as const,
  { task: 'multiclass', classes: ['a', 'b', 'c'] } as const,
  { task: 'regression', classes: [] } as const,
);
const rowsOf = (of: Pick<AnsweredRows, 'task' | 'classes'>, rows: readonly Row[]): AnsweredRows => ({
  ...of,
  scores: rows.map((r) => r.score),
  labels: rows.map((r) => r.label),
  truths: rows.map((r) => r.truth),
});
/** Equal shapes, numbers within 1e-9; the order of keys says nothing. */
const close = (a: unknown, b: unknown): void => {
  if (typeof a === 'number' && typeof b === 'number') {
    expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(a)));
  } else if (a !== null && b !== null && typeof a === 'object' && typeof b === 'object') {
    expect(Object.keys(a).sort()).toEqual(Object.keys(b).sort());
    for (const [key, value] of Object.entries(a)) close(value, (b as Record<string, unknown>)[key]);
  } else {
    expect(a).toBe(b);
  }
};
const finite = (value: unknown): void => {
  JSON.stringify(value, (_, v: unknown) => {
    if (typeof v === 'number') expect(Number.isFinite(v)).toBe(true);
    return v;
  });
};

test('counts: the order of the rows never matters, and two halves add up to the whole but for ranks', () => {
  fc.assert(
    fc.property(shape, fc.array(row, { maxLength: 40 }), fc.nat(40), (of, rows, cut) => {
      const whole = countPerformance(rowsOf(of, rows));
      close(countPerformance(rowsOf(of, [...rows].reverse())), whole);
      const sum = addPerformanceCounts(
        countPerformance(rowsOf(of, rows.slice(0, cut))),
        countPerformance(rowsOf(of, rows.slice(cut))),
      );
      close({ ...sum, ranks: null }, { ...whole, ranks: null });
    }),
    { numRuns: 500 },
  );
});

test('metrics: never NaN or infinite, and every interval contains its value at 95 % and at 99.9 %', () => {
  fc.assert(
    fc.property(shape, fc.array(row, { maxLength: 40 }), (of, rows) => {
      const values = of.classes.length === 2 ? [[1, -3], [-2, 5]] : null; // prettier-ignore
      const counts = countPerformance(rowsOf(of, rows));
      finite(counts);
      for (const alpha of [0.05, 0.001]) {
        for (const metric of metricsFromCounts(counts, { values, alpha })) {
          finite(metric);
          if (metric.low !== null) expect(metric.low).toBeLessThanOrEqual(metric.value);
          if (metric.high !== null) expect(metric.high).toBeGreaterThanOrEqual(metric.value);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('predictions of any table: an evaluation without NaN, or a RatchetError', () => {
  const cell = fc.option(fc.oneof(fc.constantFrom('0', '1', 'true', 'no', 'x', '', '1e999', '-0'), fc.string()));
  const column = (n: number) =>
    fc.oneof(
      fc.array(fc.option(fc.double()), { minLength: n, maxLength: n }).map(numberColumn),
      fc.array(cell, { minLength: n, maxLength: n }).map(stringColumn),
    );
  const frame = fc
    .nat(15)
    .chain((n) =>
      fc
        .record({ truth: column(n), score: column(n), label: column(n), by: column(n) })
        .map((columns): Frame => ({ rows: n, columns: new Map(Object.entries(columns)) })),
    );
  const options = fc.record(
    {
      task: fc.constantFrom('binary' as const, 'multiclass' as const, 'regression' as const),
      score: fc.constant('score'),
      label: fc.constant('label'),
      slices: fc.constant(['by']),
    },
    { requiredKeys: [] },
  );
  let evaluated = 0;
  fc.assert(
    fc.property(frame, options, (table, own) => {
      try {
        const result = evaluatePredictions(table, { truth: 'truth', ...own });
        finite(result);
        expect(result.labelled).toBeLessThanOrEqual(result.rows);
        evaluated++;
      } catch (error) {
        if (!isRatchetError(error)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
  expect(evaluated).toBeGreaterThan(100);
});
