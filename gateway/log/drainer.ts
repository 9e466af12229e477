import { setTimeout as delay } from 'node:timers/promises';
import type { Logger, PredictionSink } from '../../core/ports';
import type { RowQueue } from './row-queue';

export interface DrainerOptions {
  readonly maxRows: number;
  /** Rows that trickle in wait this long, so that they travel together. */
  readonly lingerMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
}

/**
 * Moves rows from a queue to the sink, one batch at a time, for ever. A batch is acknowledged only after the sink took it,
 * so a batch whose reply was lost is written twice: readers de-duplicate by id and arm.
 */
export class Drainer {
  drained = 0;
  /** Message of the sink's last refusal, null when the last batch went through. */
  fault: string | null = null;
  private stopped = false;
  private running: Promise<void> | null = null;
  private readonly wakeups = new Bell();

  constructor(
    private readonly queue: RowQueue,
    private readonly sink: PredictionSink,
    private readonly logger: Logger,
    private readonly options: DrainerOptions,
  ) {}

  start(): void {
    this.running ??= this.run();
  }

  /** Something waits: ends the idle sleep, never the pause after a refusal. */
  wake(): void {
    this.wakeups.ring();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wakeups.close();
    await this.running;
  }

  private async run(): Promise<void> {
    let retryMs = this.options.retryMinMs;
    while (!this.stopped) {
      try {
        const moved = await this.moveOne();
        retryMs = this.options.retryMinMs;
        if (moved === null) await this.wakeups.wait();
        // After a batch that was not full too: steady traffic would else be one small COPY after the other.
        if (!this.stopped && (moved ?? 0) < this.options.maxRows) await this.pause(this.options.lingerMs);
      } catch (error) {
        this.note(error, retryMs);
        await this.pause(retryMs);
        retryMs = Math.min(retryMs * 2, this.options.retryMaxMs);
      }
    }
  }

  /** Rows moved; null: nothing waits. */
  private async moveOne(): Promise<number | null> {
    const batch = await this.queue.peek(this.options.maxRows);
    if (batch === null) return null;
    if (batch.rows.length > 0) await this.sink.write(batch.rows);
    await this.queue.acknowledge(batch);
    this.drained += batch.rows.length;
    if (this.fault !== null) this.logger.info('prediction log drains again', { drained: this.drained });
    this.fault = null;
    return batch.rows.length;
  }

  private note(error: unknown, retryMs: number): void {
    const message = error instanceof Error ? error.message : String(error);
    // once a spell, not once a retry
    if (this.fault === null) {
      this.logger.warn('prediction log cannot be drained; rows wait', {
        error: message,
        waitingBytes: this.queue.waitingBytes,
        retryMs,
      });
    }
    this.fault = message;
  }

  private async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.wakeups.closed, ref: false }).catch(() => undefined);
  }
}

/** A bell with one listener: a ring while nobody waits is remembered. */
class Bell {
  private readonly controller = new AbortController();
  readonly closed = this.controller.signal;
  private rung = false;
  private listener: (() => void) | null = null;

  ring(): void {
    this.rung = true;
    this.listener?.();
  }

  close(): void {
    this.controller.abort();
    this.ring();
  }

  async wait(): Promise<void> {
    if (!this.rung) {
      await new Promise<void>((resolve) => {
        this.listener = resolve;
      });
      this.listener = null;
    }
    this.rung = false;
  }
}
