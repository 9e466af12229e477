import * as fc from 'fast-check';
import {
  createDetector,
  DETECTOR_NAMES,
  detectChanges,
  updateDetector,
  type DetectorConfig,
  type DetectorState,
} from '../../../../core/drift/streaming';

/** Error streams that change their rate a few times, so that detectors warn, drift and start anew. */
const stream = fc
  .array(fc.tuple(fc.integer({ min: 20, max: 150 }), fc.double({ min: 0, max: 1, noNaN: true })), {
    minLength: 1,
    maxLength: 5,
  })
  .chain((parts) =>
    fc.tuple(
      ...parts.map(([n, rate]) =>
        fc
          .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: n, maxLength: n })
          .map((draws) => draws.map((draw) => (draw < rate ? 1 : 0))),
      ),
    ),
  )
  .map((parts) => parts.flat());

const thawed = (state: DetectorState): DetectorState => JSON.parse(JSON.stringify(state)) as DetectorState;
const config = (name: string): DetectorConfig => ({ detector: name }) as DetectorConfig;

test.each(DETECTOR_NAMES)('%s goes on identically after JSON at any three cut points', (name) => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat(), { minLength: 3, maxLength: 3 }), (values, cuts) => {
      const cutAt = new Set(cuts.map((cut) => cut % values.length));
      const whole = createDetector(config(name));
      let frozen = createDetector(config(name));
      values.forEach((value, i) => {
        if (cutAt.has(i)) frozen = thawed(frozen);
        expect(updateDetector(frozen, value).signal).toBe(updateDetector(whole, value).signal);
      });
      expect(thawed(frozen)).toEqual(thawed(whole));
    }),
    { numRuns: 40 },
  );
});

test.each(DETECTOR_NAMES)('%s never holds a NaN or an infinity, and its indices ascend within the stream', (name) => {
  fc.assert(
    fc.property(stream, (values) => {
      const state = createDetector(config(name));
      for (const value of values) updateDetector(state, value);
      expect(thawed(state)).toEqual(state);
      const changes = detectChanges(config(name), values).map((change) => change.index);
      expect(changes).toEqual([...new Set(changes)].sort((a, b) => a - b));
      expect(changes.every((index) => index >= 0 && index < values.length)).toBe(true);
    }),
    { numRuns: 40 },
  );
});

test('the finite detectors survive values from 1e-300 to 1e150 without NaN', () => {
  const wild = fc.array(fc.double({ min: -1e150, max: 1e150, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(wild, fc.constantFrom('adwin', 'page_hinkley', 'kswin'), (values, name) => {
      const state = createDetector(config(name));
      for (const value of values) expect(['none', 'drift']).toContain(updateDetector(state, value).signal);
      expect(
        JSON.stringify(state.memory, (_, v: unknown) => (v === Infinity || Number.isNaN(v) ? 'bad' : v)),
      ).not.toContain('bad');
    }),
    { numRuns: 60 },
  );
});
