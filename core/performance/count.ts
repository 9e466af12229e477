/**
 * From answered rows to {@link PerformanceCounts}. PostgreSQL sums the same (adapters/postgres); what must agree:
 *
 * - `rows`: all rows. `labelled`: those with a truth and an answer that the task knows (`selectLabelledRows`). `invalid`: those
 *   with a truth and some answer that it does not know. A row without truth, or without any answer, is neither.
 * - `logLoss`: probability clipped to [LOG_LOSS_CLIP, 1 − LOG_LOSS_CLIP]. `brier`: (score − outcome)². `squared`, `absolute`:
 *   of score − truth. `absolutePercentage`: |score − truth| / |truth|, rows with truth ≠ 0 only (its `n` is smaller).
 * - Sums that leave the doubles stay at {@link SATURATED}: JSON knows no infinity, and no metric is made of them.
 * - Calibration bin of a score: floor(score × {@link CALIBRATION_BINS}) in doubles, 1 in the last.
 */
import { RatchetError } from '../errors';
import type { Task } from '../model';
import { selectLabelledRows, type AnsweredRows, type LabelledRows } from './labelled-rows';
import type { CalibrationBin, LossSums, PerformanceCounts, RowLoss, SliceCounts } from './performance-counts';
import { brierOfRow, logLossOfRow } from './probability-loss';
import { rankSums } from './auc';

export const CALIBRATION_BINS = 10;

/** Where sums stop that would overflow. */
export const SATURATED = Number.MAX_VALUE;

/** Slices of one feature that are counted: those with the most rows. */
export const MAX_SLICES = 50;

/** Bin of a score in [0, 1]: 0 to 9. */
export const calibrationBin = (score: number): number =>
  Math.min(CALIBRATION_BINS - 1, Math.floor(score * CALIBRATION_BINS));

/** Pure and independent of the order of the rows (sums up to rounding). Never throws; wrong values are counted as `invalid`. */
export function countPerformance(input: AnsweredRows): PerformanceCounts {
  const { rows, labelled, invalid } = selectLabelledRows(input);
  return { ...countLabelled(rows, input.classes), rows: input.truths.length, labelled, invalid };
}

/**
 * Counts by value of one feature, most rows first (then by value), at most `maxSlices`; null values are a slice of their own.
 * `values` has one entry a row; numbers are named as text.
 */
export function countSlices(
  feature: string,
  values: readonly (string | number | null)[],
  input: AnsweredRows,
  maxSlices = MAX_SLICES,
): readonly SliceCounts[] {
  const rowsOf = new Map<string | null, number[]>();
  input.truths.forEach((_, row) => {
    const raw = values[row] ?? null;
    const value = raw === null ? null : String(raw);
    const rows = rowsOf.get(value);
    if (rows === undefined) rowsOf.set(value, [row]);
    else rows.push(row);
  });
  const byText = (a: string | null, b: string | null): number => ((a ?? '') < (b ?? '') ? -1 : a === b ? 0 : 1);
  return [...rowsOf]
    .sort(([a, rowsA], [b, rowsB]) => rowsB.length - rowsA.length || byText(a, b))
    .slice(0, maxSlices)
    .map(([value, rows]) => ({ feature, value, counts: countPerformance(pick(input, rows)) }));
}

const pick = (input: AnsweredRows, rows: readonly number[]): AnsweredRows => ({
  ...input,
  scores: rows.map((row) => input.scores[row] ?? null),
  labels: rows.map((row) => input.labels[row] ?? null),
  truths: rows.map((row) => input.truths[row] ?? null),
});

/** Counts of rows that are known to be labelled and valid. `classes` as in the contract: binary [negative, positive]. */
export function countLabelled(rows: LabelledRows, classes: readonly string[]): PerformanceCounts {
  const n = rows.truth.length;
  const common = { schemaVersion: 1, rows: n, labelled: n, invalid: 0, ranks: null, calibration: null } as const;
  switch (rows.task) {
    case 'regression':
      return { ...common, confusion: null, losses: regressionLosses(rows.truth, rows.score) };
    case 'multiclass':
      return { ...common, confusion: confusionOf(rows.truth, rows.answer, classes), losses: {} };
    case 'binary': {
      const names = (flags: readonly boolean[]): readonly string[] => flags.map(String);
      // The matrix keeps the contract's order and size: [negative, positive].
      const confusion = confusionOf(names(rows.truth), names(rows.answer), ['false', 'true']);
      const logLoss = new Sums();
      const brier = new Sums();
      const bins = Array.from({ length: CALIBRATION_BINS }, () => ({ n: 0, sumScore: 0, positives: 0 }));
      rows.truth.forEach((truth, i) => {
        const score = rows.score[i]!;
        logLoss.add(logLossOfRow(truth, score));
        brier.add(brierOfRow(truth, score));
        const bin = bins[calibrationBin(score)]!;
        bin.n++;
        bin.sumScore += score;
        if (truth) bin.positives++;
      });
      return {
        ...common,
        confusion,
        losses: { logLoss: logLoss.sums(), brier: brier.sums() },
        ranks: rankSums(rows.truth, rows.score),
        calibration: bins,
      };
    }
  }
}

