/**
 * p of "both samples have the same histogram", from counts.
 *
 * χ² of homogeneity on cells whose expected count is at least {@link MIN_EXPECTED} on the smaller side: bins of numbers are joined
 * with their neighbour, categories go into one "other" cell, until that holds. Without it one row in a bin that the reference
 * hardly has is "significant" (an expected count of 0.04 makes X² = 24). What was joined is not forgotten, or a new value in 30 % of
 * a small window could vanish in its neighbour: how the rows of all small cells divide between the sides is tested by the exact
 * binomial (doubled smaller tail; conditional on the pooled counts), and p is twice the smaller of the two. PSI has a p of its own, PSI ≈ (1/n + 1/m)·χ² with
 * bins − 1 degrees of freedom; it is recorded, not used: its logarithm weighs thin bins too much, and in simulation at 5,000
 * against 200 rows and 10 bins it fires in more runs than α (bench/false-alarms.ts).
 *
 * Reference: W. G. Cochran, "The χ² test of goodness of fit", Ann. Math. Stat. 23, 1952 (expected counts); B. Yurdakul & J.
 * Naranjo, "Statistical properties of the population stability index", J. Risk Model Validation 14, 2020.
 */
import { chiSquareHomogeneity, MIN_EXPECTED } from './chi-square';
import { clusteredChiSquarePValue, type DesignEffect } from './design-effect';
import { binomialProbability, chiSquareSurvival } from './gamma';
import { kolmogorovSurvival } from './kolmogorov';
import { roundHalfToEven } from './ks';

export interface Homogeneity {
  readonly statistic: number;
  readonly degreesOfFreedom: number;
  readonly pValue: number;
  /** Bins or categories that lost their own cell. */
  readonly folded: number;
  /** Exact binomial p of the cells that were too small for χ²; null: there were none. */
  readonly smallCellsPValue: number | null;
}

/** @param ordered true: bins of a number, joined with neighbours; false: categories. */
export function homogeneity(
  reference: readonly number[],
  current: readonly number[],
  ordered: boolean,
  effect: DesignEffect | null,
): Homogeneity {
  const table = tableOf(reference, current);
  const cells = (ordered ? joinNeighbours : joinSmallest)(table);
  const test = chiSquareHomogeneity(
    cells.map((cell) => cell.reference),
    cells.map((cell) => cell.current),
  );
  const chi = effect === null ? test.pValue : clusteredChiSquarePValue(test.statistic, test.degreesOfFreedom, effect);
  const small = smallCellsPValue(table, effect?.largest ?? 1);
  return {
    statistic: test.statistic,
    degreesOfFreedom: test.degreesOfFreedom,
    pValue: small === null ? chi : Math.min(1, 2 * Math.min(chi, small)),
    smallCellsPValue: small,
    folded: table.cells.length - (test.degreesOfFreedom + 1),
  };
}

/** Null without small cells. With clusters the rows are divided by the bound on the largest design effect. */
function smallCellsPValue({ cells, isSmall, share }: Table, divisor: number): number | null {
  const small = cells.filter(isSmall);
  if (small.length === 0 || share.reference === 0 || share.current === 0) return null;
  const all = small.reduce(plus);
  const before = Math.round(all.reference / divisor);
  const now = Math.round(all.current / divisor);
  const total = before + now;
  // The tail on the far side of the mean, summed outwards: its terms fall fast.
  const [successes, p, q] =
    now * share.reference >= before * share.current
      ? ([now, share.current, share.reference] as const)
      : ([before, share.reference, share.current] as const);
  let tail = 0;
  for (let k = successes; k <= total; k++) {
    const term = binomialProbability(k, total, p, q);
    tail += term;
    if (term <= tail * 1e-17) break;
  }
  return Math.min(1, 2 * tail);
}

interface Cell {
  readonly reference: number;
  readonly current: number;
}

const plus = (a: Cell, b: Cell): Cell => ({ reference: a.reference + b.reference, current: a.current + b.current });

interface Table {
  readonly cells: readonly Cell[];
  /** Of all rows, by side. */
  readonly share: Cell;
  readonly isSmall: (cell: Cell) => boolean;
}

function tableOf(reference: readonly number[], current: readonly number[]): Table {
  const cells = reference
    .map((count, i): Cell => ({ reference: count, current: current[i] ?? 0 }))
    .filter((cell) => cell.reference + cell.current > 0);
  const all = cells.reduce(plus, { reference: 0, current: 0 });
  const n = all.reference + all.current;
  const share = n === 0 ? all : { reference: all.reference / n, current: all.current / n };
  const smaller = Math.min(share.reference, share.current);
  return { cells, share, isSmall: (cell) => (cell.reference + cell.current) * smaller < MIN_EXPECTED };
}

function joinNeighbours({ cells, isSmall }: Table): readonly Cell[] {
  const joined: Cell[] = [];
  for (const cell of cells) {
    const last = joined.at(-1);
    if (last !== undefined && (isSmall(last) || isSmall(cell))) joined[joined.length - 1] = plus(last, cell);
    else joined.push(cell);
  }
  return joined;
}

function joinSmallest({ cells, isSmall }: Table): readonly Cell[] {
  const kept = cells.filter((cell) => !isSmall(cell)).sort((a, b) => b.reference + b.current - a.reference - a.current);
  const small = cells.filter(isSmall);
  if (small.length === 0) return kept;
  let other = small.reduce(plus);
  while (isSmall(other) && kept.length > 0) other = plus(other, kept.pop()!);
  return [...kept, other];
}

/** p of a PSI over `bins` bins between `n` and `m` rows; 1 with one bin. */
export function psiPValue(psi: number, n: number, m: number, bins: number): number {
  return bins < 2 || n <= 0 || m <= 0 ? 1 : chiSquareSurvival(psi / (1 / n + 1 / m), bins - 1);
}

/**
 * KS on bins: D over the edges only, so at most the real D, and its p at least the real one. Asymptotic.
 * With clusters the rows are divided by the bound on the largest design effect.
 */
export function binnedKs(
  reference: readonly number[],
  current: readonly number[],
  effect: DesignEffect | null,
): { readonly statistic: number; readonly pValue: number } {
  const n = reference.reduce((sum, count) => sum + count, 0);
  const m = current.reduce((sum, count) => sum + count, 0);
  if (n === 0 || m === 0) return { statistic: 0, pValue: 1 };
  let before = 0;
  let now = 0;
  let statistic = 0;
  reference.forEach((count, i) => {
    before += count;
    now += current[i] ?? 0;
    statistic = Math.max(statistic, Math.abs(before / n - now / m));
  });
  const effective = roundHalfToEven((n * m) / (n + m) / (effect?.largest ?? 1));
  return { statistic, pValue: effective < 1 ? 1 : kolmogorovSurvival(effective, statistic) };
}
