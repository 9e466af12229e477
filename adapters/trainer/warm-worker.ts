import { parseProgress } from './progress-line';
import { ProcessGroup, type Exit, type Spawn } from './process-group';
import type { TrainerProgress } from '../../core/ports';

/** How a request to a worker ended. */
export type WorkerAnswer =
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'error'; readonly message: string; readonly internal: boolean }
  | { readonly kind: 'exit'; readonly exit: Exit };

/**
 * One warm Python process: it has paid for its imports, takes one request at a time as a JSON line and answers in JSON
 * lines (trainer/ratchet_trainer/worker.py).
 */
export class WarmWorker {
  readonly group: ProcessGroup;
  private nextId = 1;
  private pending: {
    readonly id: number;
    readonly onProgress: (p: TrainerProgress) => void;
    readonly resolve: (answer: WorkerAnswer) => void;
  } | null = null;

  constructor(
    spawn: Spawn,
    command: readonly string[],
    env: NodeJS.ProcessEnv,
    /** Which card it was started with; part of its environment, so it cannot change. */
    readonly cudaDevice: string | null,
  ) {
    this.group = new ProcessGroup(spawn, command, env, (line) => this.onLine(line), 'pipe');
    void this.group.exited.then((exit) => this.finish({ kind: 'exit', exit }));
  }

  get alive(): boolean {
    return this.group.alive;
  }

  /** Never rejects: the answer says how it went. */
  request(
    body: Readonly<Record<string, unknown>>,
    onProgress: (p: TrainerProgress) => void = () => undefined,
  ): Promise<WorkerAnswer> {
    this.group.forgetStderr();
    const id = this.nextId++;
    return new Promise((resolve) => {
      this.pending = { id, onProgress, resolve };
      if (this.alive) this.group.send(JSON.stringify({ id, ...body }));
      else void this.group.exited.then((exit) => this.finish({ kind: 'exit', exit }));
    });
  }

  /** Ends it: an idle worker leaves by itself when its input closes. */
  async close(graceMs: number): Promise<void> {
    this.group.closeInput();
    const timer = setTimeout(() => void this.group.terminate(graceMs), graceMs);
    await this.group.exited;
    clearTimeout(timer);
  }

  private onLine(line: string): void {
    let message: Record<string, unknown>;
    try {
      message = JSON.parse(line) as Record<string, unknown>;
    } catch {
      return;
    }
    // Lines of an earlier request, and the greeting, concern nobody.
    if (this.pending === null || message === null || message['id'] !== this.pending.id) return;
    if ('progress' in message) {
      const progress = parseProgress(message['progress']);
      if (progress !== null) this.pending.onProgress(progress);
    } else if ('error' in message) {
      const error = (message['error'] ?? {}) as { message?: unknown; kind?: unknown };
      this.finish({ kind: 'error', message: String(error.message), internal: error.kind !== 'failed' });
    } else if ('result' in message) {
      this.finish({ kind: 'result', value: message['result'] });
    }
  }

  private finish(answer: WorkerAnswer): void {
    const pending = this.pending;
    this.pending = null;
    pending?.resolve(answer);
  }
}
