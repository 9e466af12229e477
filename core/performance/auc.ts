/**
 * Area under the ROC curve = P(score of a positive > score of a negative) + ½ P(equal), by mid-ranks.
 *
 * Interval: DeLong's variance, in the O(n log n) form by ranks, cut to [0, 1]. Where the sample separates the classes
 * perfectly the variance is 0 and says nothing; Wilson's interval for min(positives, negatives) trials stands in.
 *
 * References: J. A. Hanley & B. J. McNeil, Radiology 143, 1982; E. R. DeLong et al., Biometrics 44, 1988; X. Sun & W. Xu,
 * "Fast Implementation of DeLong's Algorithm", IEEE SPL 21(11), 2014.
 */
import { boundedInterval, Z_95 } from './interval';
import type { MetricValue } from './metric';
import type { RankSums } from './performance-counts';

/** null when one class is absent. `truthIsPositive` and `scores` have the same length; scores are finite. */
export function auc(truthIsPositive: readonly boolean[], scores: readonly number[]): number | null {
  const sums = rankSums(truthIsPositive, scores);
  return sums === null ? null : sums.sumPositive / sums.positives;
}

/** AUC with its interval; nothing when one class is absent. */
export const aucMetric = (truthIsPositive: readonly boolean[], scores: readonly number[]): readonly MetricValue[] =>
  aucFromRanks(rankSums(truthIsPositive, scores));

/** The same from the sums of placement values. `z`: half width in standard errors. */
export function aucFromRanks(sums: RankSums | null, z: number = Z_95): readonly MetricValue[] {
  if (sums === null || sums.positives === 0 || sums.negatives === 0) return [];
  const value = Math.min(1, sums.sumPositive / sums.positives);
  const interval = boundedInterval(value, deLongVariance(sums), Math.min(sums.positives, sums.negatives), z);
  return [{ name: 'auc', value, low: interval?.low ?? null, high: interval?.high ?? null }];
}

/** Variance of the AUC: s²(placements of positives)/positives + s²(placements of negatives)/negatives. >= 0. */
export function deLongVariance(sums: RankSums): number {
  const mean = sums.sumPositive / sums.positives;
  return (
    varianceOfMean(sums.positives, mean, sums.sumSquaresPositive) +
    varianceOfMean(sums.negatives, mean, sums.sumSquaresNegative)
  );
}

/** The sums of placement values of these rows; null when one class is absent. */
export function rankSums(truthIsPositive: readonly boolean[], scores: readonly number[]): RankSums | null {
  const positives = truthIsPositive.filter(Boolean).length;
  const negatives = truthIsPositive.length - positives;
  if (positives === 0 || negatives === 0) return null;
  const ranks = midRanks(scores);
  const ofPositives = placements(truthIsPositive, scores, ranks, true);
  const ofNegatives = placements(truthIsPositive, scores, ranks, false);
  let rankSum = 0;
  truthIsPositive.forEach((truth, i) => {
    if (truth) rankSum += ranks[i]!;
  });
  return {
    positives,
    negatives,
    // Ranks are halves, so their sum is exact; the placements are rounded one by one.
    sumPositive: (rankSum - (positives * (positives + 1)) / 2) / negatives,
    sumSquaresPositive: sumOfSquares(ofPositives),
    sumSquaresNegative: sumOfSquares(ofNegatives),
  };
}

/** For each row of one class: the share of the other class that it beats (positives) or is beaten by (negatives). */
function placements(truth: readonly boolean[], scores: readonly number[], ranks: Float64Array, own: boolean): number[] {
  const rows = truth.flatMap((t, i) => (t === own ? [i] : []));
  const within = midRanks(rows.map((i) => scores[i]!));
  const others = truth.length - rows.length;
  return rows.map((row, k) => {
    const below = (ranks[row]! - within[k]!) / others;
    return own ? below : 1 - below;
  });
}

/** Ranks from 1, ties sharing the mean of theirs. */
export function midRanks(values: readonly number[]): Float64Array {
  const order = Uint32Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let i = 0; i < order.length;) {
    let end = i + 1;
    while (end < order.length && values[order[end]!] === values[order[i]!]) end++;
    const rank = (i + 1 + end) / 2;
    for (; i < end; i++) ranks[order[i]!] = rank;
  }
  return ranks;
}

const sumOfSquares = (values: readonly number[]): number => values.reduce((sum, v) => sum + v * v, 0);

/** s²/n by the sums; differences that only rounding makes are 0. */
function varianceOfMean(n: number, mean: number, sumSquares: number): number {
  if (n < 2) return 0;
  const squares = sumSquares - n * mean * mean;
  return squares > sumSquares * Number.EPSILON * 4 ? squares / (n - 1) / n : 0;
}
