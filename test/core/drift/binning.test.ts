import {
  countLeftClosed,
  evidentlyBins,
  evidentlyHellingerBins,
  quantileBins,
  quantileEdges,
  sturgesEdges,
} from '../../../core/drift/binning';

const range = (n: number, step = 1): Float64Array => Float64Array.from({ length: n }, (_, i) => i * step);

test('20 distinct values in the reference keep a bin each, 21 are binned by Sturges’ rule', () => {
  expect(evidentlyBins(range(20), range(25)).edges).toBeNull();
  expect(evidentlyBins(range(20), range(25)).current).toHaveLength(25);
  // log2(46) + 1 = 6.5
  expect(evidentlyBins(range(21), range(25)).edges).toHaveLength(8);
});

test('the integers 0 to 20 in 3,000,000 rows have bins of width 1, the same as doubles narrower ones', () => {
  const integers = sturgesEdges(0, 20, 3_000_000, true);
  expect(integers).toEqual(Array.from(range(21)));
  expect(sturgesEdges(0, 20, 3_000_000, false)).toHaveLength(24);
});

test('a value on an edge belongs to the bin above it, the largest value to the last bin', () => {
  expect(countLeftClosed([0, 1, 1, 2], [0, 1, 2])).toEqual([1, 3]);
  expect(countLeftClosed([-1, 0, 3], [0, 1, 2])).toEqual([1, 0]);
});

test('Evidently’s Hellinger bins two integers as one bin, so it cannot see them apart', () => {
  const pair = evidentlyHellingerBins(Float64Array.of(0, 0, 0), Float64Array.of(1));
  expect(pair).toEqual({ edges: [0, 1], reference: [3], current: [1] });
});

test('a spread above the largest double is binned', () => {
  const wide = Float64Array.from({ length: 30 }, (_, i) => (i / 29 - 0.5) * 2 * Number.MAX_VALUE);
  const { edges, reference } = evidentlyBins(wide, wide);
  expect(edges?.every(Number.isFinite)).toBe(true);
  expect(reference.reduce((sum, count) => sum + count, 0)).toBe(30);
});

test('ten quantile bins of 1 to 1000 hold 100 each and are open at both ends', () => {
  const { reference, current } = quantileBins(
    range(1000).map((v) => v + 1),
    Float64Array.of(-1e300, 1e300),
  );
  expect(reference).toEqual(new Array(10).fill(100));
  expect(current).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
});

test('a tied minimum gets an edge just below it, so that a sentinel −999 is seen', () => {
  const edges = quantileEdges(Float64Array.of(5, 5, 5, 5), 10);
  expect(edges).toHaveLength(2);
  expect(edges[0]).toBeLessThan(5);
  expect(5 - edges[0]!).toBeLessThan(1e-15);
  expect(quantileEdges(Float64Array.of(0, 0), 4)[0]).toBe(-Number.MIN_VALUE);
  expect(quantileEdges(Float64Array.of(-Number.MAX_VALUE), 4)).toEqual([-Number.MAX_VALUE]);
});
