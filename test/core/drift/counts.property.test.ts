import fc from 'fast-check';
import { addWindowCounts } from '../../../core/drift/add-window-counts';
import type { MeasurePolicy } from '../../../core/drift/compare-counts';
import { countPlanOf } from '../../../core/drift/count-plan';
import { countWindow } from '../../../core/drift/count-window';
import { binnedKs, homogeneity } from '../../../core/drift/homogeneity';
import { histogramEffect } from '../../../core/drift/histogram-effect';
import { compareImportance } from '../../../core/drift/importance';
import { measureCounts } from '../../../core/drift/measure';
import { buildReferenceProfile } from '../../../core/drift/profile-build';
import type { WindowCounts } from '../../../core/drift/window-counts';
import { frameOf } from '../../../core/frame';
import type { FeatureSpec, FeatureValue } from '../../../core/model';

const HOUR = 3_600_000;
const specs: readonly FeatureSpec[] = [
  { name: 'x', kind: 'number' },
  { name: 'c', kind: 'string' },
];
interface Row {
  readonly x: FeatureValue;
  readonly c: FeatureValue;
  readonly at: number;
  readonly score: number | null;
}
const row: fc.Arbitrary<Row> = fc.record({
  x: fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constantFrom<FeatureValue>(null, NaN, Infinity, -0, 'text')),
  c: fc.constantFrom<FeatureValue>(null, 'a', 'b', '', '__proto__', 'constructor', 'new', 7),
  at: fc.integer({ min: 0, max: 30 * HOUR - 1 }),
  score: fc.oneof(
    fc.constant(null),
    fc.integer({ min: 0, max: 8 }).map((v) => v / 8),
  ),
});
const rows = (max: number): fc.Arbitrary<readonly Row[]> => fc.array(row, { maxLength: max });

const columnsOf = (list: readonly Row[]) => ({
  rows: list.length,
  columns: { x: list.map((r) => r.x), c: list.map((r) => r.c) },
});
const profileOf = (list: readonly Row[]) =>
  buildReferenceProfile(columnsOf(list), specs, {
    bins: 5,
    eventTime: list.map((r) => r.at),
    prediction: list.map((r) => r.score),
    importance: { x: 2, c: 1 },
  });
const counted = (list: readonly Row[], plan: ReturnType<typeof countPlanOf>): WindowCounts =>
  countWindow(
    {
      frame: frameOf(columnsOf(list), specs),
      occurredAt: list.map((r) => r.at),
      scores: list.map((r) => r.score),
      from: 0,
      to: 30 * HOUR,
    },
    plan,
  );

test('counts add up: commutative, associative, and equal to counting the concatenation', () => {
  fc.assert(
    fc.property(rows(30), rows(30), rows(30), rows(30), (reference, a, b, c) => {
      const plan = countPlanOf(profileOf(reference), specs);
      const [ca, cb, cc] = [counted(a, plan), counted(b, plan), counted(c, plan)];
      const whole = counted([...a, ...b, ...c], plan);
      expect(addWindowCounts(addWindowCounts(ca, cb), cc)).toEqual(whole);
      expect(addWindowCounts(ca, addWindowCounts(cb, cc))).toEqual(whole);
      expect(addWindowCounts(cb, ca)).toEqual(addWindowCounts(ca, cb));
      expect(JSON.parse(JSON.stringify(whole))).toEqual(whole);
    }),
    { numRuns: 300 },
  );
});

const policies: fc.Arbitrary<MeasurePolicy> = fc.record({
  numeric: fc.constant({
    method: 'psi' as const,
    warn: 0.1,
    threshold: 0.2,
    also: [{ method: 'kl' as const, threshold: 0.15 }],
  }),
  categorical: fc.constantFrom(
    { method: 'js' as const, warn: 0.05, threshold: 0.1 },
    { method: 'hellinger' as const, warn: 0.05, threshold: 0.1 },
  ),
  alpha: fc.constantFrom(0.05, 0.5),
  pValue: fc.constantFrom('counts' as const, 'none' as const),
  clusterBy: fc.constantFrom('none' as const, 'hour' as const, 'day' as const),
  minRows: fc.constantFrom(1, 5),
  minFeatures: fc.integer({ min: 1, max: 3 }),
  minShare: fc.constantFrom(0.3, 1),
  weightByImportance: fc.boolean(),
  anyTopK: fc.constantFrom(null, 1),
  prediction: fc.constantFrom('off' as const, 'warn' as const, 'drift' as const),
});

