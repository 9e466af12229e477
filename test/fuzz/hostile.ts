/** Hostile inputs, and what must hold whatever comes back. */
import * as fc from 'fast-check';
import { isRatchetError } from '../../core/errors';
import { numberColumn, stringColumn, type Frame } from '../../core/frame';

/** Cases a test: 2,000 in `npm test`, more at night (`npm run fuzz`). */
export const numRuns = Number(process.env['RATCHET_FUZZ_RUNS'] ?? 2000);
export const runs = { numRuns };

export const number = fc.oneof(
  { weight: 3, arbitrary: fc.double() },
  { weight: 3, arbitrary: fc.integer({ min: -3, max: 3 }) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      NaN,
      Infinity,
      -Infinity,
      -0,
      0,
      1,
      0.5,
      Number.MAX_VALUE,
      -Number.MAX_VALUE,
      Number.MIN_VALUE,
      Number.EPSILON,
      2 ** 53,
      1e-300,
      1e300,
    ),
  },
);
export const name = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '',
    ' ',
    'a',
    'b',
    'ß',
    '\u0000',
    '\ud800',
    '💥',
    'NaN',
    'null',
  ),
  fc.string({ maxLength: 6 }),
);
export const numbers = fc.array(number, { maxLength: 40 });
/** Anything JSON-like and worse. */
export const anything = fc.oneof(
  fc.anything({
    maxDepth: 3,
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSparseArray: true,
    withTypedArray: true,
  }),
  number,
  name,
  fc.constantFrom(null, undefined),
);

const cells = (rows: number): fc.Arbitrary<readonly (number | string | null)[]> =>
  fc.oneof(
    fc.array(fc.oneof(number, fc.constant(null)), { minLength: rows, maxLength: rows }),
    fc.array(fc.oneof(name, fc.constant(null)), { minLength: rows, maxLength: rows }),
    fc.oneof(number, name, fc.constant(null)).map((cell) => new Array<number | string | null>(rows).fill(cell)),
  );

/** Tables of up to 40 rows; every column has them all. */
export const frame: fc.Arbitrary<Frame> = fc
  .oneof(fc.constantFrom(0, 1, 2), fc.integer({ min: 0, max: 40 }))
  .chain((rows) =>
    fc.array(fc.tuple(name, cells(rows)), { maxLength: 4 }).map((columns) => ({
      rows,
      columns: new Map(
        columns.map(([title, values]) => [
          title,
          values.some((value) => typeof value === 'string')
            ? stringColumn(values.map((value) => (value === null ? null : String(value))))
            : numberColumn(values as (number | null)[]),
        ]),
      ),
    })),
  );

/** The result, or null after a RatchetError; every other throw fails the test. */
export function survives<T>(call: () => T): T | null {
  try {
    return call();
  } catch (error) {
    if (isRatchetError(error)) return null;
    throw error;
  }
}

/** Throws with the path of a NaN (`numbers: 'finite'`: of an infinity too) anywhere in the value. */
export function expectNumbers(value: unknown, kind: 'noNaN' | 'finite' = 'noNaN', path = 'result'): void {
  if (typeof value === 'number') {
    if (Number.isNaN(value) || (kind === 'finite' && !Number.isFinite(value))) throw new Error(`${path} is ${value}`);
  } else if (value instanceof Map) {
    for (const [key, item] of value) expectNumbers(item, kind, `${path}[${String(key)}]`);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) expectNumbers(item, kind, `${path}.${key}`);
  }
}
