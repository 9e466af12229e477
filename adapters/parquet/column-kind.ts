import type { ColumnMetaData, SchemaElement } from 'hyparquet' with { 'resolution-mode': 'import' };

/** How a column of the file becomes a column of a frame. */
export type ColumnKind =
  | { readonly kind: 'float32' }
  /** Values are multiplied by `times` (days → milliseconds), then divided by `perUnit` (microseconds → milliseconds). */
  | { readonly kind: 'float64'; readonly whole: boolean; readonly times: number; readonly perUnit: number }
  | { readonly kind: 'string' }
  /** Lists, structs, blobs, intervals: no column of a frame. */
  | { readonly kind: 'unsupported'; readonly why: string };

const UNITS = { MILLIS: 1, MICROS: 1_000, NANOS: 1_000_000 } as const;
const DAY_MS = 86_400_000;

const numbers = (whole: boolean, perUnit = 1, times = 1): ColumnKind => ({ kind: 'float64', whole, times, perUnit });
const unsupported = (why: string): ColumnKind => ({ kind: 'unsupported', why });

/** Times become milliseconds since 1970, decimals numbers, booleans the strings `true` and `false` (as a contract's rows do). */
export function kindOfColumn(element: SchemaElement): ColumnKind {
  const { type, converted_type: converted, logical_type: logical, num_children: children } = element;
  if (children !== undefined && children > 0) return unsupported('it is nested');
  if (element.repetition_type === 'REPEATED') return unsupported('it is a list');
  if (converted === 'DECIMAL' || logical?.type === 'FLOAT16') return numbers(false);
  if (logical?.type === 'UUID') return { kind: 'string' };
  if (logical?.type === 'GEOMETRY' || logical?.type === 'GEOGRAPHY') return unsupported(`it is a ${logical.type}`);
  switch (type) {
    case 'FLOAT':
      return { kind: 'float32' };
    case 'DOUBLE':
      return numbers(false);
    case 'INT96':
      return numbers(false);
    case 'INT32':
      return converted === 'DATE' || logical?.type === 'DATE' ? numbers(true, 1, DAY_MS) : numbers(true);
    case 'INT64':
      if (logical?.type === 'TIMESTAMP') return numbers(logical.unit === 'MILLIS', UNITS[logical.unit]);
      if (converted === 'TIMESTAMP_MICROS') return numbers(false, UNITS.MICROS);
      return numbers(true);
    case 'BOOLEAN':
      return { kind: 'string' };
    case 'BYTE_ARRAY':
      if (converted === 'BSON' || converted === 'JSON') return unsupported(`it is ${converted}`);
      return { kind: 'string' };
    default:
      return unsupported(`it is of type ${type ?? 'unknown'}`);
  }
}

const FLAT_TYPES = ['FLOAT', 'DOUBLE', 'INT32', 'INT64'];
const FLAT_ENCODINGS = ['PLAIN', 'RLE', 'BIT_PACKED', 'PLAIN_DICTIONARY', 'RLE_DICTIONARY'];

/** May flat-column.ts read this chunk: a plain number in the encodings that writers use by default? */
export function isFlatNumber(element: SchemaElement, chunk: ColumnMetaData): boolean {
  const { converted_type: converted, logical_type: logical } = element;
  const unsigned = converted?.startsWith('UINT') === true || (logical?.type === 'INTEGER' && !logical.isSigned);
  return (
    FLAT_TYPES.includes(chunk.type) &&
    chunk.path_in_schema.length === 1 &&
    converted !== 'DECIMAL' &&
    logical?.type !== 'FLOAT16' &&
    !unsigned &&
    chunk.encodings.every((encoding) => FLAT_ENCODINGS.includes(encoding))
  );
}
