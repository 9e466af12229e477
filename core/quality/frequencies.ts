/** How often each value of a column comes: what every statistic of a column is made of, so that the order of rows is nothing to it. */
import type { Cells } from './cells';

export interface Frequencies {
  /** Finite numbers, rising. */
  readonly numbers: readonly (readonly [number, number])[];
  /** Texts, in code point order. */
  readonly strings: readonly (readonly [string, number])[];
  /** +Infinity and −Infinity. */
  readonly infinite: readonly [number, number];
  /** Values that are neither number nor text. */
  readonly others: number;
  readonly finite: number;
  readonly texts: number;
}

export function frequenciesOf(column: Cells): Frequencies {
  const numbers = new Map<number, number>();
  const strings = new Map<string, number>();
  const infinite: [number, number] = [0, 0];
  let [others, finite, texts] = [0, 0, 0];
  for (let row = 0; row < column.length; row++) {
    const value = column.at(row);
    if (isMissing(value)) continue;
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) {
        infinite[value > 0 ? 0 : 1]++;
        continue;
      }
      finite++;
      numbers.set(value, (numbers.get(value) ?? 0) + 1);
    } else if (typeof value === 'string') {
      texts++;
      strings.set(value, (strings.get(value) ?? 0) + 1);
    } else {
      others++;
    }
  }
  return {
    // A typed array sorts many times faster than pairs do.
    numbers: Array.from(Float64Array.from(numbers.keys()).sort(), (value) => [value, numbers.get(value)!] as const),
    strings: [...strings].sort((a, b) => byCodePoint(a[0], b[0])),
    infinite,
    others,
    finite,
    texts,
  };
}

/** null, undefined and NaN. */
export const isMissing = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === 'number' && Number.isNaN(value));

/** The order of code points, which is that of UTF-8 bytes (PostgreSQL's collation "C"), not that of UTF-16 units. */
export function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    const [highX, highY] = [x >= 0xd800 && x <= 0xdfff, y >= 0xd800 && y <= 0xdfff];
    return highX === highY ? x - y : highX ? 1 : -1;
  }
  return a.length - b.length;
}

/** The smallest number with at least `needed` values at or below it; null without values. */
export function atRank(numbers: Frequencies['numbers'], needed: number): number | null {
  let below = 0;
  for (const [value, count] of numbers) {
    below += count;
    if (below >= needed) return value;
  }
  return null;
}

/** Smallest values with at least i/10 of them at or below, i = 1 … 9; empty without values. */
export function decilesOf({ numbers, finite }: Pick<Frequencies, 'numbers' | 'finite'>): readonly number[] {
  if (finite === 0) return [];
  return [1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => atRank(numbers, (i * finite) / 10)!);
}

export function sumOf(numbers: Frequencies['numbers']): number {
  return numbers.reduce((sum, [value, count]) => sum + value * count, 0);
}
