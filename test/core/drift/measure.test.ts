import { measureDrift } from '../../../core/drift/measure';
import { buildReferenceProfile } from '../../../core/drift/profile-build';
import { SAMPLE_ROWS, type NumericProfile } from '../../../core/drift/profile';
import { Sfc32 } from '../../../core/gate/sfc32';
import type { FeatureColumns, FeatureSpec, FeatureValue } from '../../../core/model';
import type { DriftPolicy } from '../../../core/policy';

const policy: DriftPolicy = {
  windowMs: 1,
  anchor: 0,
  numeric: { method: 'psi', bins: 10, warn: 0.1, threshold: 0.2, also: [] },
  categorical: { method: 'js', warn: 0.05, threshold: 0.1, also: [] },
  alpha: 0.05,
  pValue: 'exact',
  clusterBy: 'none',
  minRows: 200,
  minFeatures: 2,
  minShare: 0.5,
  weightByImportance: false,
  anyTopK: null,
  prediction: 'off',
  correlation: 'off',
  correlationChange: 0.2,
  importanceDrift: 'off',
  importanceNdcg: 0.9,
};

const x: FeatureSpec = { name: 'x', kind: 'number' };
const c: FeatureSpec = { name: 'c', kind: 'string' };

const rowsOf = (columns: Record<string, readonly FeatureValue[]>): FeatureColumns => ({
  rows: Math.max(0, ...Object.values(columns).map((values) => values.length)),
  columns,
});

function uniform(n: number, seed: number, shift = 0): number[] {
  const random = new Sfc32(seed);
  return Array.from({ length: n }, () => random.nextUint32() / 2 ** 32 + shift);
}
const letters = (n: number, share: number): string[] =>
  Array.from({ length: n }, (_, i) => (i < n * share ? 'a' : 'b'));

const reference = rowsOf({ x: uniform(5000, 1), c: letters(5000, 0.5) });
const profile = buildReferenceProfile(reference, [x, c], { bins: 10 });
const featureOf = (columns: FeatureColumns, spec: FeatureSpec, own = policy) =>
  measureDrift(profile, columns, [spec], own).features[0]!;

describe('reference profile', () => {
  test('10 bins of 5000 distinct values hold 500 each', () => {
    expect((profile.features['x'] as NumericProfile).counts).toEqual(Array(10).fill(500));
  });

  test('the sample of 25,000 rows has 10,000, within 1/20,000 of their distribution', () => {
    const large = buildReferenceProfile(rowsOf({ x: Array.from({ length: 25_000 }, (_, i) => i) }), [x], { bins: 10 });
    const sample = (large.features['x'] as NumericProfile).sample;
    expect(sample.length).toBe(SAMPLE_ROWS);
    const worst = Math.max(...sample.map((value, i) => Math.abs((value + 1) / 25_000 - (i + 1) / SAMPLE_ROWS)));
    expect(worst).toBeLessThanOrEqual(1 / SAMPLE_ROWS);
  });

  test('a constant has three bins: below, equal, above', () => {
    const constant = buildReferenceProfile(rowsOf({ x: Array(300).fill(7) }), [x], { bins: 10 });
    const numeric = constant.features['x'] as NumericProfile;
    expect(numeric.counts).toEqual([0, 300, 0]);
    expect(numeric.edges[1]).toBe(7);
    expect(numeric.edges[0]).toBeLessThan(7);
  });

  test('an all-null feature has no edges, no sample and null bounds', () => {
    const empty = buildReferenceProfile(rowsOf({ x: [null, null, null] }), [x], { bins: 10 });
    expect(empty.features['x']).toEqual({
      kind: 'number',
      rows: 3,
      nulls: 3,
      min: null,
      max: null,
      edges: [],
      counts: [0],
      sample: [],
      sturges: { edges: [], counts: [0] },
      mean: null,
      deviation: null,
    });
  });

  test('is plain JSON and the same for the same rows', () => {
    expect(JSON.parse(JSON.stringify(profile))).toEqual(profile);
    expect(JSON.stringify(buildReferenceProfile(reference, [x, c], { bins: 10 }))).toBe(JSON.stringify(profile));
  });

  test('a missing column is refused with its name', () => {
    expect(() => buildReferenceProfile(rowsOf({ x: [1] }), [c], { bins: 10 })).toThrow(/no column "c"/);
  });

  test('1 bin is refused', () => {
    expect(() => buildReferenceProfile(reference, [x], { bins: 1 })).toThrow(
      expect.objectContaining({ code: 'RATCHET_INPUT_INVALID' }),
    );
  });
});

