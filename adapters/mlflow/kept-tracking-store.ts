import { isRatchetError } from '../../core/errors';
import type { EpochMs } from '../../core/model';
import type { Logger, RunData, RunDraft, TrackingStore } from '../../core/ports';
import { draftOfKeptRunId, keptRunId } from './kept-run-id';
import { WriteJournal } from './write-journal';

type RunEnd = 'FINISHED' | 'FAILED' | 'KILLED';

/** One write, as it lies on disk. */
type Entry =
  | { readonly op: 'ensureRun'; readonly draft: RunDraft }
  | { readonly op: 'logRun'; readonly runId: string; readonly data: RunData }
  | {
      readonly op: 'logArtifact';
      readonly runId: string;
      readonly path: string;
      readonly base64: string;
      readonly contentType?: string;
    }
  | { readonly op: 'endRun'; readonly runId: string; readonly status: RunEnd; readonly endTime: EpochMs };

export interface KeptTrackingOptions {
  /** Where writes wait. Processes may share it: each takes a sub-folder and adopts those of dead ones. */
  readonly folder: string;
  readonly logger: Logger;
  /** Real time, epoch milliseconds. */
  readonly now: () => EpochMs;
  /** Least time between two tries while MLflow is away, milliseconds. Default 5 000. */
  readonly retryEveryMs?: number;
  /** Bytes that may wait; later writes are dropped, counted and logged. Default 256 MiB. */
  readonly maxBytes?: number;
}

/** Replayed: taken by MLflow. Rejected: refused for good, now in rejected.jsonl. Waiting: still on disk. */
export interface FlushResult {
  readonly replayed: number;
  readonly rejected: number;
  readonly waiting: number;
}

/**
 * A TrackingStore whose writes never stop a rollout. While MLflow is away (or refuses our credentials) writes are kept in
 * order on disk and replayed when it is back; since every write of the inner store is idempotent, a replay that was cut
 * short starts over. A run that could not be made gets a provisional id that holds its draft (kept-run-id.ts), good in any
 * process. What MLflow refuses for good goes to rejected.jsonl and is logged. No method rejects because of MLflow.
 *
 * Give the inner store a transport of few attempts and a short timeout: the first write of an outage waits for it.
 */
