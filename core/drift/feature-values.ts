/**
 * Reads a feature column as the statistics see it. Numbers are rounded to float32 on *both* sides: the model sees float32 and
 * the prediction log stores float32, while training data comes as doubles. Compared unrounded, 10.35702 in the reference
 * and 10.357020378 in the log would be different values, and a tied feature would "drift" by nothing but its storage.
 */
import type { FeatureValue } from '../model';

const LARGEST_FLOAT32 = 3.4028234663852886e38;

export interface NumericValues {
  /** Ascending, finite, float32. */
  readonly sorted: Float64Array;
  readonly rows: number;
  /** Missing, or not a finite number (core/quality says which). */
  readonly nulls: number;
}

export function readNumeric(column: readonly FeatureValue[]): NumericValues {
  const values = new Float64Array(column.length);
  let used = 0;
  for (const value of column) {
    if (typeof value !== 'number' || !Number.isFinite(value)) continue;
    const rounded = Math.fround(value);
    // + 0 turns −0 into 0, so that JSON and sorting agree.
    values[used++] = Number.isFinite(rounded) ? rounded + 0 : Math.sign(value) * LARGEST_FLOAT32;
  }
  const sorted = values.slice(0, used).sort();
  return { sorted, rows: column.length, nulls: column.length - used };
}

export interface CategoricalValues {
  readonly counts: ReadonlyMap<string, number>;
  readonly rows: number;
  readonly nulls: number;
}

export function readCategorical(column: readonly FeatureValue[]): CategoricalValues {
  const counts = new Map<string, number>();
  let nulls = 0;
  for (const value of column) {
    if (value === null || value === undefined) nulls++;
    else counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  }
  return { counts, rows: column.length, nulls };
}

/** Counts of sorted values over bins (-inf, e0], (e0, e1], …, (ek, inf). */
export function countInBins(sorted: ArrayLike<number>, edges: readonly number[]): number[] {
  const counts: number[] = [];
  let from = 0;
  for (const edge of edges) {
    const to = upperBound(sorted, edge, from);
    counts.push(to - from);
    from = to;
  }
  counts.push(sorted.length - from);
  return counts;
}

/** First index at or after `from` whose value exceeds `edge`. */
function upperBound(sorted: ArrayLike<number>, edge: number, from: number): number {
  let low = from;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= edge) low = middle + 1;
    else high = middle;
  }
  return low;
}
