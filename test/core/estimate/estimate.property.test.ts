import * as fc from 'fast-check';
import {
  buildEstimateReference,
  calibrate,
  countForEstimate,
  estimateFromCounts,
  estimatePerformance,
  isotonicMap,
  judgeReliability,
} from '../../../core/estimate';

const bit = fc.constantFrom(0, 1);
const score = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.integer({ min: 0, max: 10 }).map((k) => k / 10),
);
const rows = (minLength: number): fc.Arbitrary<readonly (readonly [number, number, number])[]> =>
  fc.array(fc.tuple(score, bit, bit), { minLength, maxLength: 400 });
const column = (data: readonly (readonly number[])[], i: number): number[] => data.map((row) => row[i]!);

test('isotonic calibration never descends and stays in [0, 1]', () => {
  fc.assert(
    fc.property(rows(1), fc.constantFrom(null, 4, 16), fc.array(score), (data, maxKnots, at) => {
      const map = isotonicMap(column(data, 0), column(data, 2), maxKnots);
      const values = at.sort((a, b) => a - b).map((s) => calibrate(map, s));
      values.forEach((value, i) => {
        expect(value >= 0 && value <= 1).toBe(true);
        expect(value).toBeGreaterThanOrEqual(i === 0 ? 0 : values[i - 1]! - 1e-12);
      });
      expect(map.x.length).toBeLessThanOrEqual(maxKnots === null ? data.length : maxKnots);
    }),
  );
});

test('estimates lie in [0, 1] or are null, bands hold them, and JSON loses nothing (no NaN, no infinity)', () => {
  fc.assert(
    fc.property(rows(1), rows(0), (reference, window) => {
      const known = buildEstimateReference(column(reference, 0), column(reference, 1), column(reference, 2));
      expect(JSON.parse(JSON.stringify(known))).toEqual(known);
      const estimate = estimatePerformance(column(window, 0), column(window, 1), known);
      expect(JSON.parse(JSON.stringify(estimate))).toEqual(estimate);
      for (const { value, low, high } of estimate.metrics) {
        if (value !== null) expect(value >= 0 && value <= 1).toBe(true);
        if (value !== null && low !== null && high !== null) expect(low <= value && value <= high).toBe(true);
      }
    }),
  );
});

test('the order of rows does not count: calibration and estimates of reversed rows are the same to 1e-12', () => {
  fc.assert(
    fc.property(rows(200), rows(1), (reference, window) => {
      const build = (data: readonly (readonly number[])[]): ReturnType<typeof buildEstimateReference> =>
        buildEstimateReference(column(data, 0), column(data, 1), column(data, 2), 1);
      const known = build(reference);
      const turned = build([...reference].reverse());
      expect(turned.calibration).toEqual(known.calibration);
      const back = [...window].reverse();
      const a = estimatePerformance(column(window, 0), column(window, 1), known);
      const b = estimatePerformance(column(back, 0), column(back, 1), known);
      a.metrics.forEach(({ value }, i) =>
        expect(Math.abs((value ?? 0) - (b.metrics[i]!.value ?? 0))).toBeLessThan(1e-12),
      );
    }),
    { numRuns: 40 },
  );
});

test('counts add up: the counts of two parts estimate the same as the whole', () => {
  fc.assert(
    fc.property(rows(2), fc.nat(), (data, cut) => {
      const known = buildEstimateReference(column(data, 0), column(data, 1), column(data, 2));
      const { map } = known.calibration;
      const at = cut % data.length;
      const count = (part: typeof data): ReturnType<typeof countForEstimate> =>
        countForEstimate(map, column(part, 0), column(part, 1));
      const whole = estimateFromCounts(map, count(data), known);
      const parts = estimateFromCounts(map, [...count(data.slice(0, at)), ...count(data.slice(at))], known);
      expect(parts.rows).toBe(whole.rows);
      whole.metrics.forEach(({ value }, i) =>
        expect(Math.abs((value ?? 0) - (parts.metrics[i]!.value ?? 0))).toBeLessThan(1e-9),
      );
    }),
  );
});

test('no evidence taken away makes an unreliable estimate reliable', () => {
  const share = fc.option(fc.double({ min: 0, max: 1 }), { nil: null });
  const feature = fc.record({
    name: fc.string({ minLength: 1 }),
    importance: fc.constant(1),
    outOfRangeShare: share,
    unseenShare: share,
    wasConstant: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.uniqueArray(feature, { selector: (f) => f.name, minLength: 1 }), fc.nat(), (features, which) => {
      const policy = { maxOutOfSupportShare: 0.05 };
      if (judgeReliability(features, policy).reliable) return;
      const blinded = features.map((f, i) => (i === which % features.length ? { ...f, outOfRangeShare: null } : f));
      expect(judgeReliability(blinded, policy).reliable).toBe(false);
      expect(judgeReliability(features, policy).reasons.length).toBeGreaterThan(0);
    }),
  );
});
