/**
 * Logistic regression by Newton's method (IRLS; Hastie, Tibshirani & Friedman 2009, §4.4.1) on standardised columns, with a ridge of
 * 1e-6 that only keeps the system solvable. A constant column has no deviation and gets weight 0 whatever it does later.
 */
export interface LogisticModel {
  readonly means: readonly number[];
  /** 0: the column was constant. */
  readonly deviations: readonly number[];
  /** One a column, then the intercept. */
  readonly weights: readonly number[];
}

const RIDGE = 1e-6;
const MOST_STEPS = 50;

/** @param columns numbers without gaps. @param rows which of them to train on. @param truth 0 or 1 a row. */
export function fitLogistic(
  columns: readonly ArrayLike<number>[],
  truth: ArrayLike<number>,
  rows: readonly number[],
): LogisticModel {
  const constant = columns.map((column) => rows.every((row) => column[row] === column[rows[0]!]));
  const means = columns.map((column) => rows.reduce((sum, row) => sum + column[row]!, 0) / rows.length);
  const deviations = columns.map((column, c) =>
    constant[c]! ? 0 : Math.sqrt(rows.reduce((sum, row) => sum + (column[row]! - means[c]!) ** 2, 0) / rows.length),
  );
  const size = columns.length + 1;
  let model: LogisticModel = { means, deviations, weights: new Array<number>(size).fill(0) };
  for (let step = 0; step < MOST_STEPS; step++) {
    const gradient = model.weights.map((weight) => -RIDGE * weight);
    const hessian = Array.from({ length: size }, (_, i) =>
      Array.from({ length: size }, (__, j) => (i === j ? RIDGE : 0)),
    );
    for (const row of rows) {
      const x = standardised(model, columns, row);
      const p = sigmoid(dot(model.weights, x));
      for (let i = 0; i < size; i++) {
        gradient[i]! += x[i]! * (truth[row]! - p);
        for (let j = 0; j < size; j++) hessian[i]![j]! += p * (1 - p) * x[i]! * x[j]!;
      }
    }
    const change = solve(hessian, gradient);
    model = { ...model, weights: model.weights.map((weight, i) => weight + change[i]!) };
    if (Math.max(...change.map(Math.abs)) < 1e-10) return model;
  }
  throw new Error(`logistic regression did not converge in ${MOST_STEPS} steps`);
}

/** Probability of 1. */
export const logisticScore = (model: LogisticModel, columns: readonly ArrayLike<number>[], row: number): number =>
  sigmoid(dot(model.weights, standardised(model, columns, row)));

const standardised = (
  { means, deviations }: LogisticModel,
  columns: readonly ArrayLike<number>[],
  row: number,
): readonly number[] => [
  ...columns.map((column, c) => (deviations[c] === 0 ? 0 : (column[row]! - means[c]!) / deviations[c]!)),
  1,
];

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** Gaussian elimination with pivots; the matrix is positive definite. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const a = matrix.map((row, i) => [...row, right[i]!]);
  const n = a.length;
  for (let c = 0; c < n; c++) {
    let pivot = c;
    for (let r = c + 1; r < n; r++) if (Math.abs(a[r]![c]!) > Math.abs(a[pivot]![c]!)) pivot = r;
    [a[c], a[pivot]] = [a[pivot]!, a[c]!];
    for (let r = c + 1; r < n; r++) {
      const factor = a[r]![c]! / a[c]![c]!;
      for (let k = c; k <= n; k++) a[r]![k]! -= factor * a[c]![k]!;
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let r = n - 1; r >= 0; r--) {
    let rest = a[r]![n]!;
    for (let k = r + 1; k < n; k++) rest -= a[r]![k]! * x[k]!;
    x[r] = rest / a[r]![r]!;
  }
  return x;
}
