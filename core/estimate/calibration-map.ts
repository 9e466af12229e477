/**
 * A calibration from score to probability, piecewise linear between knots and constant outside them. Because it is linear on
 * each segment, the sum of calibrated probabilities over any rows is exact from their count and sum of scores a segment
 * (score-counts.ts): no row has to leave the database.
 */
import { RatchetError } from '../errors';

/** Plain JSON, stored with the model version. */
export interface CalibrationMap {
  /** Scores, strictly ascending; at least one. */
  readonly x: readonly number[];
  /** Probabilities in [0, 1], not descending; as many as x. */
  readonly y: readonly number[];
}

/** The scores are probabilities already. */
export const IDENTITY_CALIBRATION: CalibrationMap = { x: [0, 1], y: [0, 1] };

/** Edges of the segments (−∞, x0], (x0, x1], …, (xk, ∞) of a map with k + 1 knots: there is one segment more than edges. */
export const segmentEdges = (map: CalibrationMap): readonly number[] => map.x;

/** The segment of a score: the number of edges below it, by binary search. `score` is finite. */
export function segmentOf(map: CalibrationMap, score: number): number {
  let low = 0;
  let high = map.x.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (map.x[middle]! < score) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Σ of calibrated probabilities of `n` rows of one segment whose scores add up to `sumScore`. */
export function calibratedSum(map: CalibrationMap, segment: number, n: number, sumScore: number): number {
  const last = map.x.length - 1;
  if (segment <= 0) return n * map.y[0]!;
  if (segment > last) return n * map.y[last]!;
  const x0 = map.x[segment - 1]!;
  const y0 = map.y[segment - 1]!;
  const y1 = map.y[segment]!;
  const slope = (y1 - y0) / (map.x[segment]! - x0);
  // Rounding must not carry a mean probability out of its segment.
  return Math.min(n * y1, Math.max(n * y0, slope * (sumScore - n * x0) + n * y0));
}

/** Calibrated probability of one finite score, in [0, 1]. */
export const calibrate = (map: CalibrationMap, score: number): number =>
  calibratedSum(map, segmentOf(map, score), 1, score);

/** @throws RatchetError RATCHET_INPUT_INVALID when a stored map is not one. */
export function assertCalibrationMap(map: CalibrationMap): void {
  const ascending = map.x.every((v, i) => Number.isFinite(v) && (i === 0 || v > map.x[i - 1]!));
  const monotone = map.y.every((v, i) => v >= 0 && v <= 1 && (i === 0 || v >= map.y[i - 1]!));
  if (map.x.length === 0 || map.x.length !== map.y.length || !ascending || !monotone) {
    throw new RatchetError(
      'RATCHET_INPUT_INVALID',
      'a calibration map needs ascending finite knots with probabilities that do not descend',
      { details: { knots: map.x.length, probabilities: map.y.length } },
    );
  }
}
