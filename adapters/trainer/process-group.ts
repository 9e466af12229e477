import type { ChildProcess, spawn as nodeSpawn } from 'node:child_process';
import { LineBuffer } from './line-buffer';

export type Spawn = typeof nodeSpawn;

/** Lines of stderr that an error carries. */
const TAIL_LINES = 40;
/** Characters of one such line. */
const TAIL_WIDTH = 500;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Set when the process could not be started at all. */
  readonly startError: Error | null;
}

/**
 * A child process in a process group of its own, so that whatever it starts ends with it. stdout is given line by line,
 * the end of stderr is kept for the error message.
 */
export class ProcessGroup {
  /** Resolves when the process has ended and its output was read; never rejects. */
  readonly exited: Promise<Exit>;
  private readonly child: ChildProcess;
  private tail: string[] = [];
  private ended = false;
  private killTimer: NodeJS.Timeout | null = null;

  constructor(
    spawn: Spawn,
    command: readonly string[],
    env: NodeJS.ProcessEnv,
    private readonly onLine: (line: string) => void,
    stdin: 'pipe' | 'ignore',
  ) {
    const [program, ...args] = command;
    this.child = spawn(program ?? '', args, { env, detached: true, stdio: [stdin, 'pipe', 'pipe'] });
    // A write to a process that just died must not become an unhandled error: its exit says it all.
    this.child.stdin?.on('error', () => undefined);
    const out = new LineBuffer((line) => this.onLine(line));
    const err = new LineBuffer((line) => this.remember(line));
    this.child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    this.child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
    this.exited = new Promise((resolve) => {
      const finish = (exit: Exit): void => {
        if (this.ended) return;
        this.ended = true;
        if (this.killTimer !== null) clearTimeout(this.killTimer);
        out.end();
        err.end();
        resolve(exit);
      };
      this.child.on('error', (startError) => {
        if (this.child.pid === undefined) finish({ code: null, signal: null, startError });
      });
      // Grandchildren would hold the pipes open, and 'close' would never come.
      this.child.on('exit', () => this.signalGroup('SIGKILL'));
      this.child.on('close', (code, signal) => finish({ code, signal, startError: null }));
    });
  }

  get alive(): boolean {
    return !this.ended && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Writes a line to stdin. */
  send(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  closeInput(): void {
    this.child.stdin?.end();
  }

  /** SIGTERM to the whole group, SIGKILL after `graceMs`. Calling it again changes nothing. */
  terminate(graceMs: number): Promise<Exit> {
    if (!this.ended && this.killTimer === null) {
      this.signalGroup('SIGTERM');
      this.killTimer = setTimeout(() => this.signalGroup('SIGKILL'), graceMs);
    }
    return this.exited;
  }

  /** The last lines of stderr since the last {@link forgetStderr}, oldest first. */
  stderrTail(): readonly string[] {
    return [...this.tail];
  }

  forgetStderr(): void {
    this.tail = [];
  }

  private remember(line: string): void {
    this.tail.push(line.slice(0, TAIL_WIDTH));
    if (this.tail.length > TAIL_LINES) this.tail.shift();
  }

  private signalGroup(signal: NodeJS.Signals): void {
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch {
      // ESRCH: nobody is left in the group.
    }
  }
}
