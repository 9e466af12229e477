import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RatchetError } from '../../core/errors';
import { groupHasMark, isGroupAlive, MARK_VARIABLE, processStarted } from './process-identity';

const POLL_MS = 20;
const LOG_TAIL_LINES = 15;

/** How to start one server. */
export interface ServerCommand {
  /** Short and fit for a file name: `temporal`. Names the log and the pid file. */
  readonly name: string;
  readonly dataDir: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Run as this user and group (only root may). */
  readonly uid?: number;
  readonly gid?: number;
  /** The polite way to end it. Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  /** After this long (ms) a polite stop becomes a SIGKILL. Default 10 s. */
  readonly stopGraceMs?: number;
}

interface PidRecord {
  readonly pid: number;
  readonly started: string;
  readonly mark: string;
  readonly ownerPid: number;
  readonly ownerStarted: string;
}

const running = new Set<ServerProcess>();
let exitHookInstalled = false;

/**
 * One server as a child in a process group of its own, with its log in `<dataDir>/logs/<name>.log` and a pid file by
 * which the next run finds it, should this process be killed. When this process exits by itself, so do its servers.
 */
export class ServerProcess {
  readonly logFile: string;
  private readonly pidFile: string;
  private child: ChildProcess | undefined;
  private logStart = 0;
  private failure: string | undefined;

  constructor(private readonly spec: ServerCommand) {
    mkdirSync(join(spec.dataDir, 'logs'), { recursive: true });
    mkdirSync(join(spec.dataDir, 'run'), { recursive: true });
    this.logFile = join(spec.dataDir, 'logs', `${spec.name}.log`);
    this.pidFile = join(spec.dataDir, 'run', `${spec.name}.json`);
  }

  /** The process id, also the id of its group. @throws RATCHET_SETUP before the first start. */
  get pid(): number {
    const pid = this.child?.pid;
    if (pid === undefined) throw this.fault('was not started');
    return pid;
  }

