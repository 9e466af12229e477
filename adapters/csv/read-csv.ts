/** CSV and TSV into a `Frame`: RFC 4180 quoting, a header line, UTF-8 with or without BOM, .gz as it comes. */
import { createReadStream } from 'node:fs';
import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CsvError, parse } from 'csv-parse';
import { RatchetError } from '../../core/errors';
import type { Frame, FrameColumn } from '../../core/frame';
import { ColumnBuilder, NeedsText } from './column-builder';

export interface CsvSource {
  /** For messages: the path, or "the request's body". */
  readonly name: string;
  /** Default: a tab for .tsv and .tsv.gz, else a comma. */
  readonly delimiter?: string;
  /** Default: the name ends in .gz. */
  readonly gzip?: boolean;
}

/**
 * Reads a file into typed columns. A column is of numbers when every cell is a number or missing (empty, NA, NaN, null …);
 * one other cell makes it a column of strings, which keep their text.
 *
 * @throws RATCHET_INPUT_INVALID with the row (1: the first below the header): no such file, no header, a repeated column, a row of another length, bad
 * quoting, bytes that are not UTF-8 text.
 */
export function readCsvFile(path: string, options: Omit<CsvSource, 'name'> = {}): Promise<Frame> {
  return readTwice(() => createReadStream(path), { name: path, ...options });
}

/** The same from memory: the body of a request. */
export function readCsvBytes(bytes: Uint8Array, source: CsvSource): Promise<Frame> {
  return readTwice(() => Readable.from([bytes], { objectMode: false }), source);
}

/** Text late in a column of numbers such as "1.50" asks for a second reading that keeps the text from the start. */
async function readTwice(open: () => Readable, source: CsvSource): Promise<Frame> {
  const asText = new Set<string>();
  for (;;) {
    const before = asText.size;
    const frame = await readOnce(open(), source, asText);
    if (frame !== null) return frame;
    if (asText.size === before) throw new RatchetError('RATCHET_INTERNAL', `${source.name} could not be typed`);
  }
}

async function readOnce(input: Readable, source: CsvSource, asText: Set<string>): Promise<Frame | null> {
  const table = new TableBuilder(source.name, asText);
  const parser = parse({
    bom: true,
    delimiter: source.delimiter ?? (/\.tsv(?:\.gz)?$/i.test(source.name) ? '\t' : ','),
    skip_empty_lines: true,
    // Rows of another length are ours to report, with the header's length.
    relax_column_count: true,
    info: false,
  });
  const parts = (source.gzip ?? /\.gz$/i.test(source.name)) ? [input, createGunzip(), parser] : [input, parser];
  await new Promise<void>((resolve, reject) => {
    parser.on('readable', () => {
      try {
        for (let row = parser.read() as string[] | null; row !== null; row = parser.read() as string[] | null) {
          table.add(row);
        }
      } catch (error) {
        parser.destroy(error as Error);
      }
    });
    pipeline(parts as [Readable, NodeJS.ReadWriteStream], (error) => (error ? reject(error) : resolve()));
  }).catch((error: unknown) => {
    throw explain(error, source.name);
  });
  return table.finish();
}

class TableBuilder {
  private header: readonly string[] | null = null;
  private builders: readonly ColumnBuilder[] = [];
  private rows = 0;
  /** Some column must be read again as text: only the header's length is still checked. */
  private again = false;

  constructor(
    private readonly name: string,
    private readonly asText: Set<string>,
  ) {}

  add(row: readonly string[]): void {
    if (this.header === null) {
      this.header = headerOf(row, this.name);
      this.builders = this.header.map((column) => new ColumnBuilder(this.asText.has(column)));
      return;
    }
    if (row.length !== this.header.length) {
      const text = `row ${this.rows + 1} of ${this.name} has ${row.length} cells, the header has ${this.header.length}`;
      throw new RatchetError('RATCHET_INPUT_INVALID', `${text}.`, {
        hint: 'Quote cells that hold the delimiter or a line break.',
      });
    }
    this.rows++;
    for (let i = 0; i < row.length; i++) {
      try {
        this.builders[i]!.add(row[i]!);
      } catch (error) {
        if (!(error instanceof NeedsText)) throw error;
        this.asText.add(this.header[i]!);
        this.again = true;
        this.builders = this.builders.map((builder, k) => (k === i ? new ColumnBuilder(true) : builder));
      }
    }
  }

  /** null: read again. */
  finish(): Frame | null {
    if (this.header === null) {
      throw new RatchetError('RATCHET_INPUT_INVALID', `${this.name} is empty: expected a header line and rows.`, {
        hint: 'The first line names the columns.',
      });
    }
    if (this.again) return null;
    const columns = new Map<string, FrameColumn>();
    this.header.forEach((column, i) => columns.set(column, this.builders[i]!.finish()));
    return { rows: this.rows, columns };
  }
}

function headerOf(row: readonly string[], name: string): readonly string[] {
  // A frame that pandas wrote with its index has a column without a name: it gets the one that pandas gives it.
  const header = row.map((cell, i) => (cell.trim() === '' ? `Unnamed: ${i}` : cell.trim()));
  const binary = header.some((cell) => cell.includes('\0') || cell.includes('\uFFFD'));
  const repeated = header.find((cell, i) => header.indexOf(cell) !== i);
  const problem = binary ? 'is not UTF-8 text' : repeated === undefined ? null : `names the column "${repeated}" twice`;
  if (problem === null) return header;
  throw new RatchetError('RATCHET_INPUT_INVALID', `${name} ${problem}.`, {
    hint: 'Expected CSV with a header line; Parquet files end in .parquet.',
  });
}

function explain(error: unknown, name: string): unknown {
  if (error instanceof RatchetError) return error;
  const { code = '', message } = error as { code?: string; message: string };
  const why =
    error instanceof CsvError
      ? message
      : code === 'ENOENT'
        ? 'it does not exist'
        : code === 'EISDIR'
          ? 'it is a folder'
          : code.startsWith('Z_')
            ? `it is not gzip (${message})`
            : message;
  return new RatchetError('RATCHET_INPUT_INVALID', `cannot read ${name}: ${why}`, {
    hint: 'Correct the path or the file.',
    cause: error,
  });
}
