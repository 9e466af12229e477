import fc from 'fast-check';
import { compareColumns, ExactWorkspace, exactKs, radixSorted, type FloatArray } from '../../../../core/drift/exact';
import { countKeys } from '../../../../core/drift/exact/column-keys';
import { BUCKETS } from '../../../../core/drift/exact/float-key';
import { ksPValue, ksStatisticSorted } from '../../../../core/drift/ks';

/** One workspace for all, as a thread has it: what one comparison leaves behind would spoil the next. */
const workspace = new ExactWorkspace();
/** So many rows that the histogram is used; the values repeat, so few distinct ones make heavy ties. */
const ROWS = 24_000;

const special = fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 1e-45, -1e-45, 1e-38, 3.4028234663852886e38, -3.4e38);
const value = fc.oneof(
  { weight: 4, arbitrary: fc.float({ noNaN: true, noDefaultInfinity: true, min: -4, max: 4 }) },
  { weight: 2, arbitrary: fc.integer({ min: -3, max: 3 }) },
  { weight: 2, arbitrary: special },
  { weight: 1, arbitrary: fc.float() },
);
const recipe = fc.record({
  values: fc.array(value, { minLength: 1, maxLength: 40 }),
  /** 0: the values repeat; else they are spread by this share. */
  spread: fc.constantFrom(0, 0, 1e-6, 1e-3, 0.3),
  shift: fc.constantFrom(0, 0, 1e-3, 5),
  rows: fc.integer({ min: ROWS, max: ROWS + 3_000 }),
});

function column(make: { values: readonly number[]; spread: number; shift: number; rows: number }): Float64Array {
  let state = 12_345;
  return Float64Array.from({ length: make.rows }, (_, i) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const noise = state / 2 ** 32 - 0.5;
    return make.values[i % make.values.length]! * (1 + make.spread * noise) + make.shift;
  });
}

/** The plain method: finite values, the engine's sort, one merge. */
function plain(a: FloatArray, b: FloatArray, bins: number) {
  const [x, y] = [a, b].map((side) => Float64Array.from(side.filter((v) => Number.isFinite(v))).sort());
  const rows = [x!.length, y!.length] as const;
  if (rows[0] === 0 || rows[1] === 0)
    return { rows, ks: { statistic: 0, pValue: 1, method: 'exact' }, counts: [[], []] };
  const edges: number[] = [];
  for (let i = 1; i < bins; i++) {
    const edge = x![Math.max(0, Math.ceil((i * rows[0]) / bins) - 1)]!;
    if (edges.length === 0 || edge > edges.at(-1)!) edges.push(edge);
  }
  const below = edges[0] === x![0] ? [edges[0]!] : [];
  const counts = [x!, y!].map((side) => {
    const upTo = [
      ...below.map((edge) => side.filter((v) => v < edge).length),
      ...edges.map((edge) => side.filter((v) => v <= edge).length),
      side.length,
    ];
    return upTo.map((count, i) => count - (upTo[i - 1] ?? 0));
  });
  return { rows, ks: ksPValue(ksStatisticSorted(x!, y!), ...rows), counts, edges: edges.map((edge) => edge + 0) };
}

function expectSame(a: FloatArray, b: FloatArray): void {
  const ours = compareColumns(a, b, { bins: 10, workspace });
  const theirs = plain(a, b, 10);
  expect([ours.reference.rows, ours.current.rows]).toEqual(theirs.rows);
  expect(ours.reference.rows + ours.reference.missing + ours.reference.infinite).toBe(a.length);
  expect(ours.current.infinite).toBe(b.filter((v) => Math.abs(v) === Infinity).length);
  expect(Math.abs(ours.ks.statistic - theirs.ks.statistic)).toBeLessThanOrEqual(1e-12);
  expect(Math.abs(ours.ks.pValue - theirs.ks.pValue)).toBeLessThanOrEqual(1e-12);
  if (theirs.rows[0] > 0 && theirs.rows[1] > 0) {
    expect([ours.bins.reference, ours.bins.current]).toEqual(theirs.counts);
    expect(ours.bins.edges).toEqual(theirs.edges);
  }
  expect(Number.isFinite(ours.bins.psi)).toBe(true);
}

