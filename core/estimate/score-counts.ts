import { RatchetError } from '../errors';
import { assertBinary, assertScores } from './binary-rows';
import { calibratedSum, segmentOf, type CalibrationMap } from './calibration-map';
import type { ExpectedConfusion } from './expected-confusion';

/** Rows of one answer in one segment of a calibration map (see segmentEdges). */
export interface EstimateCount {
  /** What the model said: 1 positive, 0 negative. */
  readonly answer: 0 | 1;
  /** 0 … number of edges. */
  readonly segment: number;
  readonly n: number;
  readonly sumScore: number;
}

/** One entry an answer and segment that has rows, in any order; entries of the same key add up, so partial counts concatenate. */
export type EstimateCounts = readonly EstimateCount[];

/**
 * What SQL counts, over rows in memory.
 * @param scores n probabilities in [0, 1]. @param answers n values 0 or 1.
 * @throws RatchetError RATCHET_INPUT_INVALID with the index of a bad row.
 */
export function countForEstimate(
  map: CalibrationMap,
  scores: ArrayLike<number>,
  answers: ArrayLike<number>,
): EstimateCounts {
  assertScores(scores);
  assertBinary('answer', answers, scores.length);
  const segments = map.x.length + 1;
  const n = new Float64Array(2 * segments);
  const sumScore = new Float64Array(2 * segments);
  for (let i = 0; i < scores.length; i++) {
    const at = answers[i]! * segments + segmentOf(map, scores[i]!);
    n[at]! += 1;
    sumScore[at]! += scores[i]!;
  }
  return Array.from(n.keys())
    .filter((at) => n[at]! > 0)
    .map((at) => ({
      answer: at < segments ? (0 as const) : (1 as const),
      segment: at % segments,
      n: n[at]!,
      sumScore: sumScore[at]!,
    }));
}

/**
 * Σ of calibrated probabilities by answer: exact from the counts, up to rounding.
 * @throws RatchetError RATCHET_INPUT_INVALID: counts of another map, negative or not finite.
 */
export function confusionFromCounts(map: CalibrationMap, counts: EstimateCounts): ExpectedConfusion {
  const sums = [0, 0];
  const rows = [0, 0];
  for (const count of counts) {
    const { answer, segment, n, sumScore } = count;
    const known =
      Number.isInteger(segment) && segment >= 0 && segment <= map.x.length && (answer === 0 || answer === 1);
    if (!known || !(n >= 0 && n < Infinity) || !Number.isFinite(sumScore)) {
      throw new RatchetError('RATCHET_INPUT_INVALID', `counts do not fit the map: ${JSON.stringify(count)}`, {
        details: { count, edges: map.x.length },
      });
    }
    sums[answer]! += calibratedSum(map, segment, n, sumScore);
    rows[answer]! += n;
  }
  return {
    truePositive: sums[1]!,
    falsePositive: rows[1]! - sums[1]!,
    falseNegative: sums[0]!,
    trueNegative: rows[0]! - sums[0]!,
  };
}
