import type { FieldDef } from 'pg';
import { RatchetError } from '../../core/errors';
import type { FeatureSpec, FeatureValue } from '../../core/model';
import type { Policy } from '../../core/policy';
import { SNAPSHOT_COLUMNS, type TrainingTable } from '../../core/training-table';
import { clusterNamer } from './cluster-of';
import { pg } from './peers';

const { builtins } = pg.types;
const NUMBERS = new Set<number>([
  builtins.INT2,
  builtins.INT4,
  builtins.INT8,
  builtins.FLOAT4,
  builtins.FLOAT8,
  builtins.NUMERIC,
  builtins.BOOL,
]);
const TIMES = new Set<number>([builtins.TIMESTAMPTZ, builtins.TIMESTAMP, builtins.DATE]);

/** A result row as an array, in the order of the fields. */
export type ResultRow = readonly unknown[];

/**
 * Gathers a query's result column by column and checks each value on the way. Rejects RATCHET_COLUMN_MISSING (with the
 * probable new name) at construction; RATCHET_COLUMN_TYPE with column, value and row for text in a number column, an
 * infinite number, a null or impossible target, a null event time.
 */
export class TrainingColumns {
  private readonly features: readonly {
    readonly spec: FeatureSpec;
    readonly at: number;
    readonly values: FeatureValue[];
  }[];
  private readonly targetAt: number;
  private readonly timeAt: number;
  private readonly target: string[] = [];
  private readonly eventTime: number[] = [];

  constructor(
    private readonly policy: Policy,
    private readonly fields: readonly FieldDef[],
  ) {
    const reserved = policy.features.find((f) => (SNAPSHOT_COLUMNS as readonly string[]).includes(f.name));
    if (reserved !== undefined) {
      throw new RatchetError(
        'RATCHET_COLUMN_TYPE',
        `feature ${reserved.name} has a name that snapshots use themselves`,
        {
          hint: `Rename it in the query and the policy; ${SNAPSHOT_COLUMNS.join(', ')} are taken.`,
        },
      );
    }
    this.features = policy.features.map((spec) => ({ spec, at: this.indexOf(spec.name), values: [] }));
    this.targetAt = this.indexOf(policy.data.target);
    this.timeAt = this.indexOf(policy.data.timeColumn);
    for (const { spec, at } of this.features) this.checkFeatureType(spec, at);
    if (!TIMES.has(this.typeOf(this.timeAt)) && !NUMBERS.has(this.typeOf(this.timeAt))) {
      throw this.wrongType(policy.data.timeColumn, 'is text', 'a timestamp, or epoch milliseconds');
    }
  }

  get rows(): number {
    return this.eventTime.length;
  }

  add(row: ResultRow): void {
    for (const { spec, at, values } of this.features) {
      values.push(spec.kind === 'number' ? this.number(spec.name, row[at]) : text(row[at]));
    }
    this.target.push(this.targetValue(row[this.targetAt]));
    const time = row[this.timeAt];
    const ms = time === null ? NaN : Number(time);
    if (!Number.isFinite(ms))
      throw this.wrongType(this.policy.data.timeColumn, `holds ${shown(time)}`, 'a time in every row');
    this.eventTime.push(Math.round(ms));
  }

  /** Rows in order of event time, then of their values: the order in which the database happened to answer is gone. */
  finish(): TrainingTable {
    const order = Array.from(this.eventTime.keys()).sort((a, b) => this.compare(a, b));
    const clusterOf = clusterNamer(this.policy.data);
    const eventTime = order.map((i) => this.eventTime[i] ?? NaN);
    return {
      rows: order.length,
      features: this.features.map(({ spec, values }) => ({ spec, values: order.map((i) => values[i] ?? null) })),
      target: order.map((i) => this.target[i] ?? ''),
      eventTime,
      cluster: eventTime.map((time, row) => clusterOf(time, row)),
    };
  }

  private compare(a: number, b: number): number {
    const byTime = (this.eventTime[a] ?? 0) - (this.eventTime[b] ?? 0);
    if (byTime !== 0) return byTime;
    for (const { values } of this.features) {
      const order = compareValues(values[a] ?? null, values[b] ?? null);
      if (order !== 0) return order;
    }
    return compareValues(this.target[a] ?? null, this.target[b] ?? null);
  }

  private number(column: string, value: unknown): number | null {
    if (value === null || value === undefined) return null;
    const number = Number(value);
    // A float column's NaN is how some tools write "missing".
    if (Number.isNaN(number)) return null;
    if (!Number.isFinite(number)) throw this.wrongType(column, `holds ${shown(value)}`, 'finite numbers or null');
    return number;
  }

  private targetValue(value: unknown): string {
    const { data, task, classes } = this.policy;
    const target = text(value);
    if (target === null) throw this.wrongType(data.target, 'holds null', 'a target in every row');
    if (task === 'regression' ? !Number.isFinite(Number(target)) || target === '' : !classes.includes(target)) {
      const wanted = task === 'regression' ? 'finite numbers' : `one of ${classes.join(', ')}`;
      throw this.wrongType(data.target, `holds ${shown(value)}`, wanted);
    }
    return target;
  }

  private checkFeatureType(spec: FeatureSpec, at: number): void {
    if (spec.kind !== 'number' || NUMBERS.has(this.typeOf(at))) return;
    throw this.wrongType(spec.name, `is of type ${typeName(this.typeOf(at))}`, 'numbers');
  }

  private typeOf(at: number): number {
    return this.fields[at]?.dataTypeID ?? 0;
  }

  private indexOf(column: string): number {
    const at = this.fields.findIndex((field) => field.name === column);
    if (at >= 0) return at;
    const { features, data } = this.policy;
    const wanted = new Set([...features.map((f) => f.name), data.target, data.timeColumn]);
    const unknown = this.fields.map((f) => f.name).filter((name) => !wanted.has(name));
    const rename = probableRename(column, unknown);
    const perhaps = rename === null ? '' : `; it is probably ${rename} now`;
    throw new RatchetError('RATCHET_COLUMN_MISSING', `the training query returns no column ${column}${perhaps}`, {
      details: { column, probableRename: rename, observed: this.fields.map((f) => f.name) },
    });
  }

  private wrongType(column: string, observed: string, expected: string): RatchetError {
    const row = this.rows + 1;
    return new RatchetError(
      'RATCHET_COLUMN_TYPE',
      `column ${column} ${observed}; expected ${expected} (row ${row} of the result)`,
      {
        details: { column, observed, expected, row },
      },
    );
  }
}

/** The name with the fewest edits, when at most half of it changed; the only unknown one when nothing is near. */
export function probableRename(column: string, candidates: readonly string[]): string | null {
  const near = candidates
    .map((name) => ({ name, edits: editDistance(bare(column), bare(name)) }))
    .filter(({ name, edits }) => edits <= Math.max(bare(column).length, bare(name).length) / 2)
    .sort((a, b) => a.edits - b.edits || (a.name < b.name ? -1 : 1));
  return near[0]?.name ?? null;
}

const bare = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** Levenshtein distance, one row of the matrix at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function text(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  return typeof value === 'object' ? JSON.stringify(value) : `${value as number | boolean}`;
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 80);
}

function compareValues(a: FeatureValue, b: FeatureValue): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}

function typeName(oid: number): string {
  const found = Object.entries(builtins).find(([, id]) => Number(id) === oid);
  return found === undefined ? `oid ${oid}` : found[0].toLowerCase();
}
