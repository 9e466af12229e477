import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ParquetSnapshotFiles, ParquetTable, readParquetFrame } from '../../../adapters/parquet';
import type { Frame } from '../../../core/frame';

const GOLDEN = join(__dirname, '..', '..', 'golden', 'parquet');
const expected = JSON.parse(readFileSync(join(GOLDEN, 'expected.json'), 'utf8')) as {
  readonly rows: number;
  readonly columns: Readonly<Record<string, readonly (number | string | null)[]>>;
};
const LAYOUTS = ['pages-v1.parquet', 'pages-v2.parquet', 'plain.parquet'];

/** Back to values, null where missing. */
function valuesOf(frame: Frame, name: string): (number | string | null)[] {
  const column = frame.columns.get(name)!;
  if (column.kind === 'string') return Array.from(column.codes, (code) => column.categories[code] ?? null);
  return Array.from(column.values, (value) => (Number.isNaN(value) ? null : value));
}

describe('a Parquet file as pyarrow 25 writes it', () => {
  test.each(LAYOUTS)('%s: every value of 14 columns and 300 rows in its row groups, nulls included', async (layout) => {
    const frame = await readParquetFrame(join(GOLDEN, layout));
    expect(frame.rows).toBe(300);
    // the list column is no column of a frame
    expect([...frame.columns.keys()]).toEqual(Object.keys(expected.columns));
    for (const [name, values] of Object.entries(expected.columns)) {
      if (name === 'price') valuesOf(frame, name).forEach((v, i) => expect(v).toBeCloseTo(values[i] as number, 9));
      else expect([name, valuesOf(frame, name)]).toEqual([name, values]);
    }
  });

  test('float32 stays float32, other numbers are doubles, and whole-number columns say so', async () => {
    const { columns } = await readParquetFrame(join(GOLDEN, 'pages-v1.parquet'));
    const described = [...columns].map(([name, column]) =>
      column.kind === 'number' ? [name, column.values.constructor.name, column.integer] : [name, 'string'],
    );
    expect(described).toEqual([
      ['f', 'Float32Array', false],
      ['f_null', 'Float32Array', false],
      ['d_required', 'Float64Array', false],
      ['d_ties', 'Float64Array', false],
      ['i32', 'Float64Array', true],
      ['i64', 'Float64Array', true],
      ['u32', 'Float64Array', true],
      ['flag', 'string'],
      ['text', 'string'],
      ['ms', 'Float64Array', true],
      ['us', 'Float64Array', false],
      ['day', 'Float64Array', true],
      ['price', 'Float64Array', false],
      ['none', 'Float32Array', true],
    ]);
  });

  test('only the columns asked for, in that order, in shared memory when wished', async () => {
    const frame = await readParquetFrame(join(GOLDEN, 'plain.parquet'), ['text', 'f'], { shared: true });
    expect([...frame.columns.keys()]).toEqual(['text', 'f']);
    const column = frame.columns.get('f')!;
    expect(column.kind === 'number' && column.values.buffer instanceof SharedArrayBuffer).toBe(true);
    expect(valuesOf(frame, 'f')).toEqual(expected.columns['f']);
  });

  test('columns read one after the other into the same memory, of two widths, hold their own values and no older ones', async () => {
    const table = await ParquetTable.open(join(GOLDEN, 'pages-v2.parquet'));
    try {
      const memory = new SharedArrayBuffer(300 * 8);
      for (const name of ['d_required', 'f_null', 'i64', 'none']) {
        const column = await table.column(name, memory);
        expect(column.kind === 'number' && column.values.buffer === memory).toBe(true);
        expect(valuesOf({ rows: 300, columns: new Map([[name, column]]) }, name)).toEqual(expected.columns[name]);
      }
      const small = await table.column('f', new SharedArrayBuffer(8));
      expect(small.kind === 'number' && small.values.length).toBe(300);
    } finally {
      await table.close();
    }
  });

  test('an absent column is named with those that exist; a list column cannot be compared', async () => {
    const path = join(GOLDEN, 'plain.parquet');
    await expect(readParquetFrame(path, ['nope'])).rejects.toMatchObject({
      code: 'RATCHET_COLUMN_MISSING',
      details: { column: 'nope' },
    });
    await expect(readParquetFrame(path, ['list'])).rejects.toMatchObject({ code: 'RATCHET_COLUMN_TYPE' });
  });
});

describe('other files', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ratchet-parquet-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('a snapshot of our own reads back', async () => {
    const { path } = await new ParquetSnapshotFiles().write(folder, {
      rows: 3,
      features: [
        { spec: { name: 'x', kind: 'number' }, values: [1.5, null, -2] },
        { spec: { name: 's', kind: 'string' }, values: ['b', 'a', null] },
      ],
      target: ['no', 'yes', 'no'],
      eventTime: [1, 2, 3],
      cluster: ['d', 'd', 'e'],
    });
    const frame = await readParquetFrame(path);
    expect([...frame.columns.keys()]).toEqual(['x', 's', 'target', 'event_time', 'cluster']);
    expect(valuesOf(frame, 'x')).toEqual([1.5, null, -2]);
    expect(valuesOf(frame, 's')).toEqual(['b', 'a', null]);
    expect(valuesOf(frame, 'event_time')).toEqual([1, 2, 3]);
  });

  test.each([
    ['absent', null],
    ['empty', Buffer.alloc(0)],
    ['text', Buffer.from('a,b\n1,2\n')],
    ['cut off', readFileSync(join(GOLDEN, 'plain.parquet')).subarray(0, 4000)],
  ])('a file that is %s is refused with RATCHET_INPUT_INVALID', async (name, bytes) => {
    const path = join(folder, `${name}.parquet`);
    if (bytes !== null) writeFileSync(path, bytes);
    await expect(readParquetFrame(path)).rejects.toMatchObject({ code: 'RATCHET_INPUT_INVALID' });
  });

  test('200 files with one byte changed: a frame of 300 rows or RATCHET_INPUT_INVALID, never another error', async () => {
    const original = readFileSync(join(GOLDEN, 'pages-v1.parquet'));
    const outcomes = { read: 0, refused: 0 };
    for (let i = 0; i < 200; i++) {
      const bytes = Buffer.from(original);
      const at = (i * 7919) % bytes.length;
      bytes[at] = bytes[at]! ^ (1 << (i % 8));
      const path = join(folder, 'changed.parquet');
      writeFileSync(path, bytes);
      try {
        const { columns } = await readParquetFrame(path, ['f', 'f_null', 'd_ties', 'i64']);
        for (const column of columns.values()) expect(column.kind).toBe('number');
        outcomes.read++;
      } catch (error) {
        expect((error as { code?: string }).code).toMatch(/^RATCHET_(INPUT_INVALID|COLUMN_MISSING|COLUMN_TYPE)$/);
        outcomes.refused++;
      }
    }
    expect(outcomes.read).toBeGreaterThan(0);
    expect(outcomes.refused).toBeGreaterThan(0);
  });
});
