/**
 * Which of the unexpected columns a missing one has probably become: by name, and by its values where the reference is known.
 * A hint for a person; nothing is ever mapped by it.
 */
import { countInBins, readNumeric } from '../drift/feature-values';
import { jensenShannonDistance } from '../drift/jensen-shannon';
import type { CategoricalProfile, NumericProfile } from '../drift/profile';
import type { FeatureSpec } from '../model';

/** Least likeness, 0 to 1, at which a rename is named. */
export const RENAME_LIKENESS = 0.6;
/** Largest Jensen–Shannon distance at which values alone speak for a rename; unrelated columns lie above 0.4. */
const SAME_VALUES_DISTANCE = 0.1;
/** Values alone, without any likeness of names, are worth this much. */
const SAME_VALUES_LIKENESS = 0.7;
const FEWEST_VALUES = 50;

export interface Rename {
  readonly column: string;
  readonly likeness: number;
}

export function probableRename(
  spec: FeatureSpec,
  extras: Readonly<Record<string, readonly unknown[]>>,
  profile: NumericProfile | CategoricalProfile | null,
): Rename | null {
  const renames = Object.entries(extras)
    .filter(([, values]) => mostlyOf(spec.kind, values))
    .map(([column, values]): Rename => {
      const byName = nameLikeness(spec.name, column);
      const byValues = profile !== null && sameValues(profile, values) ? SAME_VALUES_LIKENESS : 0;
      return { column, likeness: Math.max(byName, byValues + 0.3 * byName * Number(byValues > 0)) };
    })
    .sort((a, b) => b.likeness - a.likeness || (a.column < b.column ? -1 : 1));
  const best = renames[0];
  return best !== undefined && best.likeness >= RENAME_LIKENESS ? best : null;
}

function mostlyOf(kind: FeatureSpec['kind'], values: readonly unknown[]): boolean {
  const present = values.filter((value) => value !== null && value !== undefined);
  return present.length > 0 && present.filter((value) => typeof value === kind).length >= present.length / 2;
}

/** 1 for names that differ in case and punctuation only; else the larger of edit likeness and shared words. */
export function nameLikeness(a: string, b: string): number {
  const wordsA = wordsOf(a);
  const wordsB = wordsOf(b);
  const plainA = wordsA.join('');
  const plainB = wordsB.join('');
  if (plainA === plainB) return 1;
  const longest = Math.max(plainA.length, plainB.length);
  const byEdits = longest === 0 ? 0 : 1 - editDistance(plainA, plainB) / longest;
  return Math.max(byEdits, sharedWords(wordsA, wordsB));
}

const wordsOf = (name: string): readonly string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');

/** Dice coefficient over words; one that begins another, of three letters or more, counts as the same (`dep`, `departure`). */
function sharedWords(a: readonly string[], b: readonly string[]): number {
  if (a.length < 2 || b.length < 2) return 0;
  const alike = (x: string, y: string): boolean =>
    x === y || (Math.min(x.length, y.length) >= 3 && (x.startsWith(y) || y.startsWith(x)));
  const shared = a.filter((x) => b.some((y) => alike(x, y))).length;
  return (2 * shared) / (a.length + b.length);
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + Number(a[i - 1] !== b[j - 1]);
      row.push(Math.min(replaced, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}

/** How a category of any type is counted. */
const nameOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

function sameValues(profile: NumericProfile | CategoricalProfile, values: readonly unknown[]): boolean {
  const present = values.filter((value) => value !== null && value !== undefined);
  if (present.length < FEWEST_VALUES || profile.rows - profile.nulls < FEWEST_VALUES) return false;
  if (profile.kind === 'number') {
    const { sorted } = readNumeric(present.map((value) => (typeof value === 'number' ? value : null)));
    const counts = countInBins(sorted, profile.edges);
    return profile.edges.length > 1 && jensenShannonDistance(profile.counts, counts) <= SAME_VALUES_DISTANCE;
  }
  const counts = new Map<string, number>();
  for (const value of present.map(nameOf)) counts.set(value, (counts.get(value) ?? 0) + 1);
  const known = new Map(Object.entries(profile.counts));
  const names = [...new Set([...known.keys(), ...counts.keys()])];
  const before = names.map((name) => known.get(name) ?? 0);
  const now = names.map((name) => counts.get(name) ?? 0);
  return known.size > 1 && jensenShannonDistance(before, now) <= SAME_VALUES_DISTANCE;
}
