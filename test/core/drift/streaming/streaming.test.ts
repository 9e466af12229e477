import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createDetector,
  DETECTOR_NAMES,
  DETECTORS,
  detectChanges,
  updateDetector,
  type DetectorConfig,
  type DetectorName,
} from '../../../../core/drift/streaming';

interface StreamingGoldens {
  readonly versions: Readonly<Record<string, string>>;
  readonly streams: readonly { name: string; bits?: string; values?: number[]; divisor?: number }[];
  readonly cases: readonly {
    stream: string;
    detector: DetectorName;
    parameters: Record<string, unknown>;
    drifts: number[];
    warnings: number[];
  }[];
}

const goldens = JSON.parse(
  readFileSync(join(__dirname, '../../../golden/streaming-goldens.json'), 'utf8'),
) as StreamingGoldens;
const streams = new Map(
  goldens.streams.map(({ name, bits, values, divisor }) => [
    name,
    bits === undefined ? (values ?? []).map((v) => v / (divisor ?? 1)) : Array.from(bits, Number),
  ]),
);

const indices = (config: DetectorConfig, stream: string, kind: 'warning' | 'drift'): readonly number[] =>
  detectChanges(config, streams.get(stream)!)
    .filter((change) => change.kind === kind)
    .map((change) => change.index);

const caught = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return error;
  }
  return null;
};

test('the goldens are river 0.26.1 on 33 streams of up to 20,000 values', () => {
  expect(goldens.versions['river']).toBe('0.26.1');
  expect(streams.size).toBe(33);
  expect(Math.max(...[...streams.values()].map((s) => s.length))).toBe(20_000);
  expect(new Set(goldens.cases.map((c) => c.detector))).toEqual(new Set(DETECTOR_NAMES));
});

test.each(DETECTOR_NAMES)('%s signals every drift and every warning at the index where river does', (name) => {
  const cases = goldens.cases.filter((c) => c.detector === name);
  expect(cases.length).toBeGreaterThanOrEqual(40);
  expect(cases.flatMap((c) => c.drifts).length).toBeGreaterThan(20);
  for (const { stream, parameters, drifts, warnings } of cases) {
    const config = { detector: name, ...parameters } as DetectorConfig;
    expect({ stream, parameters, drifts: indices(config, stream, 'drift') }).toEqual({ stream, parameters, drifts });
    expect({ stream, warnings: indices(config, stream, 'warning') }).toEqual({ stream, warnings });
  }
});

test.each<[DetectorConfig, string, number[]]>([
  [{ detector: 'adwin' }, 'river 1', [1023]],
  [{ detector: 'page_hinkley' }, 'river 1', [1020, 1397, 1548, 1988]],
  [{ detector: 'ddm' }, 'river 2', [1049]],
  [{ detector: 'eddm' }, 'river 2', [663, 828, 1007, 1078]],
  [{ detector: 'hddm_a' }, 'river 2', [1047]],
  [{ detector: 'hddm_w' }, 'river 2', [1018]],
  [{ detector: 'hddm_a', twoSided: true }, 'river 3', [531, 1015, 1545]],
  [{ detector: 'hddm_w', twoSided: true }, 'river 3', [507, 1032, 1508]],
])('%j on stream %s drifts at %j, as river 0.26.1 does', (config, stream, expected) => {
  expect(indices(config, stream, 'drift')).toEqual(expected);
});

test('KSWIN samples deterministically: 42 and 42 agree, and any seed finds a clear change within 100 values', () => {
  const values = Array.from({ length: 1000 }, (_, i) => (i < 500 ? i % 7 : 20 + (i % 7)));
  const run = (seed: number): readonly number[] =>
    detectChanges({ detector: 'kswin', alpha: 0.0001, windowSize: 200, statSize: 100, seed }, values).map(
      (c) => c.index,
    );
  expect(run(42)).toEqual(run(42));
  for (const seed of [0, 1, 42, 1_048_575]) {
    expect(run(seed)).toHaveLength(1);
    expect(run(seed)[0]).toBeGreaterThanOrEqual(500);
    expect(run(seed)[0]).toBeLessThan(600);
  }
});

test('a state taken through JSON stays small: ADWIN below 8 kB after 50,000 values, KSWIN holds 100 numbers', () => {
  const adwin = createDetector({ detector: 'adwin' });
  const kswin = createDetector({ detector: 'kswin', alpha: 1e-9 });
  for (let i = 0; i < 50_000; i++) updateDetector(adwin, (i * 7919) % 10 < 3 ? 1 : 0);
  for (let i = 0; i < 1000; i++) updateDetector(kswin, i % 10);
  expect(JSON.stringify(adwin).length).toBeLessThan(8000);
  expect(adwin.seen).toBe(50_000);
  expect((kswin.memory as { window: number[] }).window).toHaveLength(100);
});

test.each<[DetectorName, number]>([
  ['adwin', Number.NaN],
  ['page_hinkley', Infinity],
  ['kswin', -Infinity],
  ['ddm', 0.5],
  ['eddm', 2],
  ['hddm_a', 1.01],
  ['hddm_w', -0.01],
  ['ddm', Number.NaN],
])('%s refuses the value %d and names its index 2', (name, value) => {
  const error = caught(() => detectChanges({ detector: name }, [0, 1, value, 0]));
  expect(error).toMatchObject({ code: 'RATCHET_INPUT_INVALID', details: { index: 2, detector: name } });
});

test('a refused value leaves the state as it was', () => {
  const state = createDetector({ detector: 'hddm_w' });
  updateDetector(state, 1);
  const before = JSON.stringify(state);
  expect(() => updateDetector(state, Number.NaN)).toThrow('index 1');
  expect(() => updateDetector(state, '1' as unknown as number)).toThrow('index 1');
  expect(JSON.stringify(state)).toBe(before);
});

test.each<[unknown, string]>([
  [{ detector: 'nosuch' }, 'unknown detector "nosuch"'],
  [{ detector: 'constructor' }, 'unknown detector'],
  [{ detector: 'adwin', delta: 0, clock: 0.5 }, 'delta must lie between 0 and 1; clock must be'],
  [{ detector: 'ddm', nosuch: 1 }, 'unknown parameter nosuch'],
  [{ detector: 'eddm', beta: 0.99 }, 'beta must lie between 0 and alpha'],
  [{ detector: 'kswin', windowSize: 10 }, 'windowSize'],
  [{ detector: 'page_hinkley', mode: 'sideways' }, 'mode must be'],
  [{ detector: 'hddm_a', driftConfidence: Number.NaN }, 'driftConfidence'],
  [{ detector: 'hddm_w', lambda: '0.1' }, 'lambda must be a number'],
])('createDetector(%j) is refused: %s', (config, message) => {
  const error = caught(() => createDetector(config as DetectorConfig));
  expect(error).toMatchObject({ code: 'RATCHET_INPUT_INVALID' });
  expect((error as Error).message).toContain(message);
});

test('every detector has 0 changes in an empty stream, and its defaults are in DETECTORS', () => {
  for (const name of DETECTOR_NAMES) {
    expect(detectChanges({ detector: name }, [])).toEqual([]);
    expect(createDetector({ detector: name }).parameters).toEqual(DETECTORS[name]);
  }
});
