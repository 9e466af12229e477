import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import type { FloatArray } from '../../core/drift/exact';
import { RatchetError } from '../../core/errors';
import type { ColumnAnswer, ColumnTask, NumberedTask, ThreadMessage } from './column-task';
import { startWorker } from './start-worker';

export interface ColumnThreadsOptions {
  /** Default: as many as the process may use cores. */
  readonly threads?: number;
  /** Starts a thread; tests pass broken ones. */
  readonly start?: () => Worker;
}

interface Job {
  readonly task: NumberedTask;
  readonly resolve: (answer: ColumnAnswer) => void;
  readonly reject: (error: RatchetError) => void;
}

/**
 * Threads that compare columns, one pair a task, each thread one at a time. Threads are started when work needs them, and
 * {@link close} ends them. A thread that dies fails the task it had; the next task gets a new thread.
 */
export class ColumnThreads {
  private readonly limit: number;
  private readonly start: () => Worker;
  private readonly idle: Worker[] = [];
  private readonly busy = new Map<Worker, Job>();
  private readonly waiting: Job[] = [];
  private lastId = 0;
  private closed = false;

  constructor(options: ColumnThreadsOptions = {}) {
    this.limit = Math.max(1, options.threads ?? availableParallelism());
    this.start = options.start ?? startWorker;
  }

  /**
   * Columns that are not in shared memory are copied there, each when its task is handed over (at most two a thread at a time
   * beside the caller's own).
   *
   * @throws RATCHET_THREAD_FAILED when the thread dies or the pool is closed before the answer.
   */
  compare(task: ColumnTask): Promise<ColumnAnswer> {
    return new Promise((resolve, reject) => {
      if (this.closed) {
        reject(failed('the threads are closed'));
        return;
      }
      this.waiting.push({ task: { ...task, id: ++this.lastId }, resolve, reject });
      this.handOut();
    });
  }

  /** Ends the threads. Tasks without an answer fail. */
  async close(): Promise<void> {
    this.closed = true;
    const threads = [...this.idle, ...this.busy.keys()];
    const open = [...this.busy.values(), ...this.waiting.splice(0)];
    this.idle.length = 0;
    this.busy.clear();
    for (const job of open) job.reject(failed('the threads were closed before the answer'));
    await Promise.all(threads.map((thread) => thread.terminate()));
  }

  private handOut(): void {
    while (this.waiting.length > 0) {
      const thread = this.idle.pop() ?? this.another();
      if (thread === null) return;
      const job = this.waiting.shift()!;
      this.busy.set(thread, job);
      const { reference, current } = job.task;
      thread.postMessage({ ...job.task, reference: inSharedMemory(reference), current: inSharedMemory(current) });
    }
  }

  private another(): Worker | null {
    if (this.busy.size >= this.limit) return null;
    const thread = this.start();
    // Work that waits keeps the process alive by its promise's owner, not by idle threads.
    thread.on('message', (message: ThreadMessage) => this.onMessage(thread, message));
    thread.on('error', (error) => this.onEnd(thread, error.message, error));
    thread.on('exit', (code) => this.onEnd(thread, `exit code ${code}`));
    return thread;
  }

  private onMessage(thread: Worker, message: ThreadMessage): void {
    const job = this.busy.get(thread);
    if (job === undefined || job.task.id !== message.id) return;
    this.busy.delete(thread);
    this.idle.push(thread);
    if ('answer' in message) job.resolve(message.answer);
    else job.reject(failed(`the comparison failed: ${message.failure}`));
    this.handOut();
  }

  private onEnd(thread: Worker, why: string, cause?: unknown): void {
    const at = this.idle.indexOf(thread);
    if (at >= 0) this.idle.splice(at, 1);
    const job = this.busy.get(thread);
    if (job === undefined) return;
    this.busy.delete(thread);
    job.reject(failed(`a thread ended before its answer (${why})`, cause));
    this.handOut();
  }
}

const failed = (message: string, cause?: unknown): RatchetError =>
  new RatchetError('RATCHET_THREAD_FAILED', message, cause === undefined ? {} : { cause });

/** The column itself when threads can see it already. */
function inSharedMemory(column: FloatArray): FloatArray {
  if (column.buffer instanceof SharedArrayBuffer) return column;
  const shared = new SharedArrayBuffer(column.byteLength);
  const copy = column instanceof Float32Array ? new Float32Array(shared) : new Float64Array(shared);
  copy.set(column);
  return copy;
}
