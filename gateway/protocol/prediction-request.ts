import { RatchetError } from '../../core/errors';
import type { EpochMs, FeatureColumns, FeatureSpec, FeatureValue, ModelContract } from '../../core/model';

/** A request in the gateway's own words, whatever protocol it came by. */
export interface PredictionRequest {
  readonly features: FeatureColumns;
  /** Routing key a row; null: the row is assigned by its prediction id. */
  readonly keys: readonly (string | null)[];
  /** Event time a row. */
  readonly occurredAt: readonly EpochMs[];
}

export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const malformed = (message: string, details: JsonObject = {}): RatchetError =>
  new RatchetError('RATCHET_REQUEST_MALFORMED', message, { details });

/**
 * Checks one column against its feature. Missing is null. Rejects RATCHET_FEATURE_TYPE for text in a number column (also
 * "NaN"), for what no float32 can hold, and for a number in a text column.
 */
export function checkColumn(feature: FeatureSpec, values: readonly unknown[]): readonly FeatureValue[] {
  return values.map((value, row) => checkCell(feature, value, row));
}

/** One value of it; `row` is for the message. */
export const checkCell = (feature: FeatureSpec, value: unknown, row: number): FeatureValue =>
  feature.kind === 'number' ? number(feature, value, row) : text(feature, value, row);

function number(feature: FeatureSpec, value: unknown, row: number): FeatureValue {
  if (value === null) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  // The model computes in float32: what overflows there would be an infinity inside.
  if (typeof value === 'number' && Number.isFinite(Math.fround(value))) return value;
  throw typeFault(feature, value, row, 'a finite number or null');
}

function text(feature: FeatureSpec, value: unknown, row: number): FeatureValue {
  if (value === null) return null;
  if (typeof value === 'string' && !value.includes('\0')) return value;
  throw typeFault(feature, value, row, 'a text without NUL or null');
}

function typeFault(feature: FeatureSpec, value: unknown, row: number, wanted: string): RatchetError {
  const seen = value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60);
  return new RatchetError(
    'RATCHET_FEATURE_TYPE',
    `Feature ${feature.name} of row ${row} is ${seen}; it must be ${wanted}.`,
    {
      details: { feature: feature.name, row, expected: feature.kind },
    },
  );
}

/** Puts named columns into contract order. Rejects RATCHET_FEATURE_COUNT with every missing and unknown name. */
export function featuresByName(
  contract: ModelContract,
  given: ReadonlyMap<string, readonly unknown[]>,
): FeatureColumns {
  const missing = contract.features.filter((f) => !given.has(f.name)).map((f) => f.name);
  const known = new Set(contract.features.map((f) => f.name));
  const unknown = [...given.keys()].filter((name) => !known.has(name));
  if (missing.length > 0 || unknown.length > 0) {
    const parts = [
      ...(missing.length > 0 ? [`missing: ${missing.join(', ')}`] : []),
      ...(unknown.length > 0 ? [`unknown: ${unknown.join(', ')}`] : []),
    ];
    throw featureCount(contract, given.size, parts.join('; '), { missing, unknown });
  }
  const columns: Record<string, readonly FeatureValue[]> = {};
  let rows = -1;
  for (const feature of contract.features) {
    const values = given.get(feature.name) ?? [];
    if (rows < 0) rows = values.length;
    if (values.length !== rows) {
      throw malformed(`Feature ${feature.name} has ${values.length} values; the others have ${rows}.`, {
        feature: feature.name,
      });
    }
    columns[feature.name] = checkColumn(feature, values);
  }
  return { rows: requireRows(rows), columns };
}

/** Rows of values in contract order. Rejects RATCHET_FEATURE_COUNT with the first row of another width. */
export function featuresByPosition(contract: ModelContract, rows: readonly (readonly unknown[])[]): FeatureColumns {
  const width = contract.features.length;
  rows.forEach((row, i) => {
    if (row.length !== width) throw featureCount(contract, row.length, `row ${i} has ${row.length}`, { row: i });
  });
  const columns: Record<string, readonly FeatureValue[]> = {};
  contract.features.forEach((feature, f) => {
    columns[feature.name] = checkColumn(
      feature,
      rows.map((row) => row[f]),
    );
  });
  return { rows: requireRows(rows.length), columns };
}

export function featureCount(contract: ModelContract, seen: number, why: string, details: JsonObject): RatchetError {
  return new RatchetError(
    'RATCHET_FEATURE_COUNT',
    `The model takes ${contract.features.length} features, the request has ${seen} (${why}).`,
    { details: { ...details, expected: contract.features.map((f) => f.name) } },
  );
}

function requireRows(rows: number): number {
  if (rows < 1) throw malformed('The request has no rows.');
  return rows;
}

/**
 * The extensions `key` or `keys`, `occurred_at` (one value, or one a row). Keys are texts or numbers; times are ISO 8601
 * with a zone, or epoch milliseconds.
 */
export function readExtensions(
  parameters: JsonObject,
  rows: number,
  now: EpochMs,
): Pick<PredictionRequest, 'keys' | 'occurredAt'> {
  if (parameters['key'] !== undefined && parameters['keys'] !== undefined) {
    throw malformed('Give key or keys, not both.');
  }
  const keys = spread('keys', parameters['keys'] ?? parameters['key'] ?? null, rows).map(readKey);
  const times = spread('occurred_at', parameters['occurred_at'] ?? null, rows);
  return { keys, occurredAt: times.map((value) => (value === null ? now : readTime('occurred_at', value))) };
}

function spread(name: string, value: unknown, rows: number): readonly unknown[] {
  if (!Array.isArray(value)) return new Array<unknown>(rows).fill(value);
  if (value.length !== rows) throw malformed(`${name} has ${value.length} entries for ${rows} rows.`);
  return value as unknown[];
}

const MAX_KEY = 512;

function readKey(value: unknown): string | null {
  if (value === null) return null;
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value === 'string' && value.length > 0 && value.length <= MAX_KEY && !value.includes('\0')) return value;
  throw malformed(`A routing key is a text of 1 to ${MAX_KEY} characters, or a number.`);
}

const ISO_WITH_ZONE = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/;
const YEAR_1 = Date.parse('0001-01-01T00:00:00Z');
const YEAR_10000 = Date.UTC(10_000, 0, 1);

/** Rejects a time without a zone: it would mean another moment on another machine. */
export function readTime(name: string, value: unknown): EpochMs {
  const ms =
    typeof value === 'number'
      ? value
      : typeof value === 'string' && ISO_WITH_ZONE.test(value)
        ? Date.parse(value)
        : NaN;
  if (Number.isFinite(ms) && ms > YEAR_1 && ms < YEAR_10000) return Math.round(ms);
  throw malformed(
    `${name} is ${(JSON.stringify(value) ?? 'nothing').slice(0, 60)}; it must be ISO 8601 with a zone, or epoch milliseconds.`,
  );
}
