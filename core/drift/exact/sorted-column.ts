import type { ColumnRows } from './column-keys';
import { radixSorted, type FloatArray } from './radix-sort';

export interface SortedRows extends ColumnRows {
  /** Finite values, ascending. */
  readonly sorted: FloatArray;
}

/**
 * A column sorted, without its missing and infinite rows, which are counted.
 *
 * @param isSorted the values are ascending and finite already: they are taken as they are, not copied.
 */
export function finiteSorted(values: FloatArray, isSorted = false): SortedRows {
  if (isSorted) return { sorted: values, rows: values.length, missing: 0, infinite: 0 };
  let missing = 0;
  let infinite = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value !== value) missing++;
    else if (value === Infinity || value === -Infinity) infinite++;
  }
  const rows = values.length - missing - infinite;
  return { sorted: radixSorted(missing + infinite === 0 ? values : finiteOnly(values, rows)), rows, missing, infinite };
}

function finiteOnly(values: FloatArray, rows: number): FloatArray {
  const kept = values instanceof Float32Array ? new Float32Array(rows) : new Float64Array(rows);
  let used = 0;
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) kept[used++] = values[i]!;
  return kept;
}
