/**
 * A column chunk of plain numbers, straight into a typed array. The peer's own reader assembles nested rows value by value,
 * 85 ms for a million nullable floats; this takes its decoders and copies whole pages.
 */
import type { ColumnMetaData, Compressors, DecodedArray, PageHeader } from 'hyparquet' with {
  'resolution-mode': 'import',
};
import type { PageDecoders } from './peers';

export interface FlatTarget {
  /** One value a row of the chunk, NaN beforehand; nulls stay NaN. */
  readonly values: Float32Array | Float64Array;
  /** Values are multiplied by `times`, then divided by `perUnit`. */
  readonly times: number;
  readonly perUnit: number;
}

interface Page {
  readonly bytes: Uint8Array;
  /** 1: the row has a value; null: all have. */
  readonly present: Uint8Array | null;
  readonly rows: number;
  readonly encoding: string;
}

/** @param optional the column may hold nulls, so its pages carry definition levels. Throws plain errors of the peer. */
export function readFlatChunk(
  decoders: PageDecoders,
  compressors: Compressors,
  buffer: ArrayBuffer,
  chunk: ColumnMetaData,
  optional: boolean,
  target: FlatTarget,
): void {
  const reader = { view: new DataView(buffer), offset: 0 };
  const { values } = target;
  let dictionary: NumberArray | null = null;
  let row = 0;
  while (row < values.length && reader.offset < buffer.byteLength) {
    const header = decoders.column.parquetHeader(reader);
    const compressed = new Uint8Array(buffer, reader.offset, header.compressed_page_size);
    reader.offset += header.compressed_page_size;
    if (header.type === 'DICTIONARY_PAGE') {
      const bytes = decompress(decoders, compressors, compressed, header, chunk);
      dictionary = plainNumbers(decoders, bytes, chunk, header.dictionary_page_header?.num_values ?? 0);
      continue;
    }
    const page = openPage(decoders, compressors, compressed, header, chunk, optional);
    if (page === null) continue;
    if (row + page.rows > values.length)
      throw new Error(`a page holds rows beyond the ${values.length} of its row group`);
    const found = page.present === null ? page.rows : countOnes(page.present);
    const numbers =
      page.encoding === 'PLAIN'
        ? plainNumbers(decoders, page.bytes, chunk, found)
        : dictionaryNumbers(decoders, page.bytes, found, dictionary);
    place(numbers, page.present, values.subarray(row, row + page.rows), target);
    row += page.rows;
  }
  if (row !== values.length) throw new Error(`a column chunk holds ${row} rows of ${values.length}`);
}

type NumberArray = Float32Array | Float64Array | Int32Array;

function openPage(
  decoders: PageDecoders,
  compressors: Compressors,
  compressed: Uint8Array,
  header: PageHeader,
  chunk: ColumnMetaData,
  optional: boolean,
): Page | null {
  const { data_page_header: v1, data_page_header_v2: v2 } = header;
  if (v1 !== undefined) {
    const bytes = decompress(decoders, compressors, compressed, header, chunk);
    if (!optional) return { bytes, present: null, rows: v1.num_values, encoding: v1.encoding };
    const reader = readerOf(bytes);
    const present = new Uint8Array(v1.num_values);
    decoders.encoding.readRleBitPackedHybrid(reader, 1, present);
    return {
      bytes: bytes.subarray(reader.offset),
      present: orAll(present),
      rows: v1.num_values,
      encoding: v1.encoding,
    };
  }
  if (v2 === undefined) return null; // an index page
  const levels = v2.repetition_levels_byte_length + v2.definition_levels_byte_length;
  const body = compressed.subarray(levels);
  const size = Number(header.uncompressed_page_size) - levels;
  const bytes = v2.is_compressed === false ? body : decoders.page.decompressPage(body, size, chunk.codec, compressors);
  if (!optional || v2.num_nulls === 0) return { bytes, present: null, rows: v2.num_rows, encoding: v2.encoding };
  const present = new Uint8Array(v2.num_values);
  const reader = readerOf(compressed.subarray(v2.repetition_levels_byte_length));
  decoders.encoding.readRleBitPackedHybrid(reader, 1, present, v2.definition_levels_byte_length);
  return { bytes, present, rows: v2.num_rows, encoding: v2.encoding };
}

function decompress(
  decoders: PageDecoders,
  compressors: Compressors,
  bytes: Uint8Array,
  header: PageHeader,
  chunk: ColumnMetaData,
): Uint8Array {
  return decoders.page.decompressPage(bytes, Number(header.uncompressed_page_size), chunk.codec, compressors);
}

const readerOf = (bytes: Uint8Array): { view: DataView; offset: number } => ({
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  offset: 0,
});

function plainNumbers(decoders: PageDecoders, bytes: Uint8Array, chunk: ColumnMetaData, count: number): NumberArray {
  if (count === 0) return new Float64Array(0);
  const decoded: DecodedArray = decoders.plain.readPlain(readerOf(bytes), chunk.type, count, undefined);
  if (decoded instanceof BigInt64Array) return doublesOf(decoded);
  return decoded as NumberArray;
}

/** By halves: a BigInt a value costs ten times as much. Beyond 2^53 the nearest double. */
function doublesOf(values: BigInt64Array): Float64Array {
  const words = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  const [low, high] = LITTLE_ENDIAN ? [0, 1] : [1, 0];
  const doubles = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    doubles[i] = words[2 * i + high]! * 4_294_967_296 + (words[2 * i + low]! >>> 0);
  }
  return doubles;
}

const LITTLE_ENDIAN = new Uint8Array(Int32Array.of(1).buffer)[0] === 1;

function dictionaryNumbers(
  decoders: PageDecoders,
  bytes: Uint8Array,
  count: number,
  dictionary: NumberArray | null,
): NumberArray {
  if (count === 0) return new Float64Array(0);
  if (dictionary === null) throw new Error('a page refers to a dictionary that the chunk lacks');
  const width = bytes[0] ?? 0;
  const codes = new Int32Array(count);
  if (width > 0) {
    const reader = readerOf(bytes);
    reader.offset = 1;
    decoders.encoding.readRleBitPackedHybrid(reader, width, codes, bytes.length - 1);
  }
  const values = dictionary instanceof Float32Array ? new Float32Array(count) : new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const value = dictionary[codes[i]!];
    if (value === undefined) throw new Error(`a page refers to entry ${codes[i]!} of ${dictionary.length}`);
    values[i] = value;
  }
  return values;
}

/** Puts the values where `present` says, in the unit of the frame. */
function place(
  numbers: NumberArray,
  present: Uint8Array | null,
  into: Float32Array | Float64Array,
  { times, perUnit }: FlatTarget,
): void {
  if (present === null) {
    into.set(numbers);
  } else {
    for (let i = 0, at = 0; i < into.length; i++) if (present[i] === 1) into[i] = numbers[at++]!;
  }
  if (times === 1 && perUnit === 1) return;
  for (let i = 0; i < into.length; i++) into[i] = (into[i]! * times) / perUnit;
}

function countOnes(present: Uint8Array): number {
  let ones = 0;
  for (let i = 0; i < present.length; i++) ones += present[i]!;
  return ones;
}

const orAll = (present: Uint8Array): Uint8Array | null => (countOnes(present) === present.length ? null : present);