test('a measurement of any counts holds no NaN and no infinity, and survives JSON', () => {
  fc.assert(
    fc.property(rows(150), rows(150), policies, (before, now, policy) => {
      const profile = profileOf(before);
      const measured = measureCounts(profile, counted(now, countPlanOf(profile, specs)), specs, policy);
      expect(JSON.parse(JSON.stringify(profile))).toEqual(profile);
      expect(JSON.parse(JSON.stringify(measured))).toEqual(measured);
    }),
    { numRuns: 300 },
  );
});

const RANK = { noDrift: 0, warn: 1, insufficient: 2, drift: 3 } as const;

test('no verdict improves when evidence is removed: a feature, the answers, hours, event times, importance, bins, the plan', () => {
  fc.assert(
    fc.property(rows(150), rows(150), policies, (before, now, policy) => {
      const profile = profileOf(before);
      const counts = counted(now, countPlanOf(profile, specs));
      const verdict = (c: WindowCounts, p = profile) => measureCounts(p, c, specs, policy).verdict;
      const { x, ...others } = counts.features;
      const withoutImportance = Object.fromEntries(
        Object.entries(profile).filter(([name]) => name !== 'importance'),
      ) as unknown as typeof profile;
      const untimed = buildReferenceProfile(columnsOf(before), specs, {
        bins: 5,
        prediction: before.map((r) => r.score),
        importance: { x: 2, c: 1 },
      });
      expect(['insufficient', 'drift']).toContain(verdict({ ...counts, features: others }));
      expect(['insufficient', 'drift']).toContain(verdict({ ...counts, planKey: 'another' }));
      expect(RANK[verdict(counts, untimed)]).toBeGreaterThanOrEqual(
        policy.clusterBy === 'none' || policy.pValue === 'none' ? RANK[verdict(counts)] : RANK.insufficient,
      );
      if (policy.prediction !== 'off') {
        expect(['insufficient', 'drift']).toContain(verdict({ ...counts, prediction: null }));
      }
      if (policy.clusterBy !== 'none' && policy.pValue !== 'none') {
        expect(verdict({ ...counts, hours: [] })).toBe('insufficient');
      }
      if (x?.kind === 'number') {
        const short = { ...x, counts: x.counts.slice(1) };
        expect(['insufficient', 'drift']).toContain(verdict({ ...counts, features: { ...counts.features, x: short } }));
      }
      // Weights that are gone never turn drifted features into a pass.
      if (
        measureCounts(profile, counts, specs, policy).driftedFeatures.length > 0 &&
        policy.weightByImportance === true
      ) {
        expect(['insufficient', 'drift']).toContain(verdict(counts, withoutImportance));
      }
    }),
    { numRuns: 300 },
  );
});

const histograms = fc.integer({ min: 1, max: 12 }).chain((bins) => {
  const counts = fc.array(fc.nat(3000), { minLength: bins, maxLength: bins });
  return fc.tuple(counts, counts);
});

test('χ² on bins, binned KS and every distance are in range for any counts, empty sides included', () => {
  fc.assert(
    fc.property(histograms, fc.boolean(), ([a, b], ordered) => {
      const test = homogeneity(a, b, ordered, null);
      expect(test.pValue).toBeGreaterThanOrEqual(0);
      expect(test.pValue).toBeLessThanOrEqual(1);
      expect(homogeneity(b, a, ordered, null).pValue).toBeCloseTo(test.pValue, 9);
      expect(binnedKs(b, a, null).pValue).toBeCloseTo(binnedKs(a, b, null).pValue, 12);
      for (const method of ['psi', 'kl', 'js', 'hellinger'] as const) {
        const effect = histogramEffect(method, a, b);
        expect(Number.isFinite(effect) && effect >= 0).toBe(true);
        expect(histogramEffect(method, a, a)).toBe(0);
        if (method !== 'kl') expect(histogramEffect(method, b, a)).toBeCloseTo(effect, 9);
      }
    }),
    { numRuns: 1000 },
  );
});

test('importance: NDCG in [0, 1], Spearman in [−1, 1], 1 against itself, whatever the scale', () => {
  const weights = fc.dictionary(
    fc.constantFrom('a', 'b', 'c', 'd', '__proto__'),
    fc.oneof(fc.nat(9), fc.double({ min: 0, noNaN: true })),
  );
  fc.assert(
    fc.property(weights, weights, (a, b) => {
      const compared = compareImportance(a, b);
      if (compared === null) return;
      expect(compared.ndcg).toBeGreaterThanOrEqual(0);
      expect(compared.ndcg).toBeLessThanOrEqual(1);
      expect(Math.abs(compared.rankCorrelation ?? 0)).toBeLessThanOrEqual(1);
      expect(JSON.parse(JSON.stringify(compared))).toEqual(compared);
      expect(compareImportance(a, a)?.ndcg ?? 1).toBeCloseTo(1, 12);
    }),
    { numRuns: 1000 },
  );
});
