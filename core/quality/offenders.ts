import type { Cells } from './cells';
import type { Offending } from './quality-counts';
import { OFFENDING_ROWS } from './quality-report';

/** Rows that offend against one rule: all counted, the first few named. */
export class Offenders implements Offending {
  count = 0;
  readonly rows: number[] = [];
  readonly keys: string[] = [];

  /** @param names the keys of the rows; null: they have none. */
  constructor(private readonly names: Cells | null = null) {}

  add(row: number): void {
    this.count++;
    if (this.rows.length >= OFFENDING_ROWS) return;
    this.rows.push(row);
    const key = keyOf(this.names?.at(row));
    if (key !== null) this.keys.push(key);
  }

  /** Without what is only of use while counting. */
  done(): Offending {
    return { count: this.count, rows: this.rows, keys: this.keys };
  }
}

/** How a key is written; null: there is none. */
export function keyOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' ? String(value) : null;
}
