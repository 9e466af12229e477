import { RatchetError } from '../../errors';
import type { Frame, FrameColumn } from '../../frame';
import type { FeatureSpec } from '../../model';

/** How one column becomes numbers, as the reference says it. JSON. */
export type Encoding = NumberEncoding | CategoryEncoding;

interface EncodingBase {
  readonly name: string;
  /** Reference rows without a value. */
  readonly missing: number;
}

export interface NumberEncoding extends EncodingBase {
  readonly kind: 'number';
  /** Stands in for a missing value: the reference's mean. */
  readonly fill: number;
}

export interface CategoryEncoding extends EncodingBase {
  readonly kind: 'string';
  /** Stands in for a missing value: the most frequent category, of several the first by name. */
  readonly fill: string;
  /** [category, its share of the reference after filling]. Pairs, because a category may be named `__proto__`. */
  readonly shares: readonly (readonly [string, number])[];
}

/** Names of a category column beyond which its shares say nothing (an id has one row each). */
export const MAXIMUM_CATEGORIES = 10_000;

/** The encoding of one column, or why it has none. */
export function encodingOf(frame: Frame, spec: FeatureSpec): Encoding | { readonly why: string } {
  const column = columnOf(frame, spec);
  if (spec.kind === 'number') return numberEncoding(spec.name, column, frame.rows);
  const counts = new Map<string, number>();
  let missing = 0;
  const name = categoryReader(column);
  for (let row = 0; row < frame.rows; row++) {
    const category = name(row);
    if (category === null) missing++;
    else counts.set(category, (counts.get(category) ?? 0) + 1);
  }
  if (counts.size === 0) return { why: 'the reference has no value of it' };
  if (counts.size > MAXIMUM_CATEGORIES)
    return { why: `it has ${counts.size} categories, more than ${MAXIMUM_CATEGORIES}` };
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const [fill] = sorted[0]!;
  const shares = sorted.map(
    ([category, count]) => [category, (count + (category === fill ? missing : 0)) / frame.rows] as const,
  );
  return { kind: 'string', name: spec.name, missing, fill, shares };
}

function numberEncoding(name: string, column: FrameColumn, rows: number): NumberEncoding | { readonly why: string } {
  const values = (column as Extract<FrameColumn, { kind: 'number' }>).values;
  let mean = 0;
  let there = 0;
  for (let row = 0; row < rows; row++) {
    const value = values[row]!;
    if (!Number.isFinite(value)) continue;
    there++;
    // Not (value - mean) / n: the difference of two huge values is no double.
    mean += value / there - mean / there;
  }
  if (there === 0) return { why: 'the reference has no value of it' };
  return { kind: 'number', name, missing: rows - there, fill: mean };
}

/** Reads the column's rows as encoded numbers; `missing` says where a value was filled in. */
export interface EncodedColumn {
  readonly value: (row: number) => number;
  readonly missing: number;
}

/**
 * One column of any frame, encoded as the reference says: a number as it is, a category as its share of the reference (0 for
 * one that the reference lacks), a missing or infinite value as the reference's filling.
 *
 * @throws RATCHET_COLUMN_MISSING, RATCHET_INPUT_INVALID (text where the reference has numbers)
 */
export function encodeColumn(frame: Frame, encoding: Encoding): EncodedColumn {
  const column = columnOf(frame, encoding);
  if (encoding.kind === 'number') {
    const { values } = column as Extract<FrameColumn, { kind: 'number' }>;
    let missing = 0;
    for (let row = 0; row < frame.rows; row++) if (!Number.isFinite(values[row])) missing++;
    return { missing, value: (row) => (Number.isFinite(values[row]) ? values[row]! : encoding.fill) };
  }
  const shares = new Map(encoding.shares);
  const fill = shares.get(encoding.fill) ?? 0;
  const encoded = new Float64Array(frame.rows);
  const name = categoryReader(column);
  let missing = 0;
  for (let row = 0; row < frame.rows; row++) {
    const category = name(row);
    if (category === null) missing++;
    encoded[row] = category === null ? fill : (shares.get(category) ?? 0);
  }
  return { missing, value: (row) => encoded[row]! };
}

function columnOf(frame: Frame, { name, kind }: FeatureSpec): FrameColumn {
  const column = frame.columns.get(name);
  if (column === undefined)
    throw new RatchetError(
      'RATCHET_COLUMN_MISSING',
      `the table has no column "${name}"; there are ${[...frame.columns.keys()].join(', ')}`,
    );
  if (kind === 'number' && column.kind !== 'number')
    throw new RatchetError('RATCHET_INPUT_INVALID', `column "${name}" holds text, expected numbers`);
  const length = column.kind === 'number' ? column.values.length : column.codes.length;
  if (length !== frame.rows)
    throw new RatchetError(
      'RATCHET_INPUT_INVALID',
      `column "${name}" has ${length} values, the table ${frame.rows} rows`,
    );
  return column;
}

/** null: missing. Numbers that are used as names are written as JavaScript writes them. */
function categoryReader(column: FrameColumn): (row: number) => string | null {
  if (column.kind === 'string') {
    return (row) => column.categories[column.codes[row]!] ?? null;
  }
  return (row) => (Number.isFinite(column.values[row]) ? String(column.values[row]) : null);
}
