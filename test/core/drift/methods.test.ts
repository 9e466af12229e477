import {
  CATEGORICAL_METHODS,
  NUMERIC_METHODS,
  type CategoricalMethod,
  type NumericMethod,
} from '../../../core/drift/method';
import { runCategoricalMethod, runNumericMethod } from '../../../core/drift/methods';
import { mannWhitneySorted } from '../../../core/drift/mann-whitney';
import { cramerVonMisesSorted } from '../../../core/drift/cramer-von-mises';
import { sortFinite } from '../../../core/drift/sort-finite';

const sample = (...values: number[]): Float64Array => Float64Array.from(values);
const counts = (of: Record<string, number>): Map<string, number> => new Map(Object.entries(of));

describe('an empty side', () => {
  test.each(NUMERIC_METHODS)(
    '%s of no rows, or of nothing but NaN and infinity, is null and says which side',
    (method) => {
      const nothing = sample(NaN, Infinity, -Infinity);
      const base = { method, statistic: null, pValue: null };
      expect(runNumericMethod(method, sample(1), nothing)).toEqual({ ...base, note: 'the current rows have no value' });
      expect(runNumericMethod(method, nothing, sample(1))).toEqual({ ...base, note: 'the reference has no value' });
      expect(runNumericMethod(method, sample(), nothing)).toEqual({ ...base, note: 'neither side has a value' });
    },
  );

  test.each(CATEGORICAL_METHODS)('%s of no counts, or of zeros, is null and says which side', (method) => {
    const base = { method, statistic: null, pValue: null };
    const [some, none] = [counts({ a: 3 }), counts({ a: 0 })];
    expect(runCategoricalMethod(method, some, none)).toEqual({ ...base, note: 'the current rows have no value' });
    expect(runCategoricalMethod(method, none, some)).toEqual({ ...base, note: 'the reference has no value' });
    expect(runCategoricalMethod(method, none, new Map())).toEqual({ ...base, note: 'neither side has a value' });
  });
});

describe('constants', () => {
  test.each(NUMERIC_METHODS)('%s of 30 against 50 equal values: p 1 or distance 0, with both binnings', (method) => {
    for (const binning of ['quantile', 'evidently'] as const) {
      const result = runNumericMethod(method, new Float64Array(30).fill(-0), new Float64Array(50), { binning });
      if (result.pValue === null) expect(result.statistic).toBe(0);
      else expect(result.pValue).toBe(1);
    }
  });

  test.each<[NumericMethod, number | null, number | null]>([
    ['ks', 1, 0],
    ['t', null, 0],
    ['welch', null, 0],
    ['energy', Math.SQRT2, null],
    ['wasserstein', 1000, null],
    ['hellinger', 1, null],
    ['js', Math.sqrt(Math.LN2), null],
  ])('%s of 30 threes against 50 fours has statistic %p and p near %p', (method, statistic, p) => {
    const result = runNumericMethod(method, new Float64Array(30).fill(3), new Float64Array(50).fill(4));
    if (statistic === null) expect(result.statistic).toBeNull();
    else expect(result.statistic).toBeCloseTo(statistic, 9);
    if (p === null) expect(result.pValue).toBeNull();
    else expect(result.pValue).toBeCloseTo(p, 9);
  });
});

test.each(CATEGORICAL_METHODS)('%s of one category on both sides: p 1 or distance 0', (method) => {
  const result = runCategoricalMethod(method, counts({ a: 30 }), counts({ a: 7 }));
  if (result.pValue === null) expect(result.statistic).toBe(0);
  else expect(result.pValue).toBe(1);
});

describe('few rows', () => {
  test('a t test of 1 against 1 row and Welch of 1 against 9 have no variance: null with the number of rows they need', () => {
    const note = 'needs at least 3 values on both sides together';
    expect(runNumericMethod('t', sample(1), sample(2))).toEqual({ method: 't', statistic: null, pValue: null, note });
    expect(runNumericMethod('welch', sample(1), sample(2, 3, 4)).note).toBe('needs at least 2 values on each side');
    expect(runNumericMethod('t', sample(1), sample(2, 3)).pValue).toBeCloseTo(0.3333333333333333, 12);
  });

  test('Anderson–Darling needs 4 rows together', () => {
    expect(runNumericMethod('anderson', sample(1), sample(2, 3)).pValue).toBeNull();
    expect(runNumericMethod('anderson', sample(1, 2), sample(3, 4)).pValue).not.toBeNull();
  });
});

describe('extreme doubles', () => {
  const huge = sample(-Number.MAX_VALUE, -1e308, 0, 1e308, Number.MAX_VALUE);
  const tiny = sample(-Number.MIN_VALUE, 0, Number.MIN_VALUE, 5e-320);

  test('the t test of ±1e308 equals that of ±1: nothing overflows', () => {
    const [a, b] = [sample(-1, 0.5, 1, 0.25), sample(0.75, 1, 1.5, -0.5)];
    const [x, y] = [a, b].map((side) => side.map((v) => v * 2 ** 1022)) as [Float64Array, Float64Array];
    for (const method of ['t', 'welch', 'wasserstein'] as const) {
      expect(runNumericMethod(method, x, y)).toEqual(runNumericMethod(method, a, b));
    }
  });

  test.each(NUMERIC_METHODS)('%s of values up to the largest and the smallest double is finite', (method) => {
    for (const [a, b] of [
      [huge, tiny],
      [tiny, huge],
      [huge, huge.map((v) => v / 2)],
      [tiny, tiny.map((v) => v * 3)],
    ] as const) {
      const { statistic, pValue } = runNumericMethod(method, a, b);
      expect(statistic).not.toBeNaN();
      expect(Number.isFinite(statistic ?? 0) && Number.isFinite(pValue ?? 0)).toBe(true);
    }
  });

  test('a Wasserstein distance above the largest double is the largest double', () => {
    expect(runNumericMethod('wasserstein', sample(-1e308, -1e308), sample(1e308)).statistic).toBe(Number.MAX_VALUE);
  });

  test('−0 and 0 are one value', () => {
    expect([...sortFinite([0, -0, -1])]).toEqual([-1, 0, 0]);
    expect(runNumericMethod('mannwhitney', sample(-0, 0), sample(0)).pValue).toBe(1);
  });
});

