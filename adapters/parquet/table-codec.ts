import type { FeatureValue } from '../../core/model';
import type { TrainingTable } from '../../core/training-table';
import { loadParquetReader, loadParquetWriter } from './peers';

/**
 * Features in order (DOUBLE or STRING, nullable), `target` STRING, `event_time` INT64 in milliseconds since 1970,
 * `cluster` STRING. One row group size, one codec, no time and no path inside: equal tables give equal bytes.
 */
export async function encodeTable(table: TrainingTable): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await loadParquetWriter();
  const features = table.features.map(({ spec, values }) => ({
    name: spec.name,
    data: [...values],
    type: spec.kind === 'number' ? ('DOUBLE' as const) : ('STRING' as const),
    nullable: true,
  }));
  const buffer = parquetWriteBuffer({
    columnData: [
      ...features,
      { name: 'target', data: [...table.target], type: 'STRING', nullable: false },
      { name: 'event_time', data: table.eventTime.map((ms) => BigInt(ms)), type: 'INT64', nullable: false },
      { name: 'cluster', data: [...table.cluster], type: 'STRING', nullable: false },
    ],
    rowGroupSize: 100_000,
    codec: 'SNAPPY',
    createdBy: 'temporal-ratchet',
  });
  return new Uint8Array(buffer);
}

/** All columns by name; 64-bit integers as numbers, which hold every time of the next 285 000 years. */
export async function decodeTable(bytes: Uint8Array): Promise<ReadonlyMap<string, readonly FeatureValue[]>> {
  const { parquetRead, parquetMetadata } = await loadParquetReader();
  // A view of its own: Node's small Buffers share one ArrayBuffer.
  const file = new Uint8Array(bytes).buffer;
  const metadata = parquetMetadata(file);
  const rows = Number(metadata.num_rows);
  const columns = new Map<string, FeatureValue[]>();
  for (const { name } of metadata.schema.slice(1)) columns.set(name, new Array<FeatureValue>(rows).fill(null));
  await parquetRead({
    file,
    metadata,
    onChunk: ({ columnName, columnData, rowStart }) => {
      const into = columns.get(columnName);
      if (into === undefined) return;
      for (let i = 0; i < columnData.length; i++) into[rowStart + i] = plain(columnData[i]);
    },
  });
  return columns;
}

function plain(value: unknown): FeatureValue {
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'number' || typeof value === 'string' ? value : null;
}
