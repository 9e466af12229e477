/**
 * Metrics of decisions (labels), from the confusion matrix.
 *
 * Binary: of the positive class. Multiclass: accuracy over all rows; precision, recall and F1 macro-averaged (plain mean over
 * the classes that occur in the truth or among the answers; a class never answered has precision 0, as scikit-learn's
 * zero_division=0); the micro averages, which for one label a row all equal accuracy.
 *
 * Intervals. Wilson: accuracy, precision, recall, false positive rate, the micro averages. Binary F1 = 2J/(1+J) with
 * J = TP/(TP+FP+FN), a proportion, and the map is monotone: so F1's interval is Wilson's for J, mapped (given the number of
 * rows that are positive by truth or by answer). Macro recall and precision: normal, from the classes' binomial variances.
 * Macro F1: delta method over the multinomial cells (K. Takahashi et al., Applied Intelligence 52, 2022). Where a normal
 * interval has no width (all right, all wrong), Wilson's stands in.
 */
import { boundedInterval, wilsonInterval, Z_95 } from './interval';
import { meanMetric, proportion, type MetricValue } from './metric';

export interface Confusion {
  readonly truePositive: number;
  readonly falsePositive: number;
  readonly falseNegative: number;
  readonly trueNegative: number;
}

/** counts[truth][answer], square. */
export type ConfusionMatrix = readonly (readonly number[])[];

/** Undefined metrics (no positive answer: no precision) are left out. */
export function binaryDecisionMetrics(confusion: Confusion, z: number = Z_95): readonly MetricValue[] {
  const { truePositive, falsePositive, falseNegative, trueNegative } = confusion;
  const share = (name: MetricValue['name'], k: number, n: number) => proportion(name, k, n, wilsonInterval(k, n, z));
  return [
    ...share('accuracy', truePositive + trueNegative, truePositive + trueNegative + falsePositive + falseNegative),
    ...share('precision', truePositive, truePositive + falsePositive),
    ...share('recall', truePositive, truePositive + falseNegative),
    ...f1(truePositive, truePositive + falsePositive + falseNegative, z),
    ...share('fpr', falsePositive, falsePositive + trueNegative),
  ];
}

function f1(truePositive: number, union: number, z: number): readonly MetricValue[] {
  const interval = wilsonInterval(truePositive, union, z);
  if (interval === null) return [];
  const fromJaccard = (j: number): number => (2 * j) / (1 + j);
  const value = fromJaccard(truePositive / union);
  return [{ name: 'f1', value, low: fromJaccard(interval.low), high: fromJaccard(interval.high) }];
}

interface ClassCounts {
  readonly index: number;
  readonly right: number;
  readonly inTruth: number;
  readonly answered: number;
}

export function multiclassDecisionMetrics(matrix: ConfusionMatrix, z: number = Z_95): readonly MetricValue[] {
  const classes = matrix
    .map((row, index) => ({
      index,
      right: row[index] ?? 0,
      inTruth: sum(row),
      answered: sum(matrix.map((other) => other[index] ?? 0)),
    }))
    .filter((c) => c.inTruth + c.answered > 0);
  const rows = sum(classes.map((c) => c.inTruth));
  if (rows === 0) return [];
  const right = sum(classes.map((c) => c.right));
  const micro = (name: MetricValue['name']) => proportion(name, right, rows, wilsonInterval(right, rows, z));
  return [
    ...micro('accuracy'),
    macroShare('precision', classes, (c) => c.answered, rows, z),
    macroShare('recall', classes, (c) => c.inTruth, rows, z),
    macroF1(matrix, classes, rows, z),
    ...micro('precisionMicro'),
    ...micro('recallMicro'),
    ...micro('f1Micro'),
  ];
}

function macroShare(
  name: 'precision' | 'recall',
  classes: readonly ClassCounts[],
  trials: (counts: ClassCounts) => number,
  rows: number,
  z: number,
): MetricValue {
  const shares = classes.map((c) => (trials(c) > 0 ? c.right / trials(c) : 0));
  const variances = classes.map((c, i) => (trials(c) > 0 ? (shares[i]! * (1 - shares[i]!)) / trials(c) : 0));
  return bounded(name, mean(shares), sum(variances) / classes.length ** 2, rows, z);
}

/** F of a class = 2·right/(in truth + answered); its derivative by a cell is (2 − 2F)/d on the diagonal, −F/d beside it. */
function macroF1(matrix: ConfusionMatrix, classes: readonly ClassCounts[], rows: number, z: number): MetricValue {
  const size = new Map(classes.map((c) => [c.index, c.inTruth + c.answered]));
  const f = new Map(classes.map((c) => [c.index, (2 * c.right) / (c.inTruth + c.answered)]));
  let first = 0;
  let second = 0;
  for (const { index: t } of classes) {
    for (const { index: y } of classes) {
      const share = (matrix[t]?.[y] ?? 0) / rows;
      const own = f.get(t)! / size.get(t)!;
      const slope = rows * (t === y ? 2 / size.get(t)! - 2 * own : -own - f.get(y)! / size.get(y)!);
      first += share * slope;
      second += share * slope * slope;
    }
  }
  const variance = (second - first * first) / classes.length ** 2 / rows;
  // All right or all wrong: what is left is rounding.
  return bounded('f1', mean([...f.values()]), variance > 1e-15 / rows ? variance : 0, rows, z);
}

function bounded(name: MetricValue['name'], value: number, variance: number, rows: number, z: number): MetricValue {
  const interval = boundedInterval(value, variance, rows, z);
  return { name, value, low: interval?.low ?? null, high: interval?.high ?? null };
}

/**
 * Business value per decision: the mean over rows of values[truth][answer], in the unit of the matrix (profit positive, cost
 * negative); a mean, so its interval is normal. Nothing without a matrix of the confusion's size with finite values.
 */
export function businessValueMetric(
  matrix: ConfusionMatrix,
  values: ConfusionMatrix | null,
  z: number = Z_95,
): readonly MetricValue[] {
  const rows = sum(matrix.map(sum));
  if (values === null || rows === 0) return [];
  const cells = matrix.flatMap((row, t) => row.map((n, y) => ({ share: n / rows, value: values[t]?.[y] ?? NaN })));
  const average = cells.reduce((total, cell) => total + cell.share * cell.value, 0);
  const squares = cells.reduce((total, cell) => total + cell.share * (cell.value - average) ** 2, 0);
  const standardError = rows < 2 ? null : Math.sqrt(squares / (rows - 1));
  return meanMetric('businessValue', { mean: average, standardError }, z);
}

const sum = (values: readonly number[]): number => values.reduce((total, v) => total + v, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
