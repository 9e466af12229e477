import { spawn as nodeSpawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import type { DomainClassification, DomainClassifier, DomainJob } from '../../core/drift/multivariate';
import { RatchetError } from '../../core/errors';
import type { Logger, Trainer, TrainerJob, TrainerResult, TrialParams } from '../../core/ports';
import { endedBadly } from './endings';
import { domainJobDocument, jobDocument } from './job-file';
import { parseProgressLine } from './progress-line';
import { ProcessGroup, type Spawn } from './process-group';
import { readDomainResult, readResult } from './result-file';
import { readSuggestions } from './suggestions';
import { WarmWorker, type WorkerAnswer } from './warm-worker';
import { Watch } from './watch';

export interface ProcessTrainerOptions {
  /** The Python of the trainer's environment, for the built-in trainer. */
  readonly python: string;
  /** The folder that holds the package `ratchet_trainer`. */
  readonly trainerDir: string;
  /** Environment of the children; CUDA_VISIBLE_DEVICES, OMP_WAIT_POLICY, RATCHET_JOB and PYTHONPATH are added. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  /** Default: node:child_process. */
  readonly spawn?: Spawn;
  /** From SIGTERM to SIGKILL. Default 20 s, the time the contract gives for a checkpoint. */
  readonly killGraceMs?: number;
  /** Idle warm workers that are kept for the next job. Default 2. */
  readonly idleWorkers?: number;
}

type RunOptions = Parameters<Trainer['run']>[1];

const KILL_GRACE_MS = 20_000;
const IDLE_WORKERS = 2;
/** A suggestion takes milliseconds, the first one of a process the import of Optuna. */
const SUGGEST_SILENCE_MS = 120_000;

/**
 * {@link Trainer} by child processes: a custom command is one process a job (docs/reference/trainer.md), the built-in
 * trainer runs in warm workers, one a job at a time, started on demand and replaced when they die.
 */
export class ProcessTrainer implements Trainer, DomainClassifier {
  private readonly spawn: Spawn;
  private readonly killGraceMs: number;
  private idle: WarmWorker[] = [];
  private readonly all = new Set<WarmWorker>();
  private closed = false;

  constructor(private readonly options: ProcessTrainerOptions) {
    this.spawn = options.spawn ?? nodeSpawn;
    this.killGraceMs = options.killGraceMs ?? KILL_GRACE_MS;
  }

  /** The same folder may be used again after RATCHET_TRAINER_PREEMPTED or _HUNG: a checkpoint in it is resumed. */
  async run(job: TrainerJob, options: RunOptions): Promise<TrainerResult> {
    const outputDir = resolve(job.outputDir);
    const jobFile = await writeJob(outputDir, jobDocument({ ...job, outputDir }));
    if (options.command === null) await this.runBuiltIn(jobFile, options);
    else await this.runCommand(options.command, jobFile, options);
    return readResult({ ...job, outputDir });
  }

  /** Always the built-in trainer: a custom command knows one model's training, not this. */
  async classifyDomain(
    job: DomainJob,
    options: Parameters<DomainClassifier['classifyDomain']>[1],
  ): Promise<DomainClassification> {
    const outputDir = resolve(job.outputDir);
    const jobFile = await writeJob(outputDir, domainJobDocument({ ...job, outputDir }));
    await this.runBuiltIn(jobFile, { ...options, command: null });
    return readDomainResult({ ...job, outputDir });
  }

  async suggest(request: Parameters<Trainer['suggest']>[0]): Promise<readonly TrialParams[]> {
    const worker = this.acquire(null);
    const watch = new Watch(new AbortController().signal, SUGGEST_SILENCE_MS, () => this.end(worker));
    const answer = await worker.request({ method: 'suggest', request });
    watch.done();
    this.giveBack(worker, answer);
    if (answer.kind !== 'result') throw endedBadly(answer, watch.cause, worker.group.stderrTail(), SUGGEST_SILENCE_MS);
    return readSuggestions(answer.value, request.search, request.count);
  }

  /** Ends every worker. A job that still runs is stopped as by an abort. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.all].map((worker) => worker.close(this.killGraceMs)));
    this.idle = [];
  }

  private async runCommand(command: readonly string[], jobFile: string, options: RunOptions): Promise<void> {
    if (command.length === 0) {
      throw new RatchetError('RATCHET_TRAINER_FAILED', 'The trainer command is empty.', {
        hint: 'Name a program in training.command of the policy.',
      });
    }
    refuseAborted(options.signal);
    const env = { ...this.environment(options.cudaDevice), RATCHET_JOB: jobFile };
    const onLine = (line: string): void => {
      const progress = parseProgressLine(line);
      if (progress === null) return this.options.logger.debug('trainer output', { line: line.slice(0, 200) });
      watch.sign();
      options.onProgress(progress);
    };
    const group = new ProcessGroup(this.spawn, command, env, onLine, 'ignore');
    const watch = new Watch(options.signal, options.silenceMs, () => void group.terminate(this.killGraceMs));
    const exit = await group.exited;
    watch.done();
    if (exit.code === 0 && watch.cause === null) return;
    throw endedBadly({ kind: 'exit', exit }, watch.cause, group.stderrTail(), options.silenceMs);
  }

  private async runBuiltIn(jobFile: string, options: RunOptions): Promise<void> {
    refuseAborted(options.signal);
    const worker = this.acquire(options.cudaDevice);
    const watch = new Watch(options.signal, options.silenceMs, () => this.end(worker));
    const answer = await worker.request({ method: 'run', job: jobFile }, (progress) => {
      watch.sign();
      options.onProgress(progress);
    });
    watch.done();
    // A process that was told to end may still hold the folder: the next attempt must find it gone.
    if (watch.cause !== null) await worker.group.exited;
    this.giveBack(worker, answer);
    if (answer.kind === 'result' && watch.cause === null) return;
    throw endedBadly(answer, watch.cause, worker.group.stderrTail(), options.silenceMs);
  }

  private acquire(cudaDevice: string | null): WarmWorker {
    if (this.closed) throw new RatchetError('RATCHET_TRAINER_FAILED', 'The trainer was closed before this request.');
    this.idle = this.idle.filter((worker) => worker.alive);
    const found = this.idle.findIndex((worker) => worker.cudaDevice === cudaDevice);
    const [warm] = found === -1 ? [] : this.idle.splice(found, 1);
    if (warm !== undefined) return warm;
    const command = [this.options.python, '-m', 'ratchet_trainer', 'worker'];
    const worker = new WarmWorker(this.spawn, command, this.environment(cudaDevice), cudaDevice);
    this.all.add(worker);
    void worker.group.exited.then(() => this.all.delete(worker));
    return worker;
  }

  private giveBack(worker: WarmWorker, answer: WorkerAnswer): void {
    // After an unexpected exception (out of memory, a broken library state) a fresh process is safer.
    const sound = worker.alive && !(answer.kind === 'error' && answer.internal);
    if (sound && !this.closed && this.idle.length < (this.options.idleWorkers ?? IDLE_WORKERS)) this.idle.push(worker);
    else this.end(worker);
  }

  private end(worker: WarmWorker): void {
    void worker.group.terminate(this.killGraceMs);
  }

  private environment(cudaDevice: string | null): NodeJS.ProcessEnv {
    const { env, trainerDir } = this.options;
    const paths = [resolve(trainerDir), env['PYTHONPATH']].filter((path) => path !== undefined && path !== '');
    return {
      ...env,
      PYTHONPATH: paths.join(delimiter),
      PYTHONUNBUFFERED: '1',
      PYTHONIOENCODING: 'utf-8',
      // OpenMP's spinning collapses on busy cores (stack.md §2).
      OMP_WAIT_POLICY: 'passive',
      // Empty hides every card: who has not leased one must not use one.
      CUDA_VISIBLE_DEVICES: cudaDevice ?? '',
    };
  }
}

async function writeJob(outputDir: string, document: Readonly<Record<string, unknown>>): Promise<string> {
  const jobFile = join(outputDir, 'job.json');
  await mkdir(outputDir, { recursive: true });
  // A result of an earlier attempt must not pass for one of this attempt.
  await rm(join(outputDir, 'result.json'), { force: true });
  await writeFile(jobFile, JSON.stringify(document, null, 2));
  return jobFile;
}

function refuseAborted(signal: AbortSignal): void {
  if (signal.aborted) {
    throw new RatchetError('RATCHET_TRAINER_PREEMPTED', 'The training was cancelled before it started.', {
      details: { aborted: true },
    });
  }
}
