/**
 * Fisher's exact test of a 2 × 2 table, two-sided, equal to `scipy.stats.fisher_exact`: with all margins fixed the upper left cell
 * is hypergeometric, and p is the sum of the probabilities of all tables that are at most as probable as the one seen.
 * Exact at any size, conservative because the cell is discrete. Assumes independent rows.
 *
 * References: R. A. Fisher, J. R. Statist. Soc. 98, 1935; the hypergeometric probability from three binomial ones: C. Loader,
 * "Fast and Accurate Computation of Binomial Probabilities" (2000), section 4.
 */
import { binomialProbability } from './gamma';

/** Two tables count as equally probable within this: rounding of a probability is about 1e-13. */
const TIE = 1 + 1e-11;

export interface FisherResult {
  /** Sample odds ratio a·d/(b·c), >= 0; null where b·c = 0. */
  readonly oddsRatio: number | null;
  /** In [0, 1]; 0 only where the probability of the table is below the smallest double. */
  readonly pValue: number;
}

/**
 * The table [[a, b], [c, d]] of whole counts: a and c of one category in the reference and the current rows, b and d of the other.
 *
 * @example
 * fisherExact(0, 6, 6, 0).pValue // 0.0021645021645021645
 * fisherExact(8, 2, 1, 5) // { oddsRatio: 20, pValue: 0.03496503496503495 }
 */
export function fisherExact(a: number, b: number, c: number, d: number): FisherResult {
  const oddsRatio = b > 0 && c > 0 ? (a / b) * (d / c) : null;
  return { oddsRatio, pValue: Math.min(1, twoSided({ drawn: a + c, marked: a + b, plain: c + d }, a)) };
}

/** `drawn` rows out of `marked` + `plain`; the cell is how many of them are marked. */
interface Margins {
  readonly drawn: number;
  readonly marked: number;
  readonly plain: number;
}

function twoSided(margins: Margins, seen: number): number {
  const { drawn, marked, plain } = margins;
  const least = Math.max(0, drawn - plain);
  const most = Math.min(drawn, marked);
  if (least === most) return 1;
  const mode = Math.min(most, Math.floor(((drawn + 1) * (marked + 1)) / (marked + plain + 2)));
  const limit = probability(margins, seen) * TIE;
  if (probability(margins, mode) <= limit) return 1;
  // Probabilities fall away from the mode on both sides: find where the other side is as improbable as what was seen.
  return seen < mode
    ? fallingSum(margins, seen, least, -1) + fallingSum(margins, firstAtMost(margins, limit, mode, most, 1), most, 1)
    : fallingSum(margins, seen, most, 1) + fallingSum(margins, firstAtMost(margins, limit, mode, least, -1), least, -1);
}

/** First cell on the way from the mode to `end` that is at most `limit` probable; one past `end` when there is none. */
function firstAtMost(margins: Margins, limit: number, mode: number, end: number, direction: 1 | -1): number {
  let low = 1;
  let high = Math.abs(end - mode) + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (probability(margins, mode + direction * middle) <= limit) high = middle;
    else low = middle + 1;
  }
  return mode + direction * low;
}

/** Sum of the probabilities from `start` outwards to `end`, by the ratio of neighbours, until nothing is added. */
function fallingSum({ drawn, marked, plain }: Margins, start: number, end: number, direction: 1 | -1): number {
  if ((end - start) * direction < 0) return 0;
  let term = probability({ drawn, marked, plain }, start);
  let sum = term;
  for (let cell = start; cell !== end && term > sum * 1e-18; cell += direction) {
    const up = direction === 1 ? cell : cell - 1;
    const ratio = ((marked - up) * (drawn - up)) / ((up + 1) * (plain - drawn + up + 1));
    term *= direction === 1 ? ratio : 1 / ratio;
    sum += term;
  }
  return sum;
}

function probability({ drawn, marked, plain }: Margins, cell: number): number {
  const all = marked + plain;
  const p = drawn / all;
  const q = (all - drawn) / all;
  return (
    (binomialProbability(cell, marked, p, q) / binomialProbability(drawn, all, p, q)) *
    binomialProbability(drawn - cell, plain, p, q)
  );
}