describe('drift of one feature', () => {
  test('another sample of the same distribution is ok, with its numbers', () => {
    const f = featureOf(rowsOf({ x: uniform(1000, 2) }), x);
    expect(f.level).toBe('ok');
    expect(f.effect).toBeLessThan(0.1);
    expect(f.pValue).toBeGreaterThan(0.05);
    expect(f.reference).toEqual({ rows: 5000, nulls: 0 });
    expect(f.current).toEqual({ rows: 1000, nulls: 0 });
  });

  test('a shift of 0.3 of a uniform feature is drift: PSI above 0.2 and p below 0.05', () => {
    const f = featureOf(rowsOf({ x: uniform(1000, 2, 0.3) }), x);
    expect(f).toMatchObject({ level: 'drift', method: 'psi', test: { name: 'ks', method: 'exact' } });
    expect(f.effect).toBeGreaterThan(0.2);
    expect(f.adjustedPValue).toBeLessThan(1e-10);
  });

  test('a large effect without significance is ok, a significant small effect too', () => {
    const never: DriftPolicy = { ...policy, alpha: 0 };
    expect(featureOf(rowsOf({ x: uniform(1000, 2, 0.3) }), x, never).level).toBe('ok');
    const demanding: DriftPolicy = { ...policy, numeric: { ...policy.numeric, warn: 50, threshold: 99 } };
    const f = featureOf(rowsOf({ x: uniform(1000, 2, 0.3) }), x, demanding);
    expect(f.level).toBe('ok');
    expect(f.adjustedPValue).toBeLessThan(0.05);
  });

  test('float32 rounding of the log is no drift: 10.35702 stored as real equals 10.35702', () => {
    const values = Array.from({ length: 3000 }, (_, i) => [3.45234, 5.7539, 8.05546, 10.35702, 12.65858][i % 5]!);
    const own = buildReferenceProfile(rowsOf({ x: values }), [x], { bins: 10 });
    const f = measureDrift(own, rowsOf({ x: values.map(Math.fround) }), [x], policy).features[0]!;
    expect(f).toMatchObject({ effect: 0, pValue: 1, level: 'ok' });
  });

  test('a sentinel −1 in 30 % of a feature that was mostly 0 is drift', () => {
    const before = Array.from({ length: 2000 }, (_, i) => (i % 10 === 0 ? 1 + i : 0));
    const now = before.map((value, i) => (i % 10 < 3 ? -1 : value));
    const own = buildReferenceProfile(rowsOf({ x: before }), [x], { bins: 10 });
    expect(measureDrift(own, rowsOf({ x: now }), [x], policy).features[0]!.level).toBe('drift');
  });

  test('a constant that changes its value downwards or upwards is drift; one that does not is ok', () => {
    const own = buildReferenceProfile(rowsOf({ x: Array(300).fill(7) }), [x], { bins: 10 });
    const level = (value: number) =>
      measureDrift(own, rowsOf({ x: Array(300).fill(value) }), [x], policy).features[0]!.level;
    expect([level(7), level(6), level(8)]).toEqual(['ok', 'drift', 'drift']);
  });

  test('a category share of 50 % that becomes 90 % is drift, and the histogram holds both shares', () => {
    const f = featureOf(rowsOf({ c: letters(1000, 0.9) }), c);
    expect(f).toMatchObject({ level: 'drift', method: 'js', test: { name: 'chiSquare', degreesOfFreedom: 1 } });
    expect(f.histogram).toMatchObject({
      categories: ['a', 'b'],
      reference: [0.5, 0.5],
      current: [0.9, 0.1],
      referenceCounts: [2500, 2500],
    });
  });

  test('a new category with half of the rows is drift, by PSI as well', () => {
    const now = rowsOf({ c: letters(1000, 0.5).map((v, i) => (i % 2 === 0 ? 'new' : v)) });
    expect(featureOf(now, c).level).toBe('drift');
    const byPsi: DriftPolicy = { ...policy, categorical: { method: 'psi', warn: 0.1, threshold: 0.2, also: [] } };
    const f = featureOf(now, c, byPsi);
    expect(f).toMatchObject({ level: 'drift', method: 'psi' });
    expect(Number.isFinite(f.effect)).toBe(true);
  });

  test('categories named __proto__ and constructor are counted like others', () => {
    const odd = rowsOf({ c: Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? '__proto__' : 'constructor')) });
    const own = buildReferenceProfile(odd, [c], { bins: 10 });
    expect(measureDrift(own, odd, [c], policy).features[0]).toMatchObject({ effect: 0, level: 'ok' });
  });

  test.each([
    ['199 rows where 200 are needed', rowsOf({ x: uniform(199, 3, 5) }), x],
    ['all values missing', rowsOf({ x: Array(1000).fill(null) }), x],
    ['no such column', rowsOf({ y: uniform(1000, 3) }), x],
    ['no rows', rowsOf({ x: [] }), x],
    [
      'a feature that the reference lacks',
      rowsOf({ z: uniform(1000, 3) }),
      { name: 'z', kind: 'number' } satisfies FeatureSpec,
    ],
    [
      'a feature of another kind in the reference',
      rowsOf({ x: letters(1000, 0.5) }),
      { name: 'x', kind: 'string' } satisfies FeatureSpec,
    ],
  ])('%s: insufficient, never ok', (_, columns, spec) => {
    const measured = measureDrift(profile, columns, [spec], policy);
    expect(measured.features[0]).toMatchObject({
      level: 'insufficient',
      effect: null,
      pValue: null,
      adjustedPValue: null,
    });
    expect(measured).toMatchObject({ verdict: 'insufficient', driftScore: null });
  });

  test('150 reference values where 200 are needed: insufficient', () => {
    const small = buildReferenceProfile(rowsOf({ x: uniform(150, 1) }), [x], { bins: 10 });
    expect(measureDrift(small, rowsOf({ x: uniform(1000, 2) }), [x], policy).verdict).toBe('insufficient');
  });
});

