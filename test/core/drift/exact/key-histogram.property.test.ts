import fc from 'fast-check';
import {
  buildKeyHistogram,
  decodeKeyHistogram,
  encodeKeyHistogram,
  exactKs,
  ksBounds,
  mergeKeyHistograms,
} from '../../../../core/drift/exact';

const values = fc.array(
  fc.oneof(fc.float(), fc.integer({ min: -3, max: 3 }), fc.constantFrom(NaN, 0, -0, Infinity, -Infinity)),
  { maxLength: 300 },
);

test('merging is what building from all the rows gives, whatever the cut', () => {
  fc.assert(
    fc.property(values, fc.nat(300), (all, at) => {
      const merged = mergeKeyHistograms([
        buildKeyHistogram(Float32Array.from(all.slice(0, at))),
        buildKeyHistogram(Float32Array.from(all.slice(at))),
      ]);
      expect(merged).toEqual(buildKeyHistogram(Float32Array.from(all)));
    }),
    { numRuns: 15 },
  );
});

test('decoding gives back what was encoded, counts beyond 2^32 too', () => {
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 2 ** 40 }), (all, times) => {
      const built = buildKeyHistogram(Float64Array.from(all));
      const large = { ...built, rows: built.rows * times, counts: built.counts.map((count) => count * times) };
      expect(decodeKeyHistogram(encodeKeyHistogram(large))).toEqual(large);
    }),
    { numRuns: 15 },
  );
});

test('any bytes decode to a histogram that encodes to them, or are refused with RATCHET_INPUT_INVALID', () => {
  const real = values.map((all) => encodeKeyHistogram(buildKeyHistogram(Float32Array.from(all.slice(0, 5)))));
  const broken = fc.tuple(real, fc.nat(40), fc.nat(255)).map(([bytes, at, byte]) => {
    const copy = bytes.slice();
    if (at < copy.length) copy[at] = byte;
    return at % 3 === 0 ? copy.slice(0, at) : copy;
  });
  const outcomes = new Set<string>();
  fc.assert(
    fc.property(fc.oneof(broken, fc.uint8Array({ maxLength: 20 })), (bytes) => {
      try {
        const decoded = decodeKeyHistogram(bytes);
        outcomes.add('decoded');
        expect(decodeKeyHistogram(encodeKeyHistogram(decoded))).toEqual(decoded);
      } catch (error) {
        expect(error).toMatchObject({ code: 'RATCHET_INPUT_INVALID' });
        outcomes.add('refused');
      }
    }),
    { numRuns: 500 },
  );
  expect([...outcomes].sort()).toEqual(['decoded', 'refused']);
});

test('the KS statistic lies within the bounds that two histograms give', () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      const [x, y] = [Float32Array.from(a), Float32Array.from(b)] as const;
      const { low, high } = ksBounds(buildKeyHistogram(x), buildKeyHistogram(y));
      const { statistic } = exactKs(x, y);
      expect(low).toBeLessThanOrEqual(statistic + 1e-12);
      expect(high).toBeGreaterThanOrEqual(statistic - 1e-12);
    }),
    { numRuns: 30 },
  );
});