export class KeptTrackingStore implements TrackingStore {
  private readonly journal: WriteJournal<Entry>;
  private readonly retryEveryMs: number;
  private readonly maxBytes: number;
  private awaySince: EpochMs | null = null;
  private lastTry: EpochMs = 0;
  private droppedCount = 0;
  private timer: NodeJS.Timeout | null = null;
  private closed = false;
  /** Serialises everything: order is part of the promise. */
  private tail: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly inner: TrackingStore,
    private readonly options: KeptTrackingOptions,
  ) {
    this.journal = new WriteJournal<Entry>(options.folder);
    this.retryEveryMs = options.retryEveryMs ?? 5_000;
    this.maxBytes = options.maxBytes ?? 256 * 1024 * 1024;
  }

  ensureRun(draft: RunDraft): Promise<{ readonly runId: string; readonly experimentId: string; readonly url: string }> {
    return this.inTurn(async () => {
      const made = await this.attempt({ op: 'ensureRun', draft }, async () =>
        this.inner.ensureRun(await this.real(draft)),
      );
      return made ?? { runId: keptRunId(draft), experimentId: '', url: '' };
    });
  }

  async logRun(runId: string, data: RunData): Promise<void> {
    await this.write({ op: 'logRun', runId, data });
  }

  async logArtifact(runId: string, path: string, body: Uint8Array | string, contentType?: string): Promise<void> {
    const base64 = Buffer.from(body as Uint8Array).toString('base64');
    await this.write({ op: 'logArtifact', runId, path, base64, ...(contentType === undefined ? {} : { contentType }) });
  }

  async endRun(runId: string, status: RunEnd, endTime: EpochMs): Promise<void> {
    await this.write({ op: 'endRun', runId, status, endTime });
  }

  /** Replays what waits, now. Call it once at the start, for what an earlier process left. */
  flush(): Promise<FlushResult> {
    return this.inTurn(() => this.replay());
  }

  stats(): { readonly awaySince: EpochMs | null; readonly dropped: number } {
    return { awaySince: this.awaySince, dropped: this.droppedCount };
  }

  /** Stops the timer; what waits stays on disk for the next start. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    await this.tail;
  }

  private async write(entry: Exclude<Entry, { op: 'ensureRun' }>): Promise<void> {
    await this.inTurn(() => this.attempt(entry, () => this.apply(entry)));
  }

  /** Tries the write when nothing waits before it, else queues it. undefined: it was kept, rejected or dropped. */
  private async attempt<T>(entry: Entry, act: () => Promise<T>): Promise<T | undefined> {
    if ((await this.journal.bytes()) > 0) {
      const due = this.options.now() - this.lastTry >= this.retryEveryMs;
      if (!due || (await this.replay()).waiting > 0) {
        await this.keep(entry);
        return undefined;
      }
    }
    try {
      const result = await act();
      this.awaySince = null;
      return result;
    } catch (error) {
      if (!isMlflowFault(error)) throw error;
      if (isRefusal(error)) await this.reject(entry, error);
      else await this.keep(entry, error);
      return undefined;
    }
  }

  private async replay(): Promise<FlushResult> {
    this.lastTry = this.options.now();
    const entries = await this.journal.read();
    let done = 0;
    let rejected = 0;
    try {
      for (const entry of entries) {
        try {
          await this.apply(entry);
        } catch (error) {
          if (!isMlflowFault(error) || !isRefusal(error)) throw error;
          await this.reject(entry, error);
          rejected++;
        }
        done++;
      }
      this.awaySince = null;
    } catch (error) {
      if (!isMlflowFault(error)) throw error;
      this.awaySince ??= this.lastTry;
    } finally {
      if (done > 0) await this.journal.replace(entries.slice(done));
    }
    const waiting = entries.length - done;
    if (entries.length > 0 && waiting === 0) {
      this.options.logger.info('MLflow is back: kept tracking writes were replayed', {
        replayed: done - rejected,
        rejected,
      });
    }
    if (waiting > 0) this.arm();
    return { replayed: done - rejected, rejected, waiting };
  }

  private async apply(entry: Entry): Promise<void> {
    switch (entry.op) {
      case 'ensureRun':
        await this.inner.ensureRun(await this.real(entry.draft));
        return;
      case 'logRun':
        return this.inner.logRun(await this.realId(entry.runId), entry.data);
      case 'logArtifact': {
        const body = new Uint8Array(Buffer.from(entry.base64, 'base64'));
        return this.inner.logArtifact(await this.realId(entry.runId), entry.path, body, entry.contentType);
      }
      case 'endRun':
        return this.inner.endRun(await this.realId(entry.runId), entry.status, entry.endTime);
    }
  }

  private async realId(runId: string): Promise<string> {
    const draft = draftOfKeptRunId(runId);
    return draft === null ? runId : (await this.inner.ensureRun(await this.real(draft))).runId;
  }

  private async real(draft: RunDraft): Promise<RunDraft> {
    if (draft.parentRunId === undefined) return draft;
    return { ...draft, parentRunId: await this.realId(draft.parentRunId) };
  }

  private async keep(entry: Entry, error?: Error): Promise<void> {
    if (this.awaySince === null) {
      this.awaySince = this.lastTry = this.options.now();
      this.options.logger.warn('MLflow is away: tracking writes are kept and replayed later', {
        folder: this.options.folder,
        ...(error === undefined ? {} : { error: error.message }),
      });
    }
    if ((await this.journal.bytes()) >= this.maxBytes) {
      this.droppedCount++;
      this.options.logger.error('kept tracking writes reached their bound: a write was dropped', {
        op: entry.op,
        maxBytes: this.maxBytes,
        dropped: this.droppedCount,
      });
      return;
    }
    await this.journal.append(entry);
    this.arm();
  }

  private async reject(entry: Entry, error: Error): Promise<void> {
    this.options.logger.error('MLflow refuses a tracking write for good: see rejected.jsonl', {
      op: entry.op,
      folder: this.options.folder,
      error: error.message,
    });
    await this.journal.reject(entry, error.message);
  }

  /** One timer while something waits; it does not keep the process alive. */
  private arm(): void {
    if (this.closed || this.timer !== null) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.flush().catch((error: unknown) => {
        this.options.logger.error('kept tracking writes cannot be replayed', { error: String(error) });
      });
    }, this.retryEveryMs);
    this.timer.unref();
  }

  private inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.tail.then(act);
    this.tail = turn.catch(() => undefined);
    return turn;
  }
}

const isMlflowFault = (error: unknown): error is Error =>
  isRatchetError(error) && error.code.startsWith('RATCHET_MLFLOW_');

/** A 4xx about the write itself: it would be refused again. 401 and 403 are about us, and somebody can mend them. */
const isRefusal = (error: Error): boolean => isRatchetError(error) && error.code === 'RATCHET_MLFLOW_REQUEST';
