/** One Parquet file, read a column at a time: what a frame of it holds at once is up to the caller. */
import { open, type FileHandle } from 'node:fs/promises';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { AsyncBuffer, ColumnMetaData, Compressors, FileMetaData, SchemaElement } from 'hyparquet' with {
  'resolution-mode': 'import',
};
import { RatchetError } from '../../core/errors';
import type { FrameColumn, NumberColumn, StringColumn } from '../../core/frame';
import { isFlatNumber, kindOfColumn, type ColumnKind } from './column-kind';
import { readFlatChunk } from './flat-column';
import { loadPageDecoders, loadParquetReader, type PageDecoders } from './peers';

type Reader = Awaited<ReturnType<typeof loadParquetReader>>;

const COMPRESSORS: Compressors = {
  GZIP: (input) => gunzipSync(input),
  BROTLI: (input) => brotliDecompressSync(input),
};

export interface ParquetTableOptions {
  /** Columns in SharedArrayBuffers, which threads read without a copy. Default false. */
  readonly shared?: boolean;
}

export class ParquetTable {
  /** Rows of the file. */
  readonly rows: number;
  /** Every top-level column that a frame can hold, in the order of the file. */
  readonly columns: readonly string[];
  private readonly elements: ReadonlyMap<string, SchemaElement>;

  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private readonly file: AsyncBuffer,
    private readonly metadata: FileMetaData,
    private readonly reader: Reader,
    private readonly decoders: PageDecoders,
    private readonly shared: boolean,
  ) {
    this.rows = Number(metadata.num_rows);
    this.elements = topLevelElements(metadata.schema);
    this.columns = [...this.elements.values()]
      .filter((element) => kindOfColumn(element).kind !== 'unsupported')
      .map(({ name }) => name);
  }

  /** @throws RATCHET_INPUT_INVALID when the file cannot be read or is not Parquet; RATCHET_PEER_MISSING without hyparquet. */
  static async open(path: string, options: ParquetTableOptions = {}): Promise<ParquetTable> {
    const reader = await loadParquetReader();
    const decoders = await loadPageDecoders();
    const handle = await open(path, 'r').catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
    try {
      const file = slicesOf(handle, (await handle.stat()).size);
      const metadata = await reader.parquetMetadataAsync(file);
      return new ParquetTable(path, handle, file, metadata, reader, decoders, options.shared ?? false);
    } catch (cause) {
      await handle.close();
      throw unreadable(path, cause);
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  /**
   * One column, row group by row group: FLOAT as float32, other numbers and decimals as doubles, dates and timestamps as
   * milliseconds since 1970, booleans as `true` / `false`, text dictionary-coded. Nulls: NaN, or the code −1.
   *
   * @param memory where the values of a number column go when it has room for them, so that a caller who reads column after
   *   column may use it again; a column read into it before is overwritten. Default: memory of its own.
   * @throws RATCHET_COLUMN_MISSING; RATCHET_COLUMN_TYPE for a nested or binary column; RATCHET_INPUT_INVALID for a broken file.
   */
  async column(name: string, memory?: ArrayBuffer | SharedArrayBuffer): Promise<FrameColumn> {
    const element = this.elements.get(name);
    if (element === undefined) {
      throw new RatchetError('RATCHET_COLUMN_MISSING', `${this.path} has no column ${name}`, {
        details: { column: name, observed: this.columns },
      });
    }
    const kind = kindOfColumn(element);
    if (kind.kind === 'unsupported') {
      throw new RatchetError('RATCHET_COLUMN_TYPE', `column ${name} of ${this.path} cannot be compared: ${kind.why}`);
    }
    try {
      return kind.kind === 'string' ? await this.strings(name) : await this.numbers(name, element, kind, memory);
    } catch (cause) {
      throw unreadable(this.path, cause, ` (column ${name})`);
    }
  }

  private async numbers(
    name: string,
    element: SchemaElement,
    kind: NumberKind,
    memory: ArrayBuffer | SharedArrayBuffer | undefined,
  ): Promise<NumberColumn> {
    const values = this.noNumbers(kind, memory);
    const { times, perUnit } = kind.kind === 'float64' ? kind : { times: 1, perUnit: 1 };
    let start = 0;
    for (const group of this.metadata.row_groups) {
      const rows = Number(group.num_rows);
      const chunk = group.columns.find(({ meta_data: meta }) => meta?.path_in_schema[0] === name)?.meta_data;
      if (rows === 0) continue;
      if (chunk !== undefined && isFlatNumber(element, chunk)) {
        const part = values.subarray(start, start + rows);
        const optional = element.repetition_type !== 'REQUIRED';
        const buffer = await this.chunkBytes(chunk);
        readFlatChunk(this.decoders, COMPRESSORS, buffer, chunk, optional, { values: part, times, perUnit });
      } else {
        await this.decoded(name, start, start + rows, (row, value) => {
          values[row] = numberOf(value);
        });
      }
      start += rows;
    }
    return { kind: 'number', values, integer: (kind.kind === 'float64' && kind.whole) || allWhole(values) };
  }

  /** All missing. */
  private noNumbers(
    { kind }: NumberKind,
    memory: ArrayBuffer | SharedArrayBuffer | undefined,
  ): Float32Array | Float64Array {
    const bytes = this.rows * (kind === 'float32' ? 4 : 8);
    const fits = memory !== undefined && memory.byteLength >= bytes;
    const buffer = fits ? memory : this.shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
    const values = kind === 'float32' ? new Float32Array(buffer, 0, this.rows) : new Float64Array(buffer, 0, this.rows);
    return values.fill(NaN);
  }

  private async strings(name: string): Promise<StringColumn> {
    const bytes = this.rows * Int32Array.BYTES_PER_ELEMENT;
    const codes = new Int32Array(this.shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes)).fill(-1);
    const known = new Map<string, number>();
    let start = 0;
    for (const group of this.metadata.row_groups) {
      const rows = Number(group.num_rows);
      if (rows === 0) continue;
      await this.decoded(name, start, start + rows, (row, value) => {
        if (value === null || value === undefined) return;
        const text = typeof value === 'string' ? value : JSON.stringify(value); // booleans: true, false
        let code = known.get(text);
        if (code === undefined) {
          code = known.size;
          known.set(text, code);
        }
        codes[row] = code;
      });
      start += rows;
    }
    return { kind: 'string', codes, categories: [...known.keys()] };
  }

  /** The peer's own reader: any type and encoding, a value at a time. */
  private async decoded(
    name: string,
    rowStart: number,
    rowEnd: number,
    see: (row: number, value: unknown) => void,
  ): Promise<void> {
    await this.reader.parquetRead({
      file: this.file,
      metadata: this.metadata,
      columns: [name],
      rowStart,
      rowEnd,
      compressors: COMPRESSORS,
      onChunk: ({ columnData, rowStart: from }) => {
        const end = Math.min(columnData.length, rowEnd - from);
        for (let i = Math.max(0, rowStart - from); i < end; i++) see(from + i, columnData[i]);
      },
    });
  }

  private async chunkBytes(chunk: ColumnMetaData): Promise<ArrayBuffer> {
    const data = Number(chunk.data_page_offset);
    const dictionary = Number(chunk.dictionary_page_offset ?? 0);
    const start = dictionary > 0 ? Math.min(dictionary, data) : data;
    return this.file.slice(start, start + Number(chunk.total_compressed_size));
  }
}

