import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Spawn } from '../../../adapters/trainer/process-group';
import { ProcessTrainer } from '../../../adapters/trainer';
import type { RatchetError } from '../../../core/errors';
import type { Logger, TrainerJob, TrainerProgress } from '../../../core/ports';

export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A trainer in one file of JavaScript, run as a custom command. */
export class Fixture {
  readonly folder = mkdtempSync(join(tmpdir(), 'ratchet-trainer-'));
  readonly progress: TrainerProgress[] = [];
  readonly abort = new AbortController();
  trainer = this.make();

  make(options: { readonly killGraceMs?: number; readonly spawn?: Spawn } = {}): ProcessTrainer {
    return new ProcessTrainer({
      python: 'python-of-nobody',
      trainerDir: this.folder,
      env: { PATH: process.env['PATH'] },
      logger: silent,
      ...options,
    });
  }

  script(source: string): readonly string[] {
    const path = join(this.folder, 'trainer.cjs');
    const prelude = `
      const fs = require('node:fs');
      const job = process.env.RATCHET_JOB ? JSON.parse(fs.readFileSync(process.env.RATCHET_JOB, 'utf8')) : null;
      const say = (line) => process.stdout.write(JSON.stringify(line) + '\\n');
      const result = (value) => fs.writeFileSync(job.output_dir + '/result.json', typeof value === 'string' ? value : JSON.stringify(value));
    `;
    writeFileSync(path, prelude + source);
    return [process.execPath, path];
  }

  /** A spawn that runs `source` in place of Python's warm worker. */
  worker(source: string): Spawn {
    const [program, script] = this.script(source);
    return ((_command: string, _args: readonly string[], options: object) =>
      spawn(program ?? '', [script ?? ''], options)) as unknown as Spawn;
  }

  job(change: Partial<TrainerJob> = {}): TrainerJob {
    return { ...TRIAL, outputDir: join(this.folder, 'out'), ...change };
  }

  run(
    command: readonly string[] | null,
    change: { readonly job?: Partial<TrainerJob>; readonly silenceMs?: number; readonly cudaDevice?: string } = {},
  ): Promise<Awaited<ReturnType<ProcessTrainer['run']>>> {
    return this.trainer.run(this.job(change.job), {
      command,
      onProgress: (p) => this.progress.push(p),
      signal: this.abort.signal,
      cudaDevice: change.cudaDevice ?? null,
      silenceMs: change.silenceMs ?? 60_000,
    });
  }

  async close(): Promise<void> {
    await this.trainer.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The fault a promise ends with; fails the test when it ends well. */
export async function faultOf(promise: Promise<unknown>): Promise<RatchetError> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('value' in outcome) throw new Error(`expected a fault, got ${JSON.stringify(outcome.value)}`);
  return outcome.error as RatchetError;
}

const TRIAL: TrainerJob = {
  kind: 'trial',
  snapshotUri: '/nowhere.parquet',
  snapshotDigest: 'a'.repeat(64),
  task: 'binary',
  features: [
    { name: 'amountPaid', kind: 'number' },
    { name: 'colour', kind: 'string' },
  ],
  classes: ['no', 'yes'],
  threshold: 0.5,
  algorithm: 'lightgbm',
  params: { learningRate: 0.05 },
  seed: 7,
  holdoutClusters: [],
  folds: 3,
  goldenRows: 2,
  compareRandomHoldout: false,
  outputDir: '',
};
