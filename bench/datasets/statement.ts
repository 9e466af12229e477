import type { Frame } from '../../core/frame';

/** What must hold of a data set, and whether it did. */
export interface Statement {
  readonly text: string;
  readonly holds: boolean;
}

/** A section of the report. */
export interface Finding {
  readonly title: string;
  /** The first line is the head. */
  readonly table: readonly (readonly string[])[];
  readonly notes: readonly string[];
  readonly statements: readonly Statement[];
}

export function numbersOf(frame: Frame, name: string): ArrayLike<number> {
  const column = frame.columns.get(name);
  if (column?.kind !== 'number') throw new Error(`the file has no column of numbers "${name}"`);
  return column.values;
}

export const shown = (value: number | null | undefined, digits = 3): string =>
  value === null || value === undefined ? '–' : value.toFixed(digits);
