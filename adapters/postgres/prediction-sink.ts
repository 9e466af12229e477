import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Pool } from 'pg';
import type { PredictionRecord, PredictionSink } from '../../core/ports';
import { connect, inTransaction } from './database';
import { postgresError } from './errors';
import { loadCopyStreams } from './peers';
import { COPY_PREDICTIONS, encodePredictions } from './prediction-copy';

const DAY_MS = 86_400_000;
/** No partition takes the row: somebody dropped it, or another process was faster to be wrong about it. */
const NO_PARTITION = '23514';

/**
 * Writes the prediction log by binary COPY, one statement a call: all rows or none. A call whose answer was lost may be
 * repeated (at-least-once); readers de-duplicate. Partitions of the rows' days, and of the day after, are made on demand.
 */
export class PostgresPredictionSink implements PredictionSink {
  private readonly days = new Set<number>();

  constructor(private readonly pool: Pool) {}

  async write(rows: readonly PredictionRecord[]): Promise<void> {
    if (rows.length === 0) return;
    const data = encodePredictions(rows);
    await this.ensurePartitions(rows);
    try {
      await this.copy(data);
    } catch (error) {
      if ((error as { code?: unknown }).code !== NO_PARTITION) throw postgresError(error, 'writing predictions');
      this.days.clear();
      await this.ensurePartitions(rows);
      await this.copy(data).catch((again: unknown) => {
        throw postgresError(again, 'writing predictions');
      });
    }
  }

  private async copy(data: Buffer): Promise<void> {
    const { from: copyFrom } = loadCopyStreams();
    const client = await connect(this.pool, 'writing predictions');
    let failed: Error | undefined;
    try {
      await pipeline(Readable.from([data]), client.query(copyFrom(COPY_PREDICTIONS)));
    } catch (error) {
      failed = error as Error;
      throw error;
    } finally {
      // After a failed COPY nobody knows what the connection still expects.
      client.release(failed);
    }
  }

  private async ensurePartitions(rows: readonly PredictionRecord[]): Promise<void> {
    const wanted = new Set<number>();
    for (const row of rows) {
      const day = Math.floor(row.receivedAt / DAY_MS);
      if (!this.days.has(day)) wanted.add(day).add(day + 1);
    }
    for (const day of [...wanted].sort((a, b) => a - b)) {
      if (this.days.has(day)) continue;
      // Its own transaction: a partition's lock is held for as short as possible.
      await inTransaction(this.pool, 'making a partition', (client) =>
        client.query('SELECT ratchet.ensure_predictions_partition($1::date)', [
          new Date(day * DAY_MS).toISOString().slice(0, 10),
        ]),
      );
    }
    for (const row of rows) this.days.add(Math.floor(row.receivedAt / DAY_MS));
  }
}
