/**
 * Pearson's χ² test of homogeneity on the 2 × k table of category counts (both samples are random; Evidently's one-way form
 * takes the reference as exact). Without Yates' correction, equal to `scipy.stats.chi2_contingency(correction=False)`.
 *
 * Assumes independent rows and expected counts of about 5: so rare categories are folded into one "other" cell first. A
 * category is rare when its share of the pooled rows is below {@link RARE_SHARE}; judged on the pool, a new category that is
 * common now keeps its own cell. Where that leaves fewer than two cells (many small categories), those with an expected
 * count below {@link MIN_EXPECTED} on the smaller side are folded instead.
 */
import { chiSquareSurvival } from './gamma';

export const RARE_SHARE = 0.01;
export const MIN_EXPECTED = 5;

export interface ChiSquareResult {
  readonly statistic: number;
  readonly degreesOfFreedom: number;
  /** In [0, 1]; 1 when there is only one cell. */
  readonly pValue: number;
  /** How many categories went into "other". */
  readonly folded: number;
}

const NOTHING: ChiSquareResult = { statistic: 0, degreesOfFreedom: 0, pValue: 1, folded: 0 };

/**
 * Counts of the same categories on both sides. An empty side or a single category gives p = 1, never NaN.
 *
 * @example
 * chiSquareHomogeneity([10, 20], [20, 10]) // { statistic: 6.666666666666667, degreesOfFreedom: 1, pValue: 0.009823274507519235, folded: 0 }
 */
export function chiSquareHomogeneity(reference: readonly number[], current: readonly number[]): ChiSquareResult {
  const used = reference
    .map((count, i) => ({ reference: count, current: current[i] ?? 0 }))
    .filter((cell) => cell.reference + cell.current > 0);
  const n = used.reduce((sum, cell) => sum + cell.reference, 0);
  const m = used.reduce((sum, cell) => sum + cell.current, 0);
  if (n === 0 || m === 0) return NOTHING;

  const pooled = (cell: Cell): number => (cell.reference + cell.current) / (n + m);
  let table = fold(used, (cell) => pooled(cell) < RARE_SHARE);
  if (table.cells.length < 2) table = fold(used, (cell) => pooled(cell) * Math.min(n, m) < MIN_EXPECTED);
  if (table.cells.length < 2) return { ...NOTHING, folded: table.folded };

  let statistic = 0;
  for (const cell of table.cells) {
    const share = pooled(cell);
    statistic += (cell.reference - share * n) ** 2 / (share * n) + (cell.current - share * m) ** 2 / (share * m);
  }
  const degreesOfFreedom = table.cells.length - 1;
  return { statistic, degreesOfFreedom, pValue: chiSquareSurvival(statistic, degreesOfFreedom), folded: table.folded };
}

interface Cell {
  readonly reference: number;
  readonly current: number;
}

function fold(cells: readonly Cell[], rare: (cell: Cell) => boolean): { cells: readonly Cell[]; folded: number } {
  const kept = cells.filter((cell) => !rare(cell));
  const folded = cells.filter(rare);
  // One rare category gains nothing from being renamed, and folding it would report a fold that changed nothing.
  if (folded.length < 2) return { cells, folded: 0 };
  const other = folded.reduce(
    (sum, cell) => ({ reference: sum.reference + cell.reference, current: sum.current + cell.current }),
    { reference: 0, current: 0 },
  );
  return { cells: [...kept, other], folded: folded.length };
}
