/**
 * ADWIN, adaptive windowing: keeps the longest recent window whose halves could have one mean, and drops its old end when
 * they could not.
 *
 * The window is kept as an exponential histogram: row r holds up to `maxBuckets` buckets of 2^r values each, as their sum,
 * so memory is O(maxBuckets · log n). Every `clock` values all cuts between buckets are tried, oldest first: with n0 and n1
 * values on the two sides, W = n0 + n1, window variance σ² and
 *   m⁻¹ = 1/(n0 − k + 1) + 1/(n1 − k + 1), k = minWindowLength;  δ' = ln(2 ln W / δ)
 * the window is cut when |mean0 − mean1| > √(2 m⁻¹ σ² δ') + ⅔ δ' m⁻¹. Then the oldest bucket goes, and the cuts are tried again.
 * Reacts to a mean that rises and to one that falls.
 *
 * Assumes independent values of a bounded range (the false-alarm rate is at most δ a check for values in [0, 1]); works on
 * any finite numbers, as the bound scales with the variance. Detections equal river 0.26.1's (test/golden).
 *
 * References: A. Bifet & R. Gavaldà, "Learning from Time-Changing Data with Adaptive Windowing", SDM 2007; B. Babcock et al.,
 * "Maintaining Variance and k-Medians over Data Stream Windows", PODS 2003 (variance of merged buckets).
 */
import { isCount, isOpenShare, problemsOf, type StreamingDetector } from './streaming-detector';

export interface AdwinParameters {
  /** Confidence of a cut, in (0, 1): smaller means fewer false alarms. */
  readonly delta: number;
  /** Values between two looks for a change. */
  readonly clock: number;
  /** Buckets a row before two of them merge. */
  readonly maxBuckets: number;
  /** Fewest values on either side of a cut. */
  readonly minWindowLength: number;
  /** No look while the window has this many values or fewer. */
  readonly gracePeriod: number;
}

interface BucketRow {
  /** Oldest first; at most maxBuckets + 1. */
  sums: number[];
  /** Sum of squared deviations from the bucket's own mean. */
  deviations: number[];
}

export interface AdwinMemory {
  /** Values since the last look. */
  sinceLook: number;
  /** Values in the window. */
  width: number;
  sum: number;
  /** Sum of squared deviations of the window. */
  deviation: number;
  /** Row r holds buckets of 2^r values; the last row holds the oldest. */
  rows: BucketRow[];
}

export const ADWIN: StreamingDetector<AdwinParameters, AdwinMemory> = {
  defaults: { delta: 0.002, clock: 32, maxBuckets: 5, minWindowLength: 5, gracePeriod: 10 },
  domain: 'finite',
  problems: (p) =>
    problemsOf([
      [isOpenShare(p.delta), 'delta must lie between 0 and 1'],
      [isCount(p.clock, 1), 'clock must be a whole number of at least 1'],
      [isCount(p.maxBuckets, 2), 'maxBuckets must be a whole number of at least 2'],
      [isCount(p.minWindowLength, 1), 'minWindowLength must be a whole number of at least 1'],
      [isCount(p.gracePeriod, 1), 'gracePeriod must be a whole number of at least 1'],
    ]),
  start: () => ({ sinceLook: 0, width: 0, sum: 0, deviation: 0, rows: [{ sums: [], deviations: [] }] }),
  step(parameters, memory, value) {
    insert(memory, value, parameters.maxBuckets);
    memory.sinceLook += 1;
    if (memory.sinceLook < parameters.clock) return 'none';
    memory.sinceLook = 0;
    if (memory.width <= parameters.gracePeriod) return 'none';
    let changed = false;
    while (findsCut(parameters, memory)) {
      dropOldest(memory);
      changed = true;
    }
    return changed ? 'drift' : 'none';
  },
};

function insert(memory: AdwinMemory, value: number, maxBuckets: number): void {
  const newest = memory.rows[0]!;
  newest.sums.push(value);
  newest.deviations.push(0);
  memory.width += 1;
  if (memory.width > 1) {
    const apart = value - memory.sum / (memory.width - 1);
    memory.deviation += ((memory.width - 1) * apart * apart) / memory.width;
  }
  memory.sum += value;
  for (let r = 0; memory.rows[r]!.sums.length > maxBuckets; r++) mergeOldestPair(memory.rows, r);
}

/** The two oldest buckets of row r become one of row r + 1. */
function mergeOldestPair(rows: BucketRow[], r: number): void {
  const { sums, deviations } = rows[r]!;
  const [sumA, sumB] = sums.splice(0, 2) as [number, number];
  const [deviationA, deviationB] = deviations.splice(0, 2) as [number, number];
  const size = 2 ** r;
  const apart = sumA / size - sumB / size;
  if (rows.length === r + 1) rows.push({ sums: [], deviations: [] });
  rows[r + 1]!.sums.push(sumA + sumB);
  rows[r + 1]!.deviations.push(deviationA + deviationB + size * 0.5 * apart * apart);
}

function findsCut(parameters: AdwinParameters, memory: AdwinMemory): boolean {
  const { width, deviation, rows } = memory;
  const least = parameters.minWindowLength;
  const confidence = Math.log((2 * Math.log(width)) / parameters.delta);
  // A sum of squares that cancelled to just below zero is zero.
  const variance = Math.max(0, deviation / width);
  let n0 = 0;
  let n1 = width;
  let sum0 = 0;
  let sum1 = memory.sum;
  for (let r = rows.length - 1; r >= 0; r--) {
    const size = 2 ** r;
    for (const sum of rows[r]!.sums) {
      n0 += size;
      n1 -= size;
      sum0 += sum;
      sum1 -= sum;
      if (n1 < least) return false;
      if (n0 < least) continue;
      const inverseSize = 1 / (n0 - least + 1) + 1 / (n1 - least + 1);
      const bound = Math.sqrt(2 * inverseSize * variance * confidence) + (2 / 3) * confidence * inverseSize;
      if (Math.abs(sum0 / n0 - sum1 / n1) > bound) return true;
    }
  }
  return false;
}

function dropOldest(memory: AdwinMemory): void {
  const r = memory.rows.length - 1;
  const row = memory.rows[r]!;
  const size = 2 ** r;
  const sum = row.sums.shift()!;
  const own = row.deviations.shift()!;
  memory.width -= size;
  memory.sum -= sum;
  const apart = sum / size - memory.sum / memory.width;
  memory.deviation -= own + (size * memory.width * apart * apart) / (size + memory.width);
  if (row.sums.length === 0) memory.rows.pop();
}
