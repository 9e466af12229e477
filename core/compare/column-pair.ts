import type { Frame, FrameColumn } from '../frame';
import { nameLikeness, RENAME_LIKENESS } from '../quality/probable-rename';
import { sortFinite } from '../drift/sort-finite';
import type { NotCompared } from './comparison';

/** Both sides of one column as the statistics take them. */
export type ColumnPair = NumberPair | StringPair | MixedPair;

export interface NumberPair {
  readonly kind: 'number';
  readonly name: string;
  /** Ascending, finite. */
  readonly reference: Float64Array;
  readonly current: Float64Array;
  readonly nulls: { readonly reference: number; readonly current: number };
  /** An integer type on both sides, nothing missing: what pandas keeps as int64. */
  readonly integers: boolean;
}

export interface StringPair {
  readonly kind: 'string';
  readonly name: string;
  readonly reference: ReadonlyMap<string, number>;
  readonly current: ReadonlyMap<string, number>;
  readonly nulls: { readonly reference: number; readonly current: number };
}

/** Numbers on one side, text on the other. */
export interface MixedPair {
  readonly kind: 'mixed';
  readonly name: string;
  readonly text: 'reference' | 'current';
  readonly rows: { readonly reference: number; readonly current: number };
}

export interface PairingOptions {
  /** Only these columns. */
  readonly columns?: readonly string[] | undefined;
  /** `string`: a number column whose values are names. */
  readonly kinds?: Readonly<Record<string, 'number' | 'string'>> | undefined;
  /** Left out: the clusters' column. */
  readonly without?: string | undefined;
}

/** Why a column of the reference is not compared: it has vanished. */
export const ONLY_REFERENCE = 'only the reference has it';

export function pairColumns(
  reference: Frame,
  current: Frame,
  { columns, kinds = {}, without }: PairingOptions,
): { readonly pairs: readonly ColumnPair[]; readonly notCompared: readonly NotCompared[] } {
  const pairs: ColumnPair[] = [];
  const notCompared: NotCompared[] = [];
  const asked = (name: string): boolean => name !== without && (columns === undefined || columns.includes(name));
  for (const [name, before] of reference.columns) {
    const now = current.columns.get(name);
    if (!asked(name)) {
      if (name !== without) notCompared.push({ name, why: 'not asked for' });
    } else if (now === undefined) {
      const rename = renameOf(
        name,
        before,
        [...current.columns].filter(([other]) => !reference.columns.has(other)),
      );
      notCompared.push({ name, why: ONLY_REFERENCE, ...(rename && { probableRename: rename }) });
    } else {
      pairs.push(pairOf(name, before, now, Object.hasOwn(kinds, name) ? kinds[name] : undefined));
    }
  }
  for (const name of current.columns.keys()) {
    if (!reference.columns.has(name) && name !== without)
      notCompared.push({ name, why: 'only the current table has it' });
  }
  return { pairs, notCompared };
}

function pairOf(
  name: string,
  before: FrameColumn,
  now: FrameColumn,
  wanted: 'number' | 'string' | undefined,
): ColumnPair {
  // A column without a single value has no kind of its own: it takes the other side's.
  const known = [before, now].filter((column) => hasValues(column)).map((column) => column.kind);
  const kind = wanted ?? (known.includes('string') ? 'string' : (known[0] ?? before.kind));
  const mixed = wanted === undefined && known.length === 2 && known[0] !== known[1];
  if (mixed || (wanted === 'number' && known.includes('string'))) {
    const text = before.kind === 'string' && hasValues(before) ? 'reference' : 'current';
    return { kind: 'mixed', name, text, rows: { reference: rowsOf(before), current: rowsOf(now) } };
  }
  if (kind === 'string') {
    const reference = categoryCounts(before);
    const current = categoryCounts(now);
    const nulls = { reference: rowsOf(before) - sum(reference), current: rowsOf(now) - sum(current) };
    return { kind, name, reference, current, nulls };
  }
  const reference = finiteOf(before);
  const current = finiteOf(now);
  const nulls = { reference: rowsOf(before) - reference.length, current: rowsOf(now) - current.length };
  const whole = [before, now].every((column) => column.kind === 'number' && column.integer);
  return { kind, name, reference, current, nulls, integers: whole && nulls.reference === 0 && nulls.current === 0 };
}

const rowsOf = (column: FrameColumn): number => (column.kind === 'number' ? column.values.length : column.codes.length);

const hasValues = (column: FrameColumn): boolean =>
  column.kind === 'number'
    ? column.values.some((value) => !Number.isNaN(value))
    : column.codes.some((code) => code >= 0);

const finiteOf = (column: FrameColumn): Float64Array =>
  column.kind === 'number' ? sortFinite(column.values) : new Float64Array(0);

/** Counts by category; of a number column by the number's text. */
function categoryCounts(column: FrameColumn): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  if (column.kind === 'number') {
    for (const value of column.values) {
      if (!Number.isFinite(value)) continue;
      const text = String(value);
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    return counts;
  }
  const byCode = new Float64Array(column.categories.length);
  for (const code of column.codes) if (code >= 0) byCode[code]!++;
  column.categories.forEach((name, code) => {
    if (byCode[code]! > 0) counts.set(name, byCode[code]!);
  });
  return counts;
}

const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);

function renameOf(
  name: string,
  column: FrameColumn,
  extras: readonly (readonly [string, FrameColumn])[],
): string | null {
  let best: { readonly name: string; readonly likeness: number } | null = null;
  for (const [other, { kind }] of extras) {
    if (kind !== column.kind) continue;
    const likeness = nameLikeness(name, other);
    if (likeness >= RENAME_LIKENESS && likeness > (best?.likeness ?? 0)) best = { name: other, likeness };
  }
  return best?.name ?? null;
}

/** Counts of equal values, numbers as their text: what a categorical test takes. Keys in ascending order of the numbers. */
export function countsOf(pair: NumberPair | StringPair): {
  readonly reference: ReadonlyMap<string, number>;
  readonly current: ReadonlyMap<string, number>;
} {
  if (pair.kind === 'string') return pair;
  const count = (values: Float64Array): ReadonlyMap<string, number> => {
    const counts = new Map<string, number>();
    for (const value of values) {
      const text = String(value);
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    return counts;
  };
  return { reference: count(pair.reference), current: count(pair.current) };
}
