/**
 * KSWIN: Kolmogorov–Smirnov test between the newest `statSize` values of a window and a random sample, without replacement, of as
 * many of its older values. Drift when p ≤ alpha and D > 0.1. No warnings. Sees any change of the distribution, not only of the
 * mean.
 *
 * Assumes independent values. A test runs at every value once the window is full, so `alpha` is not the false-alarm rate of the
 * stream: at the defaults a stable stream alarms about once in 500 continuous values. Lower it for long streams.
 *
 * Deterministic: the sample of the t-th test is a partial Fisher–Yates shuffle by sfc32 seeded from `seed` and t, where river draws
 * from Python's generator. Given the same samples, detections equal river 0.26.1's (test/golden runs river on ours).
 * Reference: C. Raab, M. Heusinger & F.-M. Schleif, "Reactive Soft Prototype Computing for Concept Drift Streams",
 * Neurocomputing 416, 2020.
 */
import { Sfc32 } from '../../gate/sfc32';
import { ksTwoSample } from '../ks';
import { isCount, isOpenShare, problemsOf, type StreamingDetector } from './streaming-detector';

export interface KswinParameters {
  /** Level of each test, in (0, 1). */
  readonly alpha: number;
  readonly windowSize: number;
  /** Values on each side of a test; at most half of the window. */
  readonly statSize: number;
  /** Whole number in [0, 2^20). */
  readonly seed: number;
}

export interface KswinMemory {
  /** Oldest first; at most windowSize. */
  readonly window: number[];
  /** Tests so far: with the seed it names the next sample. */
  tests: number;
}

const LEAST_DISTANCE = 0.1;
const SEEDS = 2 ** 20;

export const KSWIN: StreamingDetector<KswinParameters, KswinMemory> = {
  defaults: { alpha: 0.005, windowSize: 100, statSize: 30, seed: 0 },
  domain: 'finite',
  problems: (p) =>
    problemsOf([
      [isOpenShare(p.alpha), 'alpha must lie between 0 and 1'],
      [isCount(p.statSize, 1), 'statSize must be a whole number of at least 1'],
      [isCount(p.windowSize, 2 * p.statSize), 'windowSize must be a whole number of at least twice statSize'],
      [p.windowSize <= 100_000, 'windowSize must be at most 100000'],
      [isCount(p.seed, 0) && p.seed < SEEDS, `seed must be a whole number below ${SEEDS}`],
    ]),
  start: () => ({ window: [], tests: 0 }),
  step(parameters, memory, value) {
    const { alpha, windowSize, statSize, seed } = parameters;
    memory.window.push(value);
    if (memory.window.length < windowSize) return 'none';
    if (memory.window.length > windowSize) memory.window.shift();
    const older = windowSize - statSize;
    const sample = sampleBelow(older, statSize, seed, memory.tests).map((i) => memory.window[i]!);
    memory.tests += 1;
    const { statistic, pValue } = ksTwoSample(sample, memory.window.slice(older));
    return pValue <= alpha && statistic > LEAST_DISTANCE ? 'drift' : 'none';
  },
};

/** `count` different whole numbers in [0, n). The low word of the generator's seed is the test's number, the high word `seed`. */
function sampleBelow(n: number, count: number, seed: number, test: number): readonly number[] {
  const random = new Sfc32(seed * 2 ** 32 + (test % 2 ** 32));
  const pool = Array.from({ length: n }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const j = i + random.below(n - i);
    const chosen = pool[j]!;
    pool[j] = pool[i]!;
    pool[i] = chosen;
  }
  return pool.slice(0, count);
}
