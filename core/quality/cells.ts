/** A column as quality reads it: any array, and the columns of a frame. */
import type { FrameColumn } from '../frame';

export interface Cells {
  readonly length: number;
  /** The value of a row (0-based); anything at all. */
  at(row: number): unknown;
}

/** null and undefined of rows, NaN of a number column and code −1 are missing. */
export function cellsOf(column: FrameColumn): Cells {
  if (column.kind === 'number') {
    const { values } = column;
    return {
      length: values.length,
      at: (row) => {
        const value = values[row];
        return value === undefined || Number.isNaN(value) ? null : value;
      },
    };
  }
  const { codes, categories } = column;
  return { length: codes.length, at: (row) => categories[codes[row] ?? -1] ?? null };
}

/** A value that can be compared: a finite number or a text; null for all else. */
export function cellOf(value: unknown): number | string | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return typeof value === 'string' ? value : null;
}
