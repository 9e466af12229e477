import type { PredictionRecord } from '../../core/ports';

/** Rows that wait for PostgreSQL, first in first out. One consumer: a batch is taken back by the next `peek` until it is acknowledged. */
export interface RowQueue {
  /** Bytes that wait. */
  readonly waitingBytes: number;
  /** Lines that could not be read back, so far. */
  readonly torn: number;
  /** The oldest rows, at most `maxRows`; null: nothing waits. */
  peek(maxRows: number): Promise<RowBatch | null>;
  /** Forgets a batch: it is safe elsewhere. */
  acknowledge(batch: RowBatch): Promise<void>;
  close(): Promise<void>;
}

export interface RowBatch {
  readonly rows: readonly PredictionRecord[];
  readonly bytes: number;
}
