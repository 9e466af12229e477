import { setTimeout as delay } from 'node:timers/promises';
import { RatchetError } from '../../core/errors';
import type { ServingPolicy } from '../../core/policy';
import type { Logger, PredictionLog, PredictionRecord, PredictionSink } from '../../core/ports';
import { Drainer, type DrainerOptions } from './drainer';
import { MemoryQueue } from './memory-queue';
import { encodeRow } from './row-codec';
import type { RowQueue } from './row-queue';
import { SegmentQueue } from './segment-queue';

export interface SegmentPredictionLogOptions {
  /** A folder that nobody else writes to; segments that lie there are drained first. */
  readonly folder: string;
  readonly serving: ServingPolicy;
  readonly sink: PredictionSink;
  readonly logger: Logger;
  /** Bytes a segment file. Default 4 MiB: what a killed gateway may drain a second time. */
  readonly segmentBytes?: number;
  readonly drain?: Partial<DrainerOptions>;
}

const DRAIN: DrainerOptions = { maxRows: 1000, lingerMs: 50, retryMinMs: 100, retryMaxMs: 5000 };
const SEGMENT_BYTES = 4 * 1024 * 1024;

/** Counts since this process started; `drained` includes rows that a former process left. */
export interface PredictionLogStats {
  readonly appended: number;
  readonly drained: number;
  /** Rows answered but not logged: only with policy `shed`, and counted exactly. */
  readonly dropped: number;
  readonly waitingBytes: number;
  /** Lines of former processes that could not be read: never acknowledged, or the machine lost power. */
  readonly torn: number;
  /** Why rows wait; null: they do not. */
  readonly fault: string | null;
}

/**
 * The prediction log of one model (DESIGN §8). `append` resolves
 *  - `os`: when the rows of this event-loop turn are in the page cache, by one write: a killed process loses nothing;
 *  - `durable`: when they are on the disk; rows that arrive during an fdatasync share the next one;
 *  - `memory`: at once.
 * It rejects RATCHET_LOG_FULL when the bound is reached, or the disk refuses, and the policy says refuse.
 */
export class SegmentPredictionLog implements PredictionLog {
  private readonly files: SegmentQueue;
  private readonly memory = new MemoryQueue();
  private readonly drainers: readonly Drainer[];
  private turn: Turn | null = null;
  private serving: ServingPolicy;
  private readonly logger: Logger;
  private appended = 0;
  private dropped = 0;
  private full = false;

  constructor(options: SegmentPredictionLogOptions) {
    this.serving = options.serving;
    this.logger = options.logger;
    this.files = new SegmentQueue(options.folder, options.segmentBytes ?? SEGMENT_BYTES);
    const drain = { ...DRAIN, ...options.drain };
    const drainer = (queue: RowQueue): Drainer => new Drainer(queue, options.sink, options.logger, drain);
    this.drainers = [drainer(this.files), drainer(this.memory)];
    for (const d of this.drainers) d.start();
  }

  /** A changed policy holds from the next row on. */
  reconfigure(serving: ServingPolicy): void {
    this.serving = serving;
  }

  append(rows: readonly PredictionRecord[]): Promise<void> {
    const lines = rows.map(encodeRow);
    const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
    if (this.waitingBytes() + (this.turn?.bytes ?? 0) + bytes > this.serving.maxLogBytes) {
      return this.overflow(rows.length, `${this.waitingBytes()} of ${this.serving.maxLogBytes} bytes wait`);
    }
    this.noteRoom();
    if (this.serving.log === 'memory') {
      rows.forEach((row, i) => this.memory.put(row, Buffer.byteLength(lines[i] ?? '')));
      this.appended += rows.length;
      this.drainers[1]?.wake();
      return Promise.resolve();
    }
    this.turn ??= this.openTurn();
    this.turn.lines.push(...lines);
    this.turn.bytes += bytes;
    return this.turn.done.catch((error: unknown) =>
      this.overflow(rows.length, error instanceof Error ? error.message : String(error)),
    );
  }

  stats(): PredictionLogStats {
    return {
      appended: this.appended,
      drained: this.drainers.reduce((sum, d) => sum + d.drained, 0),
      dropped: this.dropped,
      waitingBytes: this.waitingBytes(),
      torn: this.files.torn,
      fault: this.drainers.find((d) => d.fault !== null)?.fault ?? null,
    };
  }

  async flush(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while ((this.turn !== null || this.waitingBytes() > 0) && performance.now() < deadline) {
      for (const d of this.drainers) d.wake();
      await delay(10);
    }
  }

  async close(): Promise<void> {
    await this.turn?.done.catch(() => undefined);
    await Promise.all(this.drainers.map((d) => d.stop()));
    await this.files.close();
  }

  private waitingBytes(): number {
    return this.files.waitingBytes + this.memory.waitingBytes;
  }

  private openTurn(): Turn {
    const turn: Turn = { lines: [], bytes: 0, done: Promise.resolve() };
    turn.done = new Promise<void>((resolve, reject) => {
      setImmediate(() => {
        this.turn = null;
        try {
          this.files.write(Buffer.from(turn.lines.join('')));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        this.appended += turn.lines.length;
        this.drainers[0]?.wake();
        if (this.serving.log === 'durable') this.files.sync().then(resolve, reject);
        else resolve();
      });
    });
    return turn;
  }

  /** Full, or the disk refuses: the policy says what is worth more, the answer or its record. */
  private overflow(rows: number, why: string): Promise<void> {
    if (!this.full) this.logger.error('prediction log is full', { why, onLogFull: this.serving.onLogFull });
    this.full = true;
    if (this.serving.onLogFull === 'shed') {
      this.dropped += rows;
      return Promise.resolve();
    }
    return Promise.reject(
      new RatchetError('RATCHET_LOG_FULL', `The prediction log takes no more rows: ${why}.`, {
        details: { waitingBytes: this.waitingBytes(), maxLogBytes: this.serving.maxLogBytes },
      }),
    );
  }

  private noteRoom(): void {
    if (!this.full) return;
    this.full = false;
    this.logger.info('prediction log has room again', { dropped: this.dropped });
  }
}

interface Turn {
  readonly lines: string[];
  bytes: number;
  done: Promise<void>;
}
