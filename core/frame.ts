/**
 * A table in typed columns: what files, binary COPY and snapshots are read into, and what exact statistics take. Not JSON: it
 * never enters workflow history.
 */
import type { FeatureColumns, FeatureSpec } from './model';

export interface Frame {
  readonly rows: number;
  /** In the order of the source. Every column has `rows` values. */
  readonly columns: ReadonlyMap<string, FrameColumn>;
}

export type FrameColumn = NumberColumn | StringColumn;

export interface NumberColumn {
  readonly kind: 'number';
  /** NaN: missing. Infinities stay: the readers of a column say what they do with them. */
  readonly values: Float64Array | Float32Array;
  /** The source's type was whole numbers (or every value is one); Evidently's binning asks. */
  readonly integer: boolean;
}

/** Dictionary-coded: `categories[codes[i]]`. */
export interface StringColumn {
  readonly kind: 'string';
  /** −1: missing. */
  readonly codes: Int32Array;
  /** Distinct. Order of first appearance. */
  readonly categories: readonly string[];
}

/** A number column of any values; what is not a finite or infinite number is missing. */
export function numberColumn(values: ArrayLike<number | null | undefined>): NumberColumn {
  const typed = new Float64Array(values.length);
  let integer = true;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    typed[i] = typeof value === 'number' ? value : Number.NaN;
    if (integer && typeof value === 'number' && Number.isFinite(value) && !Number.isInteger(value)) integer = false;
  }
  return { kind: 'number', values: typed, integer };
}

/** A string column; null and undefined are missing, the empty string is a category. */
export function stringColumn(values: readonly (string | null | undefined)[]): StringColumn {
  const codes = new Int32Array(values.length);
  const known = new Map<string, number>();
  values.forEach((value, i) => {
    if (value === null || value === undefined) {
      codes[i] = -1;
      return;
    }
    let code = known.get(value);
    if (code === undefined) {
      code = known.size;
      known.set(value, code);
    }
    codes[i] = code;
  });
  return { kind: 'string', codes, categories: [...known.keys()] };
}

/** Rows of a contract as a frame; a column that is absent stays absent. */
export function frameOf(features: FeatureColumns, specs: readonly FeatureSpec[]): Frame {
  const columns = new Map<string, FrameColumn>();
  for (const { name, kind } of specs) {
    const column = Object.hasOwn(features.columns, name) ? features.columns[name] : undefined;
    if (column === undefined) continue;
    columns.set(
      name,
      kind === 'number'
        ? numberColumn(column.map((value) => (typeof value === 'number' ? value : null)))
        : stringColumn(column.map((value) => (value === null ? null : String(value)))),
    );
  }
  return { rows: features.rows, columns };
}
