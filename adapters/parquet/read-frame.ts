import type { Frame, FrameColumn } from '../../core/frame';
import { ParquetTable, type ParquetTableOptions } from './parquet-table';

/**
 * A Parquet file in typed columns, one column at a time and within it row group by row group: beyond the frame itself
 * memory holds one compressed column chunk. See {@link ParquetTable.column} for how types are read.
 *
 * @param columns which, in this order; default: all that a frame can hold, in the order of the file (nested and binary ones are
 *   left out).
 * @throws RATCHET_INPUT_INVALID, RATCHET_COLUMN_MISSING, RATCHET_COLUMN_TYPE, RATCHET_PEER_MISSING.
 */
export async function readParquetFrame(
  path: string,
  columns?: readonly string[],
  options: ParquetTableOptions = {},
): Promise<Frame> {
  const table = await ParquetTable.open(path, options);
  try {
    const read = new Map<string, FrameColumn>();
    for (const name of columns ?? table.columns) read.set(name, await table.column(name));
    return { rows: table.rows, columns: read };
  } finally {
    await table.close();
  }
}
