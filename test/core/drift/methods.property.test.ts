import fc from 'fast-check';
import { countLeftClosed, evidentlyBins, sturgesEdges } from '../../../core/drift/binning';
import { countInBins } from '../../../core/drift/feature-values';
import {
  CATEGORICAL_METHODS,
  NUMERIC_METHODS,
  type CategoricalMethod,
  type MethodResult,
  type NumericMethod,
} from '../../../core/drift/method';
import { runCategoricalMethod, runNumericMethod } from '../../../core/drift/methods';
import { sortFinite } from '../../../core/drift/sort-finite';
import { cramerVonMisesTail } from '../../../core/drift/special/cramer-von-mises-tail';
import { studentTwoSided } from '../../../core/drift/special/student-t';

/** Any doubles: NaN, infinities, −0, the largest and the smallest, with ties. */
const anything = fc.array(
  fc.oneof(fc.double(), fc.integer({ min: -3, max: 3 }), fc.constantFrom(-0, 1e308, -1e308, 5e-324, Number.MAX_VALUE)),
  { maxLength: 40 },
);
const integers = fc.array(fc.integer({ min: -30, max: 30 }), { minLength: 1, maxLength: 40 });
const tables = fc
  .dictionary(fc.constantFrom('a', 'b', 'c', '__proto__', ''), fc.nat(60))
  .map((counts) => new Map(Object.entries(counts)));
const binning = fc.constantFrom('quantile' as const, 'evidently' as const);

/** Largest value of a distance that has one. */
const UPPER: Partial<Record<string, number>> = {
  ks: 1,
  js: Math.sqrt(Math.LN2) + 1e-12,
  hellinger: 1,
  tvd: 1,
  linf: 1,
};
const SIGNED = new Set(['cvm', 'anderson', 't', 'welch', 'z']);

function expectDefined(result: MethodResult): void {
  const { method, statistic, pValue, note } = result;
  // JSON turns NaN and infinity into null, so equality after it finds them anywhere.
  expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  if (statistic === null) expect(note).toBeDefined();
  else if (!SIGNED.has(method)) {
    expect(statistic).toBeGreaterThanOrEqual(0);
    expect(statistic).toBeLessThanOrEqual(UPPER[method] ?? Number.MAX_VALUE);
  }
  if (pValue !== null) {
    expect(pValue).toBeGreaterThanOrEqual(0);
    expect(pValue).toBeLessThanOrEqual(1);
  }
}

test.each(NUMERIC_METHODS)('%s of any doubles is defined, in its range, and survives JSON', (method) => {
  fc.assert(
    fc.property(anything, anything, binning, (a, b, how) => {
      expectDefined(runNumericMethod(method, a, b, { binning: how }));
    }),
    { numRuns: 600 },
  );
});

test.each(CATEGORICAL_METHODS)('%s of any counts is defined, in its range, and survives JSON', (method) => {
  fc.assert(
    fc.property(tables, tables, binning, (a, b, how) => {
      expectDefined(runCategoricalMethod(method, a, b, { binning: how }));
    }),
    { numRuns: 600 },
  );
});

/** Anderson–Darling’s table ends at p = 0.25. */
const LARGEST_P: Partial<Record<string, number>> = { anderson: 0.25 };