function confusionOf(truth: readonly string[], answer: readonly string[], classes: readonly string[]): number[][] {
  const index = new Map(classes.map((name, i) => [name, i]));
  const matrix = classes.map(() => classes.map(() => 0));
  truth.forEach((name, i) => {
    const row = matrix[index.get(name) ?? -1];
    const column = index.get(answer[i]!);
    if (row !== undefined && column !== undefined) row[column]!++;
  });
  return matrix;
}

function regressionLosses(truth: readonly number[], scores: readonly number[]): PerformanceCounts['losses'] {
  const squared = new Sums();
  const absolute = new Sums();
  const absolutePercentage = new Sums();
  truth.forEach((value, i) => {
    const error = Math.abs(scores[i]! - value);
    squared.add(error * error);
    absolute.add(error);
    if (value !== 0) absolutePercentage.add(error / Math.abs(value));
  });
  return {
    squared: squared.sums(),
    absolute: absolute.sums(),
    absolutePercentage: absolutePercentage.sums(),
  };
}

class Sums {
  private n = 0;
  private sum = 0;
  private sumSquares = 0;

  add(value: number): void {
    this.n++;
    this.sum = saturatedSum(this.sum, value);
    this.sumSquares = saturatedSum(this.sumSquares, value * value);
  }

  sums(): LossSums {
    return { n: this.n, sum: this.sum, sumSquares: this.sumSquares };
  }
}

const saturatedSum = (a: number, b: number): number => Math.min(SATURATED, a + b);

/** Nothing counted yet: what sums start from. */
export function emptyPerformanceCounts(task: Task, classes: readonly string[]): PerformanceCounts {
  return countPerformance({ task, classes, scores: [], labels: [], truths: [] });
}

/**
 * Counts of two disjoint sets of rows together, equal to counting them at once but for rounding and for `ranks`: how scores
 * rank does not add up, so they are null unless one side has no labelled row.
 *
 * @throws RatchetError RATCHET_INPUT_INVALID when the two are of different tasks or numbers of classes.
 */
export function addPerformanceCounts(a: PerformanceCounts, b: PerformanceCounts): PerformanceCounts {
  const same = a.confusion?.length === b.confusion?.length && (a.calibration === null) === (b.calibration === null);
  if (!same) {
    throw new RatchetError('RATCHET_INPUT_INVALID', 'performance counts of different tasks or classes cannot be added');
  }
  const losses: Partial<Record<RowLoss, LossSums>> = { ...a.losses };
  for (const [name, sums] of Object.entries(b.losses) as [RowLoss, LossSums][])
    losses[name] = addSums(losses[name], sums);
  return {
    schemaVersion: 1,
    rows: a.rows + b.rows,
    labelled: a.labelled + b.labelled,
    invalid: a.invalid + b.invalid,
    confusion: a.confusion?.map((row, t) => row.map((n, y) => n + (b.confusion?.[t]?.[y] ?? 0))) ?? null,
    losses,
    ranks: b.labelled === 0 ? a.ranks : a.labelled === 0 ? b.ranks : null,
    calibration: a.calibration?.map((bin, i) => addBins(bin, b.calibration?.[i])) ?? null,
  };
}

const addSums = (a: LossSums | undefined, b: LossSums): LossSums =>
  a === undefined
    ? b
    : { n: a.n + b.n, sum: saturatedSum(a.sum, b.sum), sumSquares: saturatedSum(a.sumSquares, b.sumSquares) };

const addBins = (a: CalibrationBin, b: CalibrationBin | undefined): CalibrationBin =>
  b === undefined ? a : { n: a.n + b.n, sumScore: a.sumScore + b.sumScore, positives: a.positives + b.positives };
