import type { FieldDef, Pool, PoolClient, QueryArrayResult } from 'pg';
import { isRatchetError, RatchetError } from '../../core/errors';
import type { FeatureSpec, FeatureValue } from '../../core/model';
import type { Policy } from '../../core/policy';
import type { Snapshot, TrainingRows, TrainingSource } from '../../core/ports';
import { SNAPSHOT_COLUMNS, type SnapshotFiles, type TrainingTable } from '../../core/training-table';
import { inTransaction, rows, timestamp } from './database';
import { postgresError } from './errors';
import { bindNamedParameters } from './named-parameters';
import { TrainingColumns, type ResultRow } from './training-columns';

export interface TrainingSourceOptions {
  /** Where the policy's query runs: the team's warehouse, or Ratchet's own database. */
  readonly warehouse: Pool;
  /** Ratchet's database, where the snapshot is recorded. */
  readonly ledger: Pool;
  /** adapters/parquet. */
  readonly files: SnapshotFiles;
  /** Folder of the snapshot files, readable by the trainer. */
  readonly folder: string;
  /** Longest time of the query, milliseconds. Default 5 minutes. */
  readonly statementTimeoutMs?: number;
}

const BATCH = 5_000;

/** Takes snapshots with the policy's query in a READ ONLY transaction, by cursor: memory holds the columns, not the rows. */
export class PostgresTrainingSource implements TrainingSource {
  constructor(private readonly options: TrainingSourceOptions) {}

  async takeSnapshot(policy: Policy, from: number, to: number, asOf: number): Promise<Snapshot> {
    const { warehouse, files, folder } = this.options;
    const query = bindNamedParameters(policy.data.query);
    const table = await inTransaction(
      warehouse,
      'running the training query',
      (client) => this.read(client, policy, query, [from, to, asOf].map(timestamp)),
      'BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY',
    );
    if (table.rows === 0) {
      throw new RatchetError(
        'RATCHET_WINDOW_EMPTY',
        `the training query of ${policy.model} returned no row from ${timestamp(from)} to ${timestamp(to)} as of ${timestamp(asOf)}`,
      );
    }
    const { digest, path } = await files.write(folder, table);
    const columns = [...table.features.map((f) => f.spec.name), ...SNAPSHOT_COLUMNS];
    const snapshot = { digest, uri: path, rows: table.rows, columns, from, to, asOf };
    await this.record(policy, snapshot);
    return snapshot;
  }

  async readSnapshot(snapshot: Snapshot, features: readonly FeatureSpec[]): Promise<TrainingRows> {
    const table = await this.options.files.read(snapshot.uri, snapshot.digest, features);
    const columns: Record<string, readonly FeatureValue[]> = {};
    for (const { spec, values } of table.features) columns[spec.name] = values;
    const { target, eventTime, cluster } = table;
    return { features: { rows: table.rows, columns }, target, eventTime, cluster };
  }

  private async read(
    client: PoolClient,
    policy: Policy,
    query: string,
    bound: readonly string[],
  ): Promise<TrainingTable> {
    await client.query(`SET LOCAL statement_timeout = ${this.options.statementTimeoutMs ?? 300_000}`);
    // The server's zone must not decide what a bare date in the query means.
    await client.query(`SET LOCAL TIME ZONE 'UTC'`);
    await userQuery(() => client.query(`DECLARE training NO SCROLL CURSOR FOR ${query}`, [...bound]));
    let columns: TrainingColumns | null = null;
    for (;;) {
      const batch = await userQuery(() => fetch(client));
      columns ??= new TrainingColumns(policy, batch.fields);
      for (const row of batch.rows) columns.add(row);
      if (batch.rows.length < BATCH) return columns.finish();
    }
  }

  private async record(policy: Policy, snapshot: Snapshot): Promise<void> {
    await rows(
      this.options.ledger,
      'recording a snapshot',
      `INSERT INTO ratchet.snapshots (model, digest, uri, rows, columns, from_time, to_time, as_of, query)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
      [
        policy.model,
        snapshot.digest,
        snapshot.uri,
        snapshot.rows,
        snapshot.columns,
        timestamp(snapshot.from),
        timestamp(snapshot.to),
        timestamp(snapshot.asOf),
        policy.data.query,
      ],
    );
  }
}

async function fetch(client: PoolClient): Promise<{ readonly fields: FieldDef[]; readonly rows: ResultRow[] }> {
  const batch: QueryArrayResult<unknown[]> = await client.query({
    text: `FETCH FORWARD ${BATCH} FROM training`,
    rowMode: 'array',
  });
  return batch;
}

/** What the server says against the user's own SQL is the query's fault, except that the server is away. */
async function userQuery<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (isRatchetError(error)) throw error;
    const mapped = postgresError(error, 'running the training query');
    const state = (error as { code?: unknown }).code;
    // A time-out comes again with the same query and the same data.
    if (mapped.code === 'RATCHET_POSTGRES_UNAVAILABLE' && state !== '57014' && state !== '25006') throw mapped;
    throw new RatchetError('RATCHET_QUERY_INVALID', `the training query fails: ${(error as Error).message}`, {
      cause: error,
      details: { sqlState: state ?? null, position: (error as { position?: string }).position ?? null },
    });
  }
}