test.each(NUMERIC_METHODS)('%s of a sample with itself: p at its largest, or distance 0', (method) => {
  fc.assert(
    fc.property(integers, binning, (a, how) => {
      const { statistic, pValue, note } = runNumericMethod(method, a, a, { binning: how });
      if (pValue !== null) expect(pValue).toBeGreaterThanOrEqual(LARGEST_P[method] ?? 1 - 1e-12);
      else if (statistic === null) expect(note).toMatch(/^needs at least/);
      else expect(statistic).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test.each(CATEGORICAL_METHODS)('%s of counts with themselves: p 1, or distance 0', (method) => {
  fc.assert(
    fc.property(tables, (a) => {
      const { statistic, pValue, note } = runCategoricalMethod(method, a, a);
      if (pValue !== null) expect(pValue).toBeGreaterThanOrEqual(1 - 1e-9);
      else if (statistic === null) expect(note).toBeDefined();
      else expect(statistic).toBe(0);
    }),
    { numRuns: 300 },
  );
});

const SYMMETRIC: readonly NumericMethod[] = ['ks', 'cvm', 'anderson', 'mannwhitney', 't', 'welch', 'energy'];

test.each(SYMMETRIC)('%s gives the same p and the same size of statistic when the sides change places', (method) => {
  fc.assert(
    fc.property(integers, integers, (a, b) => {
      const there = runNumericMethod(method, a, b);
      const back = runNumericMethod(method, b, a);
      expect(back.pValue ?? -1).toBeCloseTo(there.pValue ?? -1, 11);
      if (method !== 'mannwhitney')
        expect(Math.abs(back.statistic ?? -1)).toBeCloseTo(Math.abs(there.statistic ?? -1), 9);
      else expect((back.statistic ?? NaN) + (there.statistic ?? NaN)).toBe(a.length * b.length);
    }),
    { numRuns: 300 },
  );
});

test.each<NumericMethod>(['js', 'hellinger', 'psi'])(
  '%s over Evidently’s bins is symmetric where nothing is filled',
  (method) => {
    fc.assert(
      fc.property(integers, integers, (a, b) => {
        const both = [...a, ...b];
        const there = runNumericMethod(method, [...a, ...both], [...b, ...both], { binning: 'evidently' });
        const back = runNumericMethod(method, [...b, ...both], [...a, ...both], { binning: 'evidently' });
        expect(back.statistic).toBeCloseTo(there.statistic ?? NaN, 11);
      }),
      { numRuns: 300 },
    );
  },
);

test.each<CategoricalMethod>(['chisquare_contingency', 'z', 'fisher', 'psi', 'js', 'hellinger', 'tvd', 'linf'])(
  '%s is symmetric',
  (method) => {
    fc.assert(
      fc.property(tables, tables, (a, b) => {
        const there = runCategoricalMethod(method, a, b);
        const back = runCategoricalMethod(method, b, a);
        expect(back.pValue ?? -1).toBeCloseTo(there.pValue ?? -1, 11);
        if (method !== 'fisher') expect(Math.abs(back.statistic ?? -1)).toBeCloseTo(Math.abs(there.statistic ?? -1), 9);
      }),
      { numRuns: 300 },
    );
  },
);

test.each<NumericMethod>(['ks', 'cvm', 'anderson', 'mannwhitney'])(
  '%s depends on ranks only: a strictly rising map changes nothing',
  (method) => {
    const rising = (v: number): number => v ** 3 + 7 * v - 4;
    fc.assert(
      fc.property(integers, integers, (a, b) => {
        expect(runNumericMethod(method, a.map(rising), b.map(rising))).toEqual(runNumericMethod(method, a, b));
      }),
      { numRuns: 300 },
    );
  },
);

test.each<NumericMethod>(['psi', 'kl', 'js', 'hellinger'])('%s over quantile bins depends on ranks only', (method) => {
  const rising = (v: number): number => v ** 3 + 7 * v - 4;
  fc.assert(
    fc.property(integers, integers, (a, b) => {
      expect(runNumericMethod(method, a.map(rising), b.map(rising))).toEqual(runNumericMethod(method, a, b));
    }),
    { numRuns: 300 },
  );
});

test.each<NumericMethod>(['t', 'welch', 'wasserstein'])(
  '%s has no unit: values times 8 plus 64 change nothing',
  (method) => {
    fc.assert(
      fc.property(integers, integers, (a, b) => {
        const map = (v: number): number => v * 8 + 64;
        const plain = runNumericMethod(method, a, b);
        const mapped = runNumericMethod(method, a.map(map), b.map(map));
        // A constant reference is normed by 0.001, which has a unit.
        fc.pre(method !== 'wasserstein' || new Set(a).size > 1);
        expect(mapped.statistic ?? 1e9).toBeCloseTo(plain.statistic ?? 1e9, 9);
        expect(mapped.pValue ?? -1).toBeCloseTo(plain.pValue ?? -1, 11);
      }),
      { numRuns: 300 },
    );
  },
);

test('the order of the rows does not matter', () => {
  fc.assert(
    fc.property(fc.constantFrom(...NUMERIC_METHODS), anything, anything, (method, a, b) => {
      expect(runNumericMethod(method, [...a].reverse(), [...b].reverse())).toEqual(runNumericMethod(method, a, b));
    }),
    { numRuns: 600 },
  );
});

test('histograms add up: the counts of a concatenation are the sums of the counts, for both kinds of bins', () => {
  fc.assert(
    fc.property(integers, integers, fc.integer({ min: 2, max: 40 }), (a, b, size) => {
      const [x, y, both] = [sortFinite(a), sortFinite(b), sortFinite([...a, ...b])];
      const edges = sturgesEdges(both[0]!, both.at(-1)!, size, false);
      for (const count of [countLeftClosed, countInBins]) {
        const [first, second] = [count(x, edges), count(y, edges)];
        expect(count(both, edges)).toEqual(first.map((n, i) => n + second[i]!));
      }
    }),
    { numRuns: 500 },
  );
});

test('every value falls into exactly one of Evidently’s bins', () => {
  const finite = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(finite, finite, (a, b) => {
      const pair = evidentlyBins(sortFinite(a), sortFinite(b));
      expect(pair.reference.reduce((sum, n) => sum + n, 0)).toBe(a.length);
      expect(pair.current.reduce((sum, n) => sum + n, 0)).toBe(b.length);
    }),
    { numRuns: 500 },
  );
});

test('tails are probabilities, and Student’s falls as |t| rises', () => {
  const x = fc.double({ noNaN: true });
  fc.assert(
    fc.property(x, x, fc.double({ min: 1e-3, max: 1e7, noNaN: true }), (s, t, df) => {
      const [low, high] = [Math.min(Math.abs(s), Math.abs(t)), Math.max(Math.abs(s), Math.abs(t))];
      expect(studentTwoSided(low, df)).toBeGreaterThanOrEqual(studentTwoSided(high, df) - 1e-12);
      for (const p of [studentTwoSided(s, df), cramerVonMisesTail(s)]) {
        expect(p).toBeGreaterThanOrEqual(0);
        expect(p).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 1000 },
  );
});