describe('categories', () => {
  test.each<CategoricalMethod>(['chisquare', 'g'])(
    '%s: a new category is infinite, so p is 0 and the statistic null',
    (m) => {
      expect(runCategoricalMethod(m, counts({ a: 9 }), counts({ a: 8, b: 1 }))).toMatchObject({
        statistic: null,
        pValue: 0,
      });
    },
  );

  test('Fisher of three categories, or of weights, is null and says why', () => {
    const three = counts({ a: 1, b: 2, c: 3 });
    expect(runCategoricalMethod('fisher', three, three).note).toBe('needs at most 2 categories, there are 3');
    expect(runCategoricalMethod('fisher', counts({ a: 1.5, b: 1 }), counts({ a: 1 })).note).toBe('needs whole counts');
  });

  test('a category that has count 0 everywhere changes nothing', () => {
    for (const method of CATEGORICAL_METHODS) {
      const plain = runCategoricalMethod(method, counts({ a: 4, b: 5 }), counts({ a: 6, b: 2 }));
      expect(runCategoricalMethod(method, counts({ a: 4, b: 5, c: 0 }), counts({ b: 2, a: 6 }))).toEqual(plain);
    }
  });

  test.each([-1, NaN, Infinity, 2 ** 53, 1e-12])('a count of %p is refused', (count) => {
    expect(() => runCategoricalMethod('psi', counts({ a: 1 }), counts({ a: count }))).toThrow(
      expect.objectContaining({ code: 'RATCHET_INPUT_INVALID' }),
    );
  });
});

test.each([1, 2.5, NaN])('%p bins are refused', (bins) => {
  expect(() => runNumericMethod('psi', sample(1), sample(1), { bins })).toThrow(
    expect.objectContaining({ code: 'RATCHET_INPUT_INVALID' }),
  );
});

test('the fixed samples of drift.md: Anderson 0.0635, t 0.0841, KS 0.0870, CvM 0.0643, W 4.1625, energy 1.5702', () => {
  const a = sample(38.7, 41.5, 43.8, 44.5, 45.5, 46, 47.7, 58);
  const b = sample(39.2, 39.3, 39.7, 41.4, 41.8, 42.9, 43.3, 45.8);
  const p = (method: NumericMethod): number | null => runNumericMethod(method, a, b).pValue;
  expect(p('anderson')).toBeCloseTo(0.06351467728760844, 12);
  expect(p('t')).toBeCloseTo(0.08410572024397057, 12);
  expect(p('ks')).toBeCloseTo(0.08702408702408701, 12);
  expect(p('cvm')).toBeCloseTo(0.06433566433566433, 12);
  expect(runNumericMethod('wasserstein', a, b).statistic).toBeCloseTo(0.781236105789365, 12);
  expect(runNumericMethod('energy', a, b).statistic).toBeCloseTo(1.570230874744221, 12);
  expect(
    runNumericMethod(
      'energy',
      a,
      a.map((v) => v + 5),
    ).statistic,
  ).toBeCloseTo(1.9332614929181204, 12);
});

test('Mann–Whitney less of Evidently’s test frame is 0.48143', () => {
  const rows = (of: readonly number[]): Float64Array =>
    Float64Array.from(of.flatMap((n, i) => new Array<number>(n).fill(i + 1)));
  const [a, b] = [rows([16, 18, 16, 14, 12, 12]), rows([16, 16, 16, 16, 16, 8])];
  expect(runNumericMethod('mannwhitney', a, b, { alternative: 'less' }).pValue).toBeCloseTo(0.4814330305987495, 12);
});

test('Mann–Whitney is exact up to 8 rows on one side without ties, 8 × 20,000 included', () => {
  const many = Float64Array.from({ length: 20_000 }, (_, i) => i);
  const eight = Float64Array.from({ length: 8 }, (_, i) => i * 2500 + 0.5);
  expect(mannWhitneySorted(eight, many)).toMatchObject({ method: 'exact' });
  expect(mannWhitneySorted(eight, many.map(Math.round).slice(0, 7)).method).toBe('exact');
  expect(mannWhitneySorted(many.slice(0, 9), many.slice(9, 18)).method).toBe('asymptotic');
  expect(mannWhitneySorted(sample(1, 2), sample(2, 3)).method).toBe('asymptotic');
});

test('Cramér–von Mises is exact up to 20 rows a side', () => {
  const rows = (n: number, from: number): Float64Array => Float64Array.from({ length: n }, (_, i) => from + i);
  expect(cramerVonMisesSorted(rows(20, 0), rows(19, 0.5)).method).toBe('exact');
  expect(cramerVonMisesSorted(rows(21, 0), rows(3, 0.5)).method).toBe('asymptotic');
  // All 20 below all 20: the two most extreme of C(40,20) arrangements.
  expect(cramerVonMisesSorted(rows(20, 0), rows(20, 30)).pValue).toBeCloseTo(2 / 137846528820, 22);
});
