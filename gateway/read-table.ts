import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RatchetError } from '../core/errors';
import type { Frame } from '../core/frame';

/** Readers of the adapters, passed in by the composition root. */
export interface TableReaders {
  readonly csv: (bytes: Uint8Array, source: { readonly name: string; readonly delimiter: string }) => Promise<Frame>;
  /** Parquet is read column by column from a file: a body is put into one for as long as that takes. */
  readonly parquet: (path: string) => Promise<Frame>;
}

/** The body of a request as a table, by its content type. Rejects RATCHET_INPUT_INVALID, RATCHET_PEER_MISSING. */
export function tableReader(
  readers: TableReaders,
  folder: string,
): (bytes: Uint8Array, contentType: string) => Promise<Frame> {
  return async (bytes, contentType) => {
    const name = "the request's body";
    switch (contentType) {
      case 'text/csv':
        return readers.csv(bytes, { name, delimiter: ',' });
      case 'text/tab-separated-values':
        return readers.csv(bytes, { name, delimiter: '\t' });
      case 'application/vnd.apache.parquet':
        return inFile(folder, bytes, readers.parquet);
      default:
        throw new RatchetError('RATCHET_INPUT_INVALID', `No table can be read from ${contentType}.`);
    }
  };
}

async function inFile(folder: string, bytes: Uint8Array, read: TableReaders['parquet']): Promise<Frame> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${randomUUID()}.parquet`);
  try {
    await writeFile(path, bytes);
    return await read(path);
  } finally {
    await rm(path, { force: true });
  }
}