describe('drift of the data set', () => {
  const quiet = rowsOf({ x: uniform(1000, 2), c: letters(1000, 0.51) });
  const one = rowsOf({ x: uniform(1000, 2, 0.3), c: letters(1000, 0.51) });
  const both = rowsOf({ x: uniform(1000, 2, 0.3), c: letters(1000, 0.9) });
  const verdict = (columns: FeatureColumns, own: Partial<DriftPolicy> = {}) =>
    measureDrift(profile, columns, [x, c], { ...policy, minShare: 1, ...own }).verdict;

  test('0, 1 and 2 of 2 features drifted with a minimum of 2: noDrift, warn, drift', () => {
    expect([verdict(quiet), verdict(one), verdict(both)]).toEqual(['noDrift', 'warn', 'drift']);
  });

  test('1 of 2 features reaches a share of 50 %', () => {
    expect(verdict(one, { minShare: 0.5 })).toBe('drift');
  });

  test('one quiet feature and one without values: insufficient, and the reasons name it', () => {
    const m = measureDrift(profile, rowsOf({ x: uniform(1000, 2), c: Array(1000).fill(null) }), [x, c], policy);
    expect(m).toMatchObject({ verdict: 'insufficient', insufficientFeatures: ['c'] });
    expect(m.reasons.map((r) => r.text)).toContain(
      'c could not be measured: the window has 0 values of 1000 rows, needs 200',
    );
  });

  test('no feature at all: insufficient', () => {
    expect(measureDrift(profile, quiet, [], policy).verdict).toBe('insufficient');
  });

  test('features come with the largest effect first; driftScore is that effect', () => {
    const m = measureDrift(profile, both, [x, c], policy);
    expect(m.driftScore).toBe(m.features[0]!.effect);
    expect(m.features[0]!.effect).toBeGreaterThan(m.features[1]!.effect!);
    expect(m.driftedFeatures).toEqual(m.features.map((f) => f.name));
  });

  test('the measurement survives JSON unchanged', () => {
    const m = measureDrift(profile, both, [x, c], policy);
    expect(JSON.parse(JSON.stringify(m))).toEqual(m);
  });
});
