import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readCsvBytes, readCsvFile } from '../../../adapters/csv';
import type { Frame, FrameColumn } from '../../../core/frame';
import { temporaryFolder } from '../../setup/temporary-folder';

const read = (text: string, name = 'rows.csv') => readCsvBytes(new TextEncoder().encode(text), { name });
const cells = (column: FrameColumn | undefined): unknown[] =>
  column === undefined
    ? ['no such column']
    : column.kind === 'number'
      ? Array.from(column.values)
      : Array.from(column.codes, (code) => (code < 0 ? null : column.categories[code]));
const shown = (frame: Frame) => Object.fromEntries([...frame.columns].map(([name, c]) => [name, cells(c)]));

describe('readCsvBytes', () => {
  it('types 4 columns: numbers, whole numbers, text and quoted text with commas, quotes and line breaks', async () => {
    const frame = await read('\uFEFFx,n,s,q\r\n1.5,1,a,"x, ""y""\n2"\r\n-2e3,7,b,z\r\n');
    expect(frame.rows).toBe(2);
    expect(shown(frame)).toEqual({ x: [1.5, -2000], n: [1, 7], s: ['a', 'b'], q: ['x, "y"\n2', 'z'] });
    expect(frame.columns.get('x')).toMatchObject({ kind: 'number', integer: false });
    expect(frame.columns.get('n')).toMatchObject({ kind: 'number', integer: true });
  });

  it('reads 7 ways of writing "missing" as NaN among numbers and as no category among strings', async () => {
    const frame = await read('x,s\n1,a\n,\nNA,NA\nNaN,nan\nnull,null\nNone,None\nN/A,#N/A\n');
    expect(shown(frame)).toEqual({
      x: [1, NaN, NaN, NaN, NaN, NaN, NaN],
      s: ['a', null, null, null, null, null, null],
    });
  });

  it('keeps the text of numbers when text follows: "1.50" and "007" are not rewritten', async () => {
    const frame = await read('a,b,c\n1.50,007,1\n2,8,2\nx,y,z\n');
    expect(shown(frame)).toEqual({ a: ['1.50', '2', 'x'], b: ['007', '8', 'y'], c: ['1', '2', 'z'] });
  });

  it('keeps whole numbers beyond 2^53 as text, for a double would round them', async () => {
    const frame = await read('id,big\n9007199254740993,1e300\n9007199254740995,2e300\n');
    expect(shown(frame)).toEqual({ id: ['9007199254740993', '9007199254740995'], big: [1e300, 2e300] });
  });

  it('reads infinities as numbers and leaves what to do with them to the statistics', async () => {
    expect(shown(await read('x\ninf\n-Infinity\n3\n'))).toEqual({ x: [Infinity, -Infinity, 3] });
  });

  it('grows over 5,000 rows of both kinds', async () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `${i},c${i % 3}`);
    const frame = await read(`x,s\n${lines.join('\n')}\n`);
    expect(frame.rows).toBe(5000);
    expect(cells(frame.columns.get('x'))[4999]).toBe(4999);
    expect(cells(frame.columns.get('s'))[4999]).toBe('c1');
  });

  it('names the index that pandas wrote without a name as pandas does: Unnamed: 0', async () => {
    expect(shown(await read(',x\n0,1.5\n1,2\n'))).toEqual({ 'Unnamed: 0': [0, 1], x: [1.5, 2] });
  });

  it('takes a header without rows as 0 rows', async () => {
    const frame = await read('x,s\n');
    expect(frame.rows).toBe(0);
    expect([...frame.columns.keys()]).toEqual(['x', 's']);
  });

  it.each([
    ['', 'is empty'],
    ['x,y\n1,2\n3\n', 'row 2 of rows.csv has 1 cells, the header has 2'],
    ['x,x\n1,2\n', 'names the column "x" twice'],
    ['x\n"1\n', 'cannot read rows.csv'],
    ['PAR1\0\0\u0001,\0\n', 'is not UTF-8 text'],
  ])('refuses %j and says why', async (text, why) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'RATCHET_INPUT_INVALID' });
    await expect(read(text)).rejects.toThrow(why);
  });
});

describe('readCsvFile', () => {
  it('reads tabs from .tsv and gzip from .csv.gz', async () => {
    const folder = temporaryFolder('csv');
    await writeFile(join(folder, 'a.tsv'), 'x\ts\n1\ta,b\n');
    await writeFile(join(folder, 'a.csv.gz'), gzipSync('x,s\n1,b\n'));
    expect(shown(await readCsvFile(join(folder, 'a.tsv')))).toEqual({ x: [1], s: ['a,b'] });
    expect(shown(await readCsvFile(join(folder, 'a.csv.gz')))).toEqual({ x: [1], s: ['b'] });
  });

  it('names the file that is absent, a folder, or no gzip', async () => {
    const folder = temporaryFolder('csv');
    await writeFile(join(folder, 'b.csv.gz'), 'plain');
    await expect(readCsvFile(join(folder, 'no.csv'))).rejects.toThrow(/no\.csv: it does not exist/);
    await expect(readCsvFile(folder)).rejects.toThrow('it is a folder');
    await expect(readCsvFile(join(folder, 'b.csv.gz'))).rejects.toThrow('it is not gzip');
  });
});
