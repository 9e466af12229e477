/** The worker and the gateway as processes of their own, as in production: the demo kills one of them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

export interface ReadyLine {
  readonly ready: true;
  readonly pid: number;
  readonly url?: string;
}

export class NodeProcess {
  private child: ChildProcess | null = null;

  constructor(
    private readonly name: string,
    private readonly script: string,
    private readonly env: NodeJS.ProcessEnv,
    private readonly logFile: string,
  ) {}

  /** Resolves with its first JSON line on stdout: it is ready. */
  async start(): Promise<ReadyLine> {
    const child = spawn(process.execPath, [this.script], { env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    const log = createWriteStream(this.logFile, { flags: 'a' });
    child.stderr.pipe(log, { end: false });
    const lines = createInterface({ input: child.stdout });
    return new Promise<ReadyLine>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) =>
        reject(
          new Error(
            `the ${this.name} ended before it was ready (${signal ?? `exit ${String(code)}`}); its log: ${this.logFile}`,
          ),
        ),
      );
      lines.on('line', (line) => {
        log.write(`${line}\n`);
        if (line.startsWith('{"ready":true')) resolve(JSON.parse(line) as ReadyLine);
      });
    });
  }

  /** SIGKILL, as a crash or the kernel would. */
  async kill9(): Promise<void> {
    await this.end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), 40_000);
    await ended;
    clearTimeout(late);
  }
}