type NumberKind = Extract<ColumnKind, { kind: 'float32' | 'float64' }>;

/** The fields below the root: the schema is the tree in depth-first order. */
function topLevelElements(schema: readonly SchemaElement[]): ReadonlyMap<string, SchemaElement> {
  const found = new Map<string, SchemaElement>();
  const skip = (at: number): number => {
    let next = at + 1;
    for (let child = 0; child < (schema[at]?.num_children ?? 0); child++) next = skip(next);
    return next;
  };
  for (let at = 1; at < schema.length; at = skip(at)) found.set(schema[at]!.name, schema[at]!);
  return found;
}

function slicesOf(handle: FileHandle, size: number): AsyncBuffer {
  return {
    byteLength: size,
    slice: async (start, end = size) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start));
      for (let done = 0; done < bytes.length;) {
        const { bytesRead } = await handle.read(bytes, done, bytes.length - done, start + done);
        if (bytesRead === 0) throw new Error('the file ends before its last byte');
        done += bytesRead;
      }
      return bytes.buffer;
    },
  };
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return value instanceof Date ? value.getTime() : NaN;
}

function allWhole(values: Float32Array | Float64Array): boolean {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isFinite(value) && !Number.isInteger(value)) return false;
  }
  return true;
}

function unreadable(path: string, cause: unknown, where = ''): RatchetError {
  return new RatchetError('RATCHET_INPUT_INVALID', `${path} cannot be read${where}: ${(cause as Error).message}`, {
    cause,
    hint: 'Give a whole Parquet file, compressed with Snappy, gzip, Brotli or not at all.',
  });
}
