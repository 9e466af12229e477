/**
 * Isotonic regression of truths on scores by pool-adjacent-violators: the non-descending step function with the least squared
 * error, as knots between which it is interpolated linearly and outside of which it is constant. Equal to scikit-learn's
 * `IsotonicRegression(out_of_bounds="clip")` (test/golden), which takes scores closer than 1e-15 for one.
 *
 * Assumes independent rows, and truths whose rate does not fall as the score rises.
 * References: M. Ayer et al., "An Empirical Distribution Function for Sampling with Incomplete Information", Ann. Math. Stat. 26,
 * 1955; B. Zadrozny & C. Elkan, "Transforming Classifier Scores into Accurate Multiclass Probability Estimates", KDD 2002.
 */
import type { CalibrationMap } from './calibration-map';

const SAME_SCORE = 1e-15;

interface ScoreGroup {
  readonly x: number;
  readonly mean: number;
  readonly weight: number;
}

/**
 * @param scores n >= 1 finite scores in any order. @param truths n values 0 or 1.
 * @param maxKnots with more knots than this, neighbouring scores are first pooled into groups of equal row counts; null: exact.
 */
export function isotonicMap(
  scores: ArrayLike<number>,
  truths: ArrayLike<number>,
  maxKnots: number | null,
): CalibrationMap {
  const groups = groupsByScore(scores, truths);
  const exact = knotsOf(groups);
  if (maxKnots === null || exact.x.length <= maxKnots) return exact;
  return knotsOf(pooledInto(groups, maxKnots));
}

function groupsByScore(scores: ArrayLike<number>, truths: ArrayLike<number>): readonly ScoreGroup[] {
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  const groups: ScoreGroup[] = [];
  for (let i = 0; i < order.length;) {
    const x = scores[order[i]!]!;
    let weight = 0;
    let sum = 0;
    for (; i < order.length && scores[order[i]!]! - x < SAME_SCORE; i++) {
      weight += 1;
      sum += truths[order[i]!]!;
    }
    groups.push({ x, mean: sum / weight, weight });
  }
  return groups;
}

function pooledInto(groups: readonly ScoreGroup[], count: number): readonly ScoreGroup[] {
  const rows = groups.reduce((sum, group) => sum + group.weight, 0);
  const pooled: ScoreGroup[] = [];
  let weight = 0;
  let sumX = 0;
  let sumY = 0;
  let done = 0;
  let base = Number.NaN;
  for (const group of groups) {
    weight += group.weight;
    if (Number.isNaN(base)) base = group.x;
    // Around the group's first score: a plain sum of many would round groups that lie close together out of order.
    sumX += group.weight * (group.x - base);
    sumY += group.weight * group.mean;
    if (done + weight < ((pooled.length + 1) * rows) / count && done + weight < rows) continue;
    pooled.push({ x: base + sumX / weight, mean: sumY / weight, weight });
    done += weight;
    weight = sumX = sumY = 0;
    base = Number.NaN;
  }
  return pooled;
}

interface Block {
  readonly first: number;
  readonly last: number;
  readonly mean: number;
  readonly weight: number;
}

/** The first and the last score of each block of one value are its knots. */
function knotsOf(groups: readonly ScoreGroup[]): CalibrationMap {
  const blocks: Block[] = [];
  groups.forEach(({ mean, weight }, i) => {
    let block: Block = { first: i, last: i, mean, weight };
    for (let before = blocks.at(-1); before !== undefined && before.mean >= block.mean; before = blocks.at(-1)) {
      const both = before.weight + block.weight;
      const pooled = (before.mean * before.weight + block.mean * block.weight) / both;
      block = { first: before.first, last: block.last, mean: pooled, weight: both };
      blocks.pop();
    }
    blocks.push(block);
  });
  const x: number[] = [];
  const y: number[] = [];
  for (const { first, last, mean } of blocks) {
    const probability = Math.min(1, Math.max(0, mean));
    for (const at of first === last ? [first] : [first, last]) {
      x.push(groups[at]!.x);
      y.push(probability);
    }
  }
  return { x, y };
}
