import fc from 'fast-check';
import { benjaminiHochberg } from '../../../core/drift/benjamini-hochberg';
import { chiSquareHomogeneity } from '../../../core/drift/chi-square';
import { jensenShannonDistance } from '../../../core/drift/jensen-shannon';
import { ksPValue, ksTwoSample } from '../../../core/drift/ks';
import { measureDrift } from '../../../core/drift/measure';
import { buildReferenceProfile } from '../../../core/drift/profile-build';
import { populationStabilityIndex } from '../../../core/drift/psi';
import type { FeatureColumns, FeatureSpec, FeatureValue } from '../../../core/model';
import type { MeasurePolicy } from '../../../core/drift/compare-counts';

const histograms = fc.integer({ min: 1, max: 12 }).chain((bins) => {
  const counts = fc.array(fc.nat(5000), { minLength: bins, maxLength: bins }).filter((c) => c.some((n) => n > 0));
  return fc.tuple(counts, counts);
});
const sample = fc.array(
  fc.oneof(fc.integer({ min: -5, max: 5 }), fc.double({ noNaN: true, noDefaultInfinity: true })),
  { minLength: 1, maxLength: 60 },
);

const sameShares = ([a, b]: [number[], number[]]): boolean => {
  const [n, m] = [a, b].map((side) => side.reduce((s, v) => s + v, 0)) as [number, number];
  return a.every((count, i) => count * m === b[i]! * n);
};

test('PSI is finite and >= 0, and 0 (up to rounding) only for identical shares', () => {
  fc.assert(
    fc.property(histograms, ([a, b]) => {
      const psi = populationStabilityIndex(a, b);
      expect(Number.isFinite(psi)).toBe(true);
      if (sameShares([a, b])) expect(psi).toBeLessThan(1e-14);
      else expect(psi).toBeGreaterThan(0);
    }),
    { numRuns: 2000 },
  );
});

test('Jensen–Shannon is symmetric and in [0, √ln 2]', () => {
  fc.assert(
    fc.property(histograms, ([a, b]) => {
      const js = jensenShannonDistance(a, b);
      expect(js).toBeGreaterThanOrEqual(0);
      expect(js).toBeLessThanOrEqual(Math.sqrt(Math.LN2) + 1e-12);
      expect(jensenShannonDistance(b, a)).toBeCloseTo(js, 9);
    }),
    { numRuns: 2000 },
  );
});

test('chi-square p is in [0, 1] and symmetric in the sides', () => {
  fc.assert(
    fc.property(histograms, ([a, b]) => {
      const { pValue } = chiSquareHomogeneity(a, b);
      expect(pValue).toBeGreaterThanOrEqual(0);
      expect(pValue).toBeLessThanOrEqual(1);
      expect(chiSquareHomogeneity(b, a).pValue).toBeCloseTo(pValue, 9);
    }),
    { numRuns: 2000 },
  );
});

test('KS is invariant under a strictly rising map and symmetric, and p is in [0, 1]', () => {
  const integers = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(integers, integers, (a, b) => {
      const plain = ksTwoSample(a, b);
      const rising = (v: number): number => v ** 3 + 7 * v - 4;
      expect(ksTwoSample(a.map(rising), b.map(rising))).toEqual(plain);
      expect(ksTwoSample(b, a).pValue).toBeCloseTo(plain.pValue, 12);
      expect(plain.pValue).toBeGreaterThanOrEqual(0);
      expect(plain.pValue).toBeLessThanOrEqual(1);
    }),
    { numRuns: 1000 },
  );
});

test('KS p is never NaN and does not rise with D, for any sizes', () => {
  const size = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(10_000, 10_001, 20_011, 300_000));
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(size, size, share, share, (na, nb, x, y) => {
      const low = ksPValue(Math.min(x, y), na, nb).pValue;
      const high = ksPValue(Math.max(x, y), na, nb).pValue;
      expect(low).toBeGreaterThanOrEqual(high - 1e-9);
      expect(high).toBeGreaterThanOrEqual(0);
      expect(low).toBeLessThanOrEqual(1);
    }),
    { numRuns: 60 },
  );
});

