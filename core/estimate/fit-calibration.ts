/**
 * Is the score a probability, or must it be calibrated first? An isotonic map is fitted on the reference and used only if it
 * lowers the expected calibration error on rows that it was not fitted on.
 *
 * Cross-fitting: rows are put in a canonical order (score, truth), shuffled by sfc32 with a fixed seed and dealt to `folds` folds
 * within each class, so the split depends neither on chance nor on the order of the rows. The error is measured a fold, over
 * `bins` bins of equal counts, and averaged by rows. (Pooled over all folds it would be near 0 for any isotonic fit: in each block
 * the left-out means average to the block's own mean.)
 *
 * Reference for the rule: NannyML 0.13, `needs_calibration`, which pools ten random 90/10 splits.
 */
import { Sfc32 } from '../gate/sfc32';
import { midRanks } from '../performance/auc';
import { assertBinary, assertScores } from './binary-rows';
import { expectedCalibrationError } from './calibration-error';
import { calibrate, IDENTITY_CALIBRATION, type CalibrationMap } from './calibration-map';
import { isotonicMap } from './isotonic';

export interface CalibrationOptions {
  /** Default 10, at least 2. */
  readonly folds?: number;
  /** Bins of the expected calibration error, default 10. */
  readonly bins?: number;
  /** Most knots of the map (SQL counts by them), default 256; null: no limit. */
  readonly maxKnots?: number | null;
}

export interface FittedCalibration {
  readonly map: CalibrationMap;
  /** false: `map` is the identity. */
  readonly used: boolean;
  /** `lowers_error`, or why the scores are taken as they are. */
  readonly reason: 'lowers_error' | 'no_gain' | 'one_class' | 'separable' | 'too_few_rows';
  /** Cross-fitted expected calibration error without and with the map; null: not measured. */
  readonly errorBefore: number | null;
  readonly errorAfter: number | null;
}

const SEPARABLE_AUC = 0.999;

/**
 * @param scores n probabilities of the positive class, in [0, 1]. @param truths n values 0 or 1.
 * @throws RatchetError RATCHET_INPUT_INVALID with the index of a bad row.
 */
export function fitCalibration(
  scores: ArrayLike<number>,
  truths: ArrayLike<number>,
  options: CalibrationOptions = {},
): FittedCalibration {
  assertScores(scores);
  assertBinary('truth', truths, scores.length);
  const { folds = 10, bins = 10, maxKnots = 256 } = options;
  const asIs = (reason: FittedCalibration['reason']): FittedCalibration => ({
    map: IDENTITY_CALIBRATION,
    used: false,
    reason,
    errorBefore: null,
    errorAfter: null,
  });
  // Fewer than two rows a bin of a fold say nothing about calibration.
  if (scores.length < 2 * bins * folds) return asIs('too_few_rows');
  const area = areaUnderCurve(scores, truths);
  if (area === null) return asIs('one_class');
  if (area > SEPARABLE_AUC) return asIs('separable');
  const errors = crossFittedErrors(scores, truths, folds, bins, maxKnots);
  if (!(errors.errorBefore > errors.errorAfter)) return { ...asIs('no_gain'), ...errors };
  return { map: isotonicMap(scores, truths, maxKnots), used: true, reason: 'lowers_error', ...errors };
}

function crossFittedErrors(
  scores: ArrayLike<number>,
  truths: ArrayLike<number>,
  folds: number,
  bins: number,
  maxKnots: number | null,
): { readonly errorBefore: number; readonly errorAfter: number } {
  const fold = foldOfRows(scores, truths, folds);
  let errorBefore = 0;
  let errorAfter = 0;
  for (let k = 0; k < folds; k++) {
    const train: number[] = [];
    const test: number[] = [];
    for (let i = 0; i < scores.length; i++) (fold[i] === k ? test : train).push(i);
    const map = isotonicMap(
      train.map((i) => scores[i]!),
      train.map((i) => truths[i]!),
      maxKnots,
    );
    const raw = test.map((i) => scores[i]!);
    const truth = test.map((i) => truths[i]!);
    const share = test.length / scores.length;
    errorBefore += share * expectedCalibrationError(raw, truth, bins);
    errorAfter +=
      share *
      expectedCalibrationError(
        raw.map((score) => calibrate(map, score)),
        truth,
        bins,
      );
  }
  return { errorBefore, errorAfter };
}

function foldOfRows(scores: ArrayLike<number>, truths: ArrayLike<number>, folds: number): Uint32Array {
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i).sort(
    (a, b) => truths[a]! - truths[b]! || scores[a]! - scores[b]!,
  );
  const fold = new Uint32Array(scores.length);
  const random = new Sfc32(1);
  const firstPositive = order.findIndex((row) => truths[row] === 1);
  for (const [from, to] of [
    [0, firstPositive],
    [firstPositive, order.length],
  ] as const) {
    const rows = order.slice(from, to);
    for (let i = rows.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [rows[i], rows[j]] = [rows[j]!, rows[i]!];
    }
    rows.forEach((row, i) => (fold[row] = i % folds));
  }
  return fold;
}

/** Mann–Whitney form with mid-ranks; null when a class is absent. */
function areaUnderCurve(scores: ArrayLike<number>, truths: ArrayLike<number>): number | null {
  const ranks = midRanks(Array.from(scores));
  let positives = 0;
  let rankSum = 0;
  for (let i = 0; i < truths.length; i++) {
    if (truths[i] !== 1) continue;
    positives += 1;
    rankSum += ranks[i]!;
  }
  const negatives = truths.length - positives;
  if (positives === 0 || negatives === 0) return null;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
