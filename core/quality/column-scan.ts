import type { FeatureSpec } from '../model';
import { OFFENDING_ROWS } from './quality-report';

/** Rows that offend against one rule: all counted, the first few named. */
export class Offenders {
  count = 0;
  readonly rows: number[] = [];

  add(row: number): void {
    this.count++;
    if (this.rows.length < OFFENDING_ROWS) this.rows.push(row);
  }
}

/** One pass over a column. */
export interface ColumnScan {
  readonly rows: number;
  readonly nulls: Offenders;
  /** Values of another type than the contract says. */
  readonly wrongType: Offenders;
  /** What the first of them was, e.g. `text "12"`. */
  readonly wrongExample: string | null;
  /** NaN and infinities. */
  readonly notFinite: Offenders;
  readonly min: number | null;
  readonly max: number | null;
  readonly distinct: number;
  readonly outOfRange: Offenders;
  readonly newCategory: Offenders;
  /** The most frequent value unknown to the reference. */
  readonly newExample: string | null;
}

export interface ScanRules {
  readonly min: number | null;
  readonly max: number | null;
  /** null: the reference is unknown. */
  readonly knownCategories: ReadonlySet<string> | null;
}

export function scanColumn(values: readonly unknown[], kind: FeatureSpec['kind'], rules: ScanRules): ColumnScan {
  const nulls = new Offenders();
  const wrongType = new Offenders();
  const notFinite = new Offenders();
  const outOfRange = new Offenders();
  const newCategory = new Offenders();
  const seen = new Set<unknown>();
  const unknown = new Map<string, number>();
  let wrongExample: string | null = null;
  let min: number | null = null;
  let max: number | null = null;

  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value === null || value === undefined) {
      nulls.add(row);
    } else if (typeof value !== kind) {
      wrongType.add(row);
      wrongExample ??= describe(value);
    } else if (typeof value === 'number') {
      if (!Number.isFinite(value)) {
        notFinite.add(row);
        continue;
      }
      seen.add(value);
      if (min === null || value < min) min = value;
      if (max === null || value > max) max = value;
      if ((rules.min !== null && value < rules.min) || (rules.max !== null && value > rules.max)) outOfRange.add(row);
    } else if (typeof value === 'string') {
      seen.add(value);
      if (rules.knownCategories !== null && !rules.knownCategories.has(value)) {
        newCategory.add(row);
        unknown.set(value, (unknown.get(value) ?? 0) + 1);
      }
    }
  }
  const newExample = [...unknown].reduce<[string, number] | null>((top, e) => (top && top[1] >= e[1] ? top : e), null);
  return {
    rows: values.length,
    nulls,
    wrongType,
    wrongExample,
    notFinite,
    min,
    max,
    distinct: seen.size,
    outOfRange,
    newCategory,
    newExample: newExample?.[0] ?? null,
  };
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `text "${value.length > 40 ? `${value.slice(0, 40)}…` : value}"`;
  if (typeof value === 'number' || typeof value === 'boolean') return `${typeof value} ${value}`;
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}