test('Benjamini–Hochberg keeps the order, is at least p and at most 1, and does not fall when a p rises', () => {
  const pValues = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(pValues, fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (p, at, more) => {
      const adjusted = benjaminiHochberg(p);
      p.forEach((pi, i) => {
        expect(adjusted[i]).toBeGreaterThanOrEqual(pi);
        expect(adjusted[i]).toBeLessThanOrEqual(1);
        p.forEach((pj, j) => pi < pj && expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j]!));
      });
      const index = at % p.length;
      const raised = benjaminiHochberg(p.map((v, i) => (i === index ? Math.max(v, more) : v)));
      raised.forEach((v, i) => expect(v).toBeGreaterThanOrEqual(adjusted[i]!));
    }),
    { numRuns: 500 },
  );
});

const specs: readonly FeatureSpec[] = [
  { name: 'x', kind: 'number' },
  { name: 'y', kind: 'number' },
  { name: 'c', kind: 'string' },
];
const anything: fc.Arbitrary<FeatureValue> = fc.oneof(
  fc.double(),
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom<FeatureValue>(null, 'a', 'b', '', '__proto__', NaN, Infinity, -Infinity, -0, 1e308, 5e-324),
  fc.string({ maxLength: 3 }),
);
const columns: fc.Arbitrary<FeatureColumns> = fc.integer({ min: 0, max: 60 }).chain((rows) => {
  const column = fc.array(anything, { minLength: rows, maxLength: rows });
  return fc.record({ rows: fc.constant(rows), columns: fc.record({ x: column, y: column, c: column }) });
});
const policies: fc.Arbitrary<MeasurePolicy & { readonly numeric: { readonly bins: number } }> = fc.record({
  pValue: fc.constantFrom('exact' as const, 'counts' as const, 'none' as const),
  weightByImportance: fc.boolean(),
  anyTopK: fc.constantFrom(null, 1, 2),
  numeric: fc.record({
    method: fc.constantFrom('psi' as const, 'kl' as const, 'js' as const, 'hellinger' as const),
    bins: fc.integer({ min: 2, max: 20 }),
    warn: fc.constant(0.1),
    threshold: fc.constant(0.25),
  }),
  categorical: fc.record({
    method: fc.constantFrom('psi' as const, 'kl' as const, 'js' as const, 'hellinger' as const),
    warn: fc.constant(0.05),
    threshold: fc.constant(0.1),
  }),
  alpha: fc.constantFrom(0, 0.05, 1),
  minRows: fc.constantFrom(0, 1, 20),
  minFeatures: fc.integer({ min: 1, max: 3 }),
  minShare: fc.constantFrom(0.3, 0.5, 1),
});

test('a measurement of any rows against any rows holds no NaN, no infinity, and survives JSON', () => {
  fc.assert(
    fc.property(columns, columns, policies, (before, now, policy) => {
      const profile = buildReferenceProfile(before, specs, { bins: policy.numeric.bins });
      const measurement = measureDrift(profile, now, specs, policy);
      // JSON turns NaN and infinity into null, so equality after it finds them anywhere.
      expect(JSON.parse(JSON.stringify(profile))).toEqual(profile);
      expect(JSON.parse(JSON.stringify(measurement))).toEqual(measurement);
    }),
    { numRuns: 500 },
  );
});

test('removing the values of a feature never makes the verdict noDrift or warn', () => {
  fc.assert(
    fc.property(columns, columns, policies, fc.constantFrom('x', 'y', 'c'), (before, now, policy, gone) => {
      const profile = buildReferenceProfile(before, specs, { bins: policy.numeric.bins });
      const nulls = { ...now.columns, [gone]: Array.from({ length: now.rows }, () => null) };
      const absent = Object.fromEntries(Object.entries(now.columns).filter(([name]) => name !== gone));
      for (const kept of [nulls, absent]) {
        const { verdict } = measureDrift(profile, { rows: now.rows, columns: kept }, specs, policy);
        expect(['insufficient', 'drift']).toContain(verdict);
      }
    }),
    { numRuns: 500 },
  );
});

test('the same rows on both sides have effect 0, p 1 and never drift', () => {
  fc.assert(
    fc.property(sample, (values) => {
      const rows = { rows: values.length, columns: { x: values } };
      const spec = [specs[0]!];
      const policy: MeasurePolicy = {
        alpha: 0.05,
        minRows: 1,
        minFeatures: 1,
        minShare: 1,
        numeric: { method: 'psi', warn: 0.1, threshold: 0.2 },
        categorical: { method: 'js', warn: 0.1, threshold: 0.2 },
      };
      const measured = measureDrift(buildReferenceProfile(rows, spec, { bins: 10 }), rows, spec, policy);
      expect(measured).toMatchObject({ verdict: 'noDrift', features: [{ effect: 0, pValue: 1 }] });
    }),
    { numRuns: 500 },
  );
});
