/**
 * Accuracy, precision, recall and F1 of decisions (labels).
 *
 * Binary: of the positive class. Multiclass: accuracy over all rows, the others macro-averaged (plain mean over the classes
 * that occur in the truth or among the answers; a class never answered has precision 0, as scikit-learn's zero_division=0).
 * Intervals: Wilson for accuracy, precision, recall. F1 = 2J/(1+J) with J = TP/(TP+FP+FN), a proportion, and the map is
 * monotone: so F1's interval is Wilson's for J, mapped (given the number of rows that are positive by truth or by
 * answer). Macro recall and precision: normal, from the classes' binomial variances. Macro F1: none.
 */
import { Z_95, wilsonInterval } from './interval';
import { proportion, type MetricValue } from './metric';

export interface Confusion {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
  readonly trueNegative: number;
}

/** Both arrays have the same length. */
export function confusionOf(truthIsPositive: readonly boolean[], answerIsPositive: readonly boolean[]): Confusion {
  let truePositive = 0;
  let falsePositive = 0;
  let falseNegative = 0;
  truthIsPositive.forEach((truth, i) => {
    const answer = answerIsPositive[i] === true;
    if (truth && answer) truePositive++;
    else if (answer) falsePositive++;
    else if (truth) falseNegative++;
  });
  const trueNegative = truthIsPositive.length - truePositive - falsePositive - falseNegative;
  return { truePositive, falsePositive, falseNegative, trueNegative };
}

/** Undefined metrics (no positive answer: no precision) are left out. */
export function binaryDecisionMetrics(confusion: Confusion): readonly MetricValue[] {
  const { truePositive, falsePositive, falseNegative, trueNegative } = confusion;
  const rows = truePositive + falsePositive + falseNegative + trueNegative;
  const right = truePositive + trueNegative;
  const answered = truePositive + falsePositive;
  const positive = truePositive + falseNegative;
  return [
    ...proportion('accuracy', right, rows, wilsonInterval(right, rows)),
    ...proportion('precision', truePositive, answered, wilsonInterval(truePositive, answered)),
    ...proportion('recall', truePositive, positive, wilsonInterval(truePositive, positive)),
    ...f1(truePositive, truePositive + falsePositive + falseNegative),
  ];
}

function f1(truePositive: number, union: number): readonly MetricValue[] {
  const interval = wilsonInterval(truePositive, union);
  if (interval === null) return [];
  const fromJaccard = (j: number): number => (2 * j) / (1 + j);
  const value = fromJaccard(truePositive / union);
  return [{ name: 'f1', value, low: fromJaccard(interval.low), high: fromJaccard(interval.high) }];
}

/** `truth` and `answer` are class names, row by row. */
export function multiclassDecisionMetrics(truth: readonly string[], answer: readonly string[]): readonly MetricValue[] {
  const rows = truth.length;
  if (rows === 0) return [];
  const right = truth.filter((name, i) => name === answer[i]).length;
  const classes = [...new Set([...truth, ...answer])].map((name) =>
    confusionOf(
      truth.map((t) => t === name),
      answer.map((a) => a === name),
    ),
  );
  return [
    ...proportion('accuracy', right, rows, wilsonInterval(right, rows)),
    macroProportion('precision', classes, (c) => c.truePositive + c.falsePositive),
    macroProportion('recall', classes, (c) => c.truePositive + c.falseNegative),
    {
      name: 'f1',
      value: mean(classes.map((c) => (2 * c.truePositive) / (2 * c.truePositive + c.falsePositive + c.falseNegative))),
      low: null,
      high: null,
    },
  ];
}

function macroProportion(
  name: 'precision' | 'recall',
  classes: readonly Confusion[],
  trials: (confusion: Confusion) => number,
): MetricValue {
  const shares = classes.map((c) => (trials(c) > 0 ? c.truePositive / trials(c) : 0));
  const variances = classes.map((c, i) => (trials(c) > 0 ? (shares[i]! * (1 - shares[i]!)) / trials(c) : 0));
  const value = mean(shares);
  const half = (Z_95 * Math.sqrt(variances.reduce((sum, v) => sum + v, 0))) / classes.length;
  return { name, value, low: Math.max(0, value - half), high: Math.min(1, value + half) };
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