test('KS, edges and counts of 24,000-row float32 columns equal sorting: ties, constants, denormals, −0, NaN, infinities', () => {
  fc.assert(
    fc.property(recipe, recipe, (a, b) => expectSame(Float32Array.from(column(a)), Float32Array.from(column(b)))),
    { numRuns: 20 },
  );
});

test('the same for doubles, which differ below the histogram, and beyond the range of float32', () => {
  const scale = fc.constantFrom(1, 1e-60, 1e60, 1e300, 2 ** -1060);
  fc.assert(
    fc.property(recipe, recipe, scale, (a, b, by) =>
      expectSame(
        column(a).map((v) => v * by),
        column(b).map((v) => v * by),
      ),
    ),
    { numRuns: 12 },
  );
});

test('small columns of 0 to 60 rows equal sorting', () => {
  const small = fc.array(value, { maxLength: 60 });
  fc.assert(
    fc.property(small, small, (a, b) => {
      expectSame(Float32Array.from(a), Float32Array.from(b));
      expectSame(Float64Array.from(a), Float64Array.from(b));
    }),
    { numRuns: 200 },
  );
});

test('KS is symmetric and does not change under x → 2x + 8 on both sides, exact in float32 for halves', () => {
  const halves = fc.record({
    values: fc.array(
      fc.integer({ min: -4000, max: 4000 }).map((v) => v / 2),
      { minLength: 1, maxLength: 40 },
    ),
    spread: fc.constant(0),
    shift: fc.constantFrom(0, 1.5),
    rows: fc.integer({ min: ROWS, max: ROWS + 100 }),
  });
  fc.assert(
    fc.property(halves, halves, (a, b) => {
      const x = Float32Array.from(column(a));
      const y = Float32Array.from(column(b));
      const { statistic } = exactKs(x, y, workspace);
      expect(exactKs(y, x, workspace).statistic).toBeCloseTo(statistic, 14);
      const moved = [x, y].map((side) => side.map((v) => 2 * v + 8)) as [Float32Array, Float32Array];
      expect(exactKs(...moved, workspace).statistic).toBe(statistic);
    }),
    { numRuns: 10 },
  );
});

test('the radix sort of 2,048 to 6,000 rows equals the engine’s sort, both widths, all magnitudes', () => {
  const values = fc
    .array(
      fc.oneof(
        fc.double({ noNaN: true }),
        fc.float({ noNaN: true }),
        special.filter((v) => !Number.isNaN(v)),
      ),
      {
        minLength: 1,
        maxLength: 50,
      },
    )
    .chain((some) => fc.integer({ min: 2048, max: 6000 }).map((n) => ({ some, n })));
  fc.assert(
    fc.property(values, ({ some, n }) => {
      const doubles = Float64Array.from({ length: n }, (_, i) => some[(i * 7) % some.length]! * (1 + (i % 13) * 1e-9));
      for (const column of [doubles, Float32Array.from(doubles)] as FloatArray[]) {
        // + 0: the sort may turn −0 into 0, which are equal values
        expect(radixSorted(column).map((v) => v + 0)).toEqual(
          column
            .slice()
            .sort()
            .map((v) => v + 0),
        );
      }
    }),
    { numRuns: 30 },
  );
});

test('histograms of the parts of a column add up to the histogram of the whole', () => {
  fc.assert(
    fc.property(fc.array(fc.float(), { maxLength: 200 }), fc.nat(200), (values, at) => {
      const count = (part: number[]) => countKeys(Float32Array.from(part), new Int32Array(BUCKETS));
      const [whole, left, right] = [values, values.slice(0, at), values.slice(at)].map(count);
      expect(left!.counts.map((c, i) => c + right!.counts[i]!)).toEqual(whole!.counts);
      expect(left!.rows + right!.rows).toBe(whole!.rows);
    }),
    { numRuns: 20 },
  );
});
