import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RatchetError } from '../../core/errors';
import type { FeatureSpec, FeatureValue } from '../../core/model';
import { SNAPSHOT_COLUMNS, type SnapshotFiles, type TrainingTable } from '../../core/training-table';
import { decodeTable, encodeTable } from './table-codec';

/** Snapshots as Parquet files named by the SHA-256 of their bytes. Readable by pyarrow, pandas, DuckDB, Polars. */
export class ParquetSnapshotFiles implements SnapshotFiles {
  async write(folder: string, table: TrainingTable): Promise<{ readonly digest: string; readonly path: string }> {
    const bytes = await encodeTable(table);
    const digest = sha256(bytes);
    const target = resolve(folder);
    await mkdir(target, { recursive: true });
    const path = join(target, `${digest}.parquet`);
    const unfinished = join(target, `.${digest}.${randomUUID()}.tmp`);
    try {
      const file = await open(unfinished, 'wx', 0o644);
      try {
        await file.writeFile(bytes);
        // The digest will be recorded: the bytes must not be lost with the machine after that.
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
    } catch (cause) {
      await rm(unfinished, { force: true });
      throw new RatchetError(
        'RATCHET_SETUP',
        `the snapshot folder ${target} cannot be written: ${(cause as Error).message}`,
        {
          cause,
          hint: 'Give it room and write permission.',
        },
      );
    }
    return { digest, path };
  }

  async read(path: string, digest: string, features: readonly FeatureSpec[]): Promise<TrainingTable> {
    const file = path.startsWith('file:') ? fileURLToPath(path) : path;
    let bytes: Buffer;
    try {
      bytes = await readFile(file);
    } catch (cause) {
      throw new RatchetError(
        'RATCHET_SNAPSHOT_CORRUPT',
        `snapshot ${digest} cannot be read: ${(cause as Error).message}`,
        {
          cause,
        },
      );
    }
    const observed = sha256(bytes);
    if (observed !== digest) {
      throw new RatchetError(
        'RATCHET_SNAPSHOT_CORRUPT',
        `snapshot file ${file} has the SHA-256 ${observed}, not ${digest}`,
        {
          details: { observed, expected: digest },
        },
      );
    }
    const columns = await decodeTable(bytes);
    const column = (name: string): readonly FeatureValue[] => {
      const found = columns.get(name);
      if (found !== undefined) return found;
      throw new RatchetError('RATCHET_COLUMN_MISSING', `snapshot ${digest} has no column ${name}`, {
        details: { column: name, observed: [...columns.keys()] },
      });
    };
    const [target, eventTime, cluster] = SNAPSHOT_COLUMNS.map(column) as [string[], number[], string[]];
    return {
      rows: target.length,
      features: features.map((spec) => ({ spec, values: column(spec.name) })),
      target,
      eventTime,
      cluster,
    };
  }
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
