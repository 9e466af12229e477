/**
 * Reads a feature column as the statistics see it. Numbers are rounded to float32 on *both* sides: the model sees float32 and
 * the prediction log stores float32, while training data comes as doubles. Compared unrounded, 10.35702 in the reference
 * and 10.357020378 in the log would be different values, and a tied feature would "drift" by nothing but its storage.
 */
import type { FrameColumn } from '../frame';
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
    values[used++] = asFloat32(value);
  }
  const sorted = values.slice(0, used).sort();
  return { sorted, rows: column.length, nulls: column.length - used };
}

/** A finite double as the log stores it; beyond the range of float32 the largest one. */
function asFloat32(value: number): number {
  const rounded = Math.fround(value);
  // + 0 turns −0 into 0, so that JSON and sorting agree.
  return Number.isFinite(rounded) ? rounded + 0 : Math.sign(value) * LARGEST_FLOAT32;
}

/** A column's numbers as the statistics see them, row by row; NaN: missing, or not finite. null: the column holds strings. */
export function float32Values(column: FrameColumn): Float64Array | null {
  if (column.kind !== 'number') return null;
  const values = new Float64Array(column.values.length);
  for (let i = 0; i < values.length; i++) {
    const value = column.values[i]!;
    values[i] = Number.isFinite(value) ? asFloat32(value) : Number.NaN;
  }
  return values;
}

/** A column as dictionary codes; numbers become the categories of their text (a category may well look like one). */
export function categoryCodes(column: FrameColumn): {
  readonly codes: Int32Array;
  readonly categories: readonly string[];
} {
  if (column.kind === 'string') return column;
  const codes = new Int32Array(column.values.length);
  const known = new Map<string, number>();
  for (let i = 0; i < codes.length; i++) {
    const value = column.values[i]!;
    if (Number.isNaN(value)) {
      codes[i] = -1;
      continue;
    }
    const text = String(value);
    let code = known.get(text);
    if (code === undefined) known.set(text, (code = known.size));
    codes[i] = code;
  }
  return { codes, categories: [...known.keys()] };
}

/** Bin of a value over (-inf, e0], (e0, e1], …, (ek, inf): the number of edges below it. */
export function binOf(value: number, edges: ArrayLike<number>): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (edges[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
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
