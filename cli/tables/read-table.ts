import { stat } from 'node:fs/promises';
import { RatchetError } from '../../core/errors';
import type { Frame } from '../../core/frame';
import { loadCsv, loadParquet } from '../lazy';
import { fileFault } from '../read-file';

const CSV = /\.(?:csv|tsv)(?:\.gz)?$/i;
const PARQUET = /\.(?:parquet|pq)$/i;

/**
 * Reads a table into typed columns; the name's ending says how: .csv, .tsv (both also .gz) or .parquet.
 *
 * @throws RATCHET_INPUT_INVALID saying what is wrong with the file; RATCHET_PEER_MISSING where the Parquet reader is not installed.
 */
export async function readTable(path: string): Promise<Frame> {
  const entry = await stat(path).catch((cause: unknown) => {
    throw fileFault(cause, path);
  });
  if (entry.isDirectory()) throw fileFault({ code: 'EISDIR' }, path);
  if (CSV.test(path)) return await loadCsv().readCsvFile(path);
  if (PARQUET.test(path)) return await loadParquet().readParquetFrame(path);
  throw new RatchetError('RATCHET_INPUT_INVALID', `cannot tell what ${path} is by its name`, {
    hint: 'Name it .csv, .tsv, .csv.gz, .tsv.gz or .parquet.',
  });
}
