import { RatchetError } from '../errors';
import { assertScores } from './binary-rows';

/**
 * CBPE, confidence-based performance estimation: with p the calibrated probability of the positive class, the expected confusion
 * matrix needs no truth. TP = Σ_{ŷ=1} p, FP = Σ_{ŷ=1}(1 − p), FN = Σ_{ŷ=0} p, TN = Σ_{ŷ=0}(1 − p).
 *
 * Assumes calibrated scores and no concept drift: P(y|score) is still what it was on the reference. Input drift inside the
 * reference's support is allowed for; outside of it nothing is known (reliability.ts).
 * Reference: NannyML documentation, "Estimation of performance of the monitored model" (version 0.13).
 */

/** Expected counts, not whole numbers; none negative. */
export interface ExpectedConfusion {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
  readonly trueNegative: number;
}

/** Metrics of one confusion matrix. */
export const CONFUSION_METRICS = ['accuracy', 'precision', 'recall', 'specificity', 'f1'] as const;
export type ConfusionMetric = (typeof CONFUSION_METRICS)[number];
export type EstimatedMetric = ConfusionMetric | 'auc';

/** In [0, 1]; null where the denominator is 0. F1 is TP/(TP + ½(FP + FN)). */
export function confusionMetric(metric: ConfusionMetric, confusion: ExpectedConfusion): number | null {
  const { truePositive: tp, falsePositive: fp, falseNegative: fn, trueNegative: tn } = confusion;
  switch (metric) {
    case 'accuracy':
      return ratio(tp + tn, tp + fp + fn + tn);
    case 'precision':
      return ratio(tp, tp + fp);
    case 'recall':
      return ratio(tp, tp + fn);
    case 'specificity':
      return ratio(tn, tn + fp);
    case 'f1':
      return ratio(tp, tp + 0.5 * (fp + fn));
  }
}

const ratio = (part: number, whole: number): number | null =>
  whole > 0 ? Math.min(1, Math.max(0, part / whole)) : null;

/**
 * Expected area under the ROC curve: rows by descending raw score, Σp as true and Σ(1 − p) as false positives, trapezoid. Rows of
 * the same score are one step. NannyML rounds both sums to 5 decimals; we do not.
 * @param scores n raw scores, finite. @param probabilities n calibrated probabilities. null when one class is not expected at all.
 * @throws RatchetError RATCHET_INPUT_INVALID: unequal lengths, or a score or probability that is none.
 */
export function expectedAuc(scores: ArrayLike<number>, probabilities: ArrayLike<number>): number | null {
  assertScores(probabilities);
  if (scores.length !== probabilities.length || !Array.prototype.every.call(scores, Number.isFinite)) {
    throw new RatchetError(
      'RATCHET_INPUT_INVALID',
      `${scores.length} scores and ${probabilities.length} probabilities, expected as many finite ones`,
    );
  }
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  let positives = 0;
  let negatives = 0;
  let area = 0;
  for (let i = 0; i < order.length;) {
    const score = scores[order[i]!]!;
    let stepPositive = 0;
    let stepNegative = 0;
    for (; i < order.length && scores[order[i]!] === score; i++) {
      stepPositive += probabilities[order[i]!]!;
      stepNegative += 1 - probabilities[order[i]!]!;
    }
    area += stepNegative * (positives + stepPositive / 2);
    positives += stepPositive;
    negatives += stepNegative;
  }
  return ratio(area, positives * negatives);
}
