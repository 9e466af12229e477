import {
  buildKeyHistogram,
  compareColumns,
  encodeKeyHistogram,
  exactCramerVonMises,
  exactKs,
  exactWasserstein,
  ksBounds,
  sortPair,
} from '../../../../core/drift/exact';
import { keyOfBits, bitsOfKey, bitsOf, lowestValueOf, bucketOfKey } from '../../../../core/drift/exact/float-key';
import { cramerVonMisesSorted } from '../../../../core/drift/cramer-von-mises';
import { buildReferenceProfile } from '../../../../core/drift/profile-build';
import { wassersteinSorted } from '../../../../core/drift/wasserstein';
import { goldens } from '../../../golden/scipy-goldens';

/** Irrational steps: 50,000 distinct values, evenly spread over (0, 1). */
const spread = (rows: number, scale: number, shift: number): Float32Array =>
  Float32Array.from({ length: rows }, (_, i) => ((i * 0.6180339887498949) % 1) * scale + shift);

describe('exact statistics of two columns', () => {
  test('KS and p equal every SciPy golden of two samples, as doubles', () => {
    const wrong = goldens.ksSamples.filter((c) => {
      const r = exactKs(Float64Array.from(c.a), Float64Array.from(c.b));
      return !(Math.abs(r.statistic - c.statistic) <= 1e-9 && Math.abs(r.pValue - c.p) <= 1e-9);
    });
    expect(goldens.ksSamples.length).toBeGreaterThan(100);
    expect(wrong).toEqual([]);
  });

  test('50,000 v 40,000 evenly spread rows, one side moved by 0.25: D is 0.25 to the grid, and rows are counted', () => {
    const result = exactKs(spread(50_000, 1, 0), spread(40_000, 1, 0.25));
    expect(result).toMatchObject({ method: 'asymptotic', referenceRows: 50_000, currentRows: 40_000 });
    expect(result.statistic).toBeCloseTo(0.25, 3);
    expect(result.pValue).toBe(0);
  });

  test('NaN is missing, infinities are left out and counted, on both sides', () => {
    const reference = spread(50_000, 1, -0.5);
    reference.set([NaN, NaN, Infinity, -Infinity, -Infinity], 100);
    const { reference: a, current: b } = compareColumns(reference, Float32Array.of(NaN, Infinity, 1));
    expect(a).toEqual({ rows: 49_995, missing: 2, infinite: 3 });
    expect(b).toEqual({ rows: 1, missing: 1, infinite: 1 });
  });

  test('a side of 30,000 NaN, and no rows at all, give D = 0 and p = 1', () => {
    const ks = { statistic: 0, pValue: 1, method: 'exact' };
    expect(compareColumns(spread(30_000, 1, 0), new Float32Array(30_000).fill(NaN)).ks).toEqual(ks);
    expect(compareColumns(new Float64Array(0), new Float64Array(0)).ks).toEqual(ks);
  });

  test('a float32 column and the same numbers as doubles do not differ', () => {
    const doubles = Float64Array.from({ length: 45_000 }, (_, i) => 10.35702 + (i % 100) / 10);
    expect(exactKs(doubles, Float32Array.from(doubles)).statistic).toBe(0);
    expect(exactKs(Float32Array.from(doubles), doubles).statistic).toBe(0);
  });

  test('a sorted reference gives what the unsorted one gives', () => {
    const reference = spread(50_000, 2, -1);
    const current = spread(45_000, 2, -0.9);
    const sorted = { sorted: reference.slice().sort() };
    expect(compareColumns(sorted, current)).toEqual(compareColumns(reference, current));
    const tied = { sorted: new Float32Array(50_000).fill(3) };
    expect(compareColumns(tied, current)).toEqual(compareColumns(tied.sorted, current));
  });

  test('the bins are those that a reference profile freezes, ties at the minimum included', () => {
    const column = Array.from({ length: 50_000 }, (_, i) => (i % 3 === 0 ? 0 : Math.fround((i * 0.618) % 1)));
    const specs = [{ name: 'x', kind: 'number' as const }];
    const profile = buildReferenceProfile({ rows: column.length, columns: { x: column } }, specs, { bins: 10 });
    const frozen = profile.features['x'] as { edges: readonly number[]; counts: readonly number[] };
    const { bins } = compareColumns(Float32Array.from(column), Float32Array.from([...column, -999]));
    expect(bins.belowMinimum).toBe(true);
    expect(bins.edges).toEqual(frozen.edges.slice(1));
    expect(bins.reference).toEqual(frozen.counts);
    expect(bins.current[0]).toBe(1);
  });

  test('Wasserstein and Cramér–von Mises are those of the sorted columns; a side without values has neither', () => {
    const a = spread(9_000, 1, 0);
    const b = spread(8_000, 1.5, 0);
    const pair = sortPair(a, b);
    const [x, y] = [Float64Array.from(a).sort(), Float64Array.from(b).sort()] as const;
    expect(exactWasserstein(pair)?.distance).toBe(wassersteinSorted(x, y));
    expect(exactCramerVonMises(pair)).toEqual(cramerVonMisesSorted(x, y));
    expect(exactWasserstein(sortPair(a, Float32Array.of(NaN)))).toBeNull();
    expect(exactCramerVonMises(sortPair(new Float32Array(0), b))).toBeNull();
  });
});

describe('float keys', () => {
  test('order as the values do, 0 and −0 alike, and turn back into the bits', () => {
    const rising = Float32Array.of(-Infinity, -3e38, -1, -1e-45, -0, 0, 1e-45, 1e-38, 0.1, 1, 3e38, Infinity);
    const keys = [...bitsOf(rising)].map(keyOfBits);
    expect(keys).toEqual([...keys].sort((a, b) => a - b));
    expect(keys[4]).toBe(0);
    expect(new Set(keys).size).toBe(rising.length - 1);
    expect(new Float32Array(Int32Array.from(keys, bitsOfKey).buffer).map((v) => v + 0)).toEqual(
      rising.map((v) => v + 0),
    );
  });

  test('a bucket’s lowest value lies in the bucket and is at most 2⁻¹⁰ below its values', () => {
    for (const value of [-3.4e38, -2, -1e-3, 0, 1e-3, 1, 1.5, 3.4e38]) {
      const bucket = bucketOfKey(keyOfBits(bitsOf(Float32Array.of(value))[0]!));
      const lowest = lowestValueOf(bucket);
      expect(bucketOfKey(keyOfBits(bitsOf(Float32Array.of(lowest))[0]!))).toBe(bucket);
      expect(lowest).toBeLessThanOrEqual(Math.fround(value));
      expect(Math.fround(value) - lowest).toBeLessThanOrEqual(Math.abs(value) * 2 ** -9);
    }
  });
});

describe('key histograms', () => {
  test('100,000 evenly spread rows take under 30 KB and pin D to 0.002', () => {
    const reference = buildKeyHistogram(spread(100_000, 1, 0));
    const current = buildKeyHistogram(spread(100_000, 1, 0.1));
    expect(encodeKeyHistogram(reference).length).toBeLessThan(30_000);
    const { low, high } = ksBounds(reference, current);
    expect(high - low).toBeLessThan(0.002);
    expect(low).toBeCloseTo(0.1, 3);
  });

  test('say nothing about a side without rows', () => {
    expect(ksBounds(buildKeyHistogram(Float32Array.of(NaN)), buildKeyHistogram(Float32Array.of(1)))).toEqual({
      low: 0,
      high: 0,
    });
  });
});
