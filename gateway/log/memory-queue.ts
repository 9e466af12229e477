import type { PredictionRecord } from '../../core/ports';
import type { RowBatch, RowQueue } from './row-queue';

interface WaitingRow {
  readonly row: PredictionRecord;
  readonly bytes: number;
}

/**
 * Log mode `memory`: what waits dies with the process. The loss window is `waitingBytes`, shown by /status and /metrics:
 * with PostgreSQL up it is one drain interval of rows.
 */
export class MemoryQueue implements RowQueue {
  readonly torn = 0;
  waitingBytes = 0;
  private waiting: WaitingRow[] = [];
  private head = 0;

  put(row: PredictionRecord, bytes: number): void {
    this.waiting.push({ row, bytes });
    this.waitingBytes += bytes;
  }

  peek(maxRows: number): Promise<RowBatch | null> {
    const taken = this.waiting.slice(this.head, this.head + maxRows);
    if (taken.length === 0) return Promise.resolve(null);
    return Promise.resolve({
      rows: taken.map((entry) => entry.row),
      bytes: taken.reduce((sum, entry) => sum + entry.bytes, 0),
    });
  }

  acknowledge(batch: RowBatch): Promise<void> {
    this.head += batch.rows.length;
    this.waitingBytes -= batch.bytes;
    if (this.head > 4096 || this.head === this.waiting.length) {
      this.waiting = this.waiting.slice(this.head);
      this.head = 0;
    }
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