  get isRunning(): boolean {
    return this.child?.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /**
   * Ends what a killed run left, then starts the server; does not wait until it is ready ({@link awaitReady}).
   * @throws RATCHET_SETUP when another run that is alive owns a server in this folder, or the program cannot run.
   */
  async start(): Promise<void> {
    await this.stopLeftover();
    const log = openSync(this.logFile, 'a');
    this.logStart = statSync(this.logFile).size;
    this.failure = undefined;
    const { command, args, cwd, uid, gid } = this.spec;
    const mark = randomUUID();
    try {
      const child = spawn(command, [...args], {
        detached: true,
        stdio: ['ignore', log, log],
        env: { ...process.env, ...this.spec.env, [MARK_VARIABLE]: mark },
        ...(cwd === undefined ? {} : { cwd }),
        ...(uid === undefined ? {} : { uid }),
        ...(gid === undefined ? {} : { gid }),
      });
      this.child = child;
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', reject);
      });
      child.once('exit', (code, signal) => {
        this.failure = signal === null ? `ended with exit code ${String(code)}` : `was ended by ${signal}`;
      });
      child.unref();
    } catch (error) {
      this.child = undefined;
      throw new RatchetError('RATCHET_SETUP', `${this.spec.name} cannot be started: ${String(error)}`, {
        hint: `Check that ${command} exists and may be executed; run the set-up again to repair it.`,
        cause: error,
      });
    } finally {
      closeSync(log);
    }
    running.add(this);
    installExitHook();
    this.writePidFile(mark);
  }

  /**
   * Waits until `isReady` is true, asking every 20 to 200 ms; an `isReady` that rejects counts as "not yet".
   * @throws RATCHET_SETUP with the end of the log when the server ends, or is not ready within `timeoutMs`.
   */
  async awaitReady(isReady: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (let wait = POLL_MS; ; wait = Math.min(200, wait * 1.5)) {
      if (!this.isRunning) throw this.fault(this.failure ?? 'is not running');
      if (await isReady().catch(() => false)) return;
      if (performance.now() > deadline) throw this.fault(`was not ready within ${Math.round(timeoutMs / 1000)} s`);
      await delay(wait);
    }
  }

  /** Ends the server and all its children; returns when none is left. Harmless when it is not running. */
  async stop(): Promise<void> {
    await this.end(this.spec.stopSignal ?? 'SIGTERM', this.spec.stopGraceMs ?? 10_000);
  }

  /** SIGKILL to the server and all its children, as a crash would; returns when none is left. */
  async kill9(): Promise<void> {
    await this.end('SIGKILL', 5_000);
  }

  /** A fault of this server, with where its log is and how that ends. */
  fault(what: string): RatchetError {
    const tail = this.logTail();
    return new RatchetError('RATCHET_SETUP', `${this.spec.name} ${what}; log: ${this.logFile}${tail && `\n${tail}`}`, {
      hint: `Read ${this.logFile}.`,
      details: { server: this.spec.name, log: this.logFile },
    });
  }

  /** What the server wrote since its last start (the last lines). */
  logTail(): string {
    try {
      const text = readFileSync(this.logFile).subarray(this.logStart).toString('utf8').trimEnd();
      return text.split('\n').slice(-LOG_TAIL_LINES).join('\n');
    } catch {
      return '';
    }
  }

  /** @internal The net: signals the group at once, without waiting. */
  abandon(): void {
    if (this.child?.pid === undefined) return;
    signalGroup(this.child.pid, this.spec.stopSignal ?? 'SIGTERM');
  }

  private async end(signal: NodeJS.Signals, graceMs: number): Promise<void> {
    const pid = this.child?.pid;
    if (pid === undefined) return;
    await endGroup(pid, signal, graceMs);
    // the system may know of the end before this process has been told
    while (this.isRunning) await delay(POLL_MS);
    running.delete(this);
    rmSync(this.pidFile, { force: true });
  }

  private writePidFile(mark: string): void {
    const record: PidRecord = {
      pid: this.pid,
      started: processStarted(this.pid) ?? '',
      mark,
      ownerPid: process.pid,
      ownerStarted: processStarted(process.pid) ?? '',
    };
    writeFileSync(`${this.pidFile}.new`, JSON.stringify(record));
    renameSync(`${this.pidFile}.new`, this.pidFile);
  }

  /**
   * Ends what a killed run left in this data folder. Part of {@link start}.
   * @throws RATCHET_SETUP when that run is alive.
   */
  async stopLeftover(): Promise<void> {
    const record = readPidRecord(this.pidFile);
    if (record === undefined) return;
    const isAlive = processStarted(record.pid) === record.started || groupHasMark(record.pid, record.mark);
    if (isAlive) {
      if (record.ownerPid !== process.pid && processStarted(record.ownerPid) === record.ownerStarted) {
        throw new RatchetError(
          'RATCHET_SETUP',
          `another run (process ${record.ownerPid}) uses ${this.spec.dataDir}: its ${this.spec.name} is process ${record.pid}`,
          { hint: 'Stop that run first, or give this one another data folder.' },
        );
      }
      await endGroup(record.pid, this.spec.stopSignal ?? 'SIGTERM', this.spec.stopGraceMs ?? 10_000);
    }
    rmSync(this.pidFile, { force: true });
  }
}

/** Ends a process group, politely first; returns when no process of it is left. */
export async function endGroup(pgid: number, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  if (!isGroupAlive(pgid)) return;
  signalGroup(pgid, signal);
  const deadline = performance.now() + graceMs;
  let isKilled = signal === 'SIGKILL';
  while (isGroupAlive(pgid)) {
    if (!isKilled && performance.now() > deadline) {
      signalGroup(pgid, 'SIGKILL');
      isKilled = true;
    }
    await delay(POLL_MS);
  }
}

function signalGroup(pgid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pgid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function readPidRecord(file: string): PidRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as Partial<PidRecord>;
    return typeof record.pid === 'number' && record.pid > 1 ? (record as PidRecord) : undefined;
  } catch {
    return undefined; // none, or half-written by a machine that lost power: nothing to find by it
  }
}

/** A process that ends without stopping its servers (an uncaught error) must not leave them behind. */
function installExitHook(): void {
  if (exitHookInstalled) return;
  exitHookInstalled = true;
  process.on('exit', () => {
    for (const server of running) server.abandon();
  });
}
