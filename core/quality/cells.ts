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

/** Text that is the same for rows of the same content. Values that are neither number nor text are the same only as themselves. */
export function contentsOf(columns: readonly Cells[]): (row: number) => string {
  const others = new Map<unknown, number>();
  const write = (value: unknown): string => {
    if (value === null || value === undefined) return '_';
    if (typeof value === 'number') return `${value + 0}`;
    if (typeof value === 'string') return `"${value.length}:${value}`;
    const there = others.get(value) ?? others.size;
    others.set(value, there);
    return `#${there}`;
  };
  return (row) => columns.map((cells) => write(cells.at(row))).join(',');
}
