import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnnxModelRuntime } from '../../adapters/onnx';
import { ProcessTrainer } from '../../adapters/trainer';
import type { FeatureSpec, Task } from '../../core/model';
import { checkParity } from '../../core/parity';
import type { TrainerJob, TrainerResult } from '../../core/ports';
import { faultOf, silent } from '../adapters/trainer/trainer-fixture';

const python = process.env['RATCHET_TEST_PYTHON'] ?? '';
const trainerDir = join(__dirname, '../../trainer');
const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
/** `variable` is a name that converters use inside their graphs; `östlich` and `a,b` are categories. */
const FEATURES: readonly FeatureSpec[] = [
  { name: 'amount', kind: 'number' },
  { name: 'shop', kind: 'string' },
  { name: 'variable', kind: 'number' },
  { name: 'colour', kind: 'string' },
];
const CLASSES: Record<Task, readonly string[]> = {
  binary: ['no', 'yes'],
  multiclass: ['low', 'mid', 'high'],
  regression: [],
};

jest.setTimeout(120_000);

let folder: string;
let trainer: ProcessTrainer;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ratchet-trainer-it-'));
  trainer = new ProcessTrainer({ python, trainerDir, env, logger: silent });
});
afterAll(async () => {
  await trainer.close();
  rmSync(folder, { recursive: true, force: true });
});

const snapshots = new Map<string, { readonly uri: string; readonly digest: string }>();
function snapshot(task: Task, nulls: 'all' | 'none', rows = 3000): { readonly uri: string; readonly digest: string } {
  const name = `${task}-${nulls}-${rows}`;
  const uri = join(folder, `${name}.parquet`);
  const script = join(__dirname, 'trainer-data.py');
  const made = snapshots.get(name) ?? {
    uri,
    digest: execFileSync(python, [script, uri, task, nulls, String(rows)], { encoding: 'utf8' }).trim(),
  };
  snapshots.set(name, made);
  return made;
}

let jobs = 0;
function job(change: Partial<TrainerJob> & { readonly nulls?: 'all' | 'none'; readonly rows?: number }): TrainerJob {
  const { nulls = 'all', rows = 3000, ...rest } = change;
  const task = rest.task ?? 'binary';
  const { uri, digest } = snapshot(task, nulls, rows);
  return {
    kind: 'fit',
    snapshotUri: uri,
    snapshotDigest: digest,
    task,
    features: FEATURES,
    classes: CLASSES[task],
    threshold: 0.5,
    algorithm: 'lightgbm',
    params: rest.algorithm === undefined || rest.algorithm === 'lightgbm' ? { rounds: 60, minChild: 20 } : {},
    seed: 7,
    holdoutClusters: ['day-3', 'day-7'],
    folds: 4,
    goldenRows: 300,
    compareRandomHoldout: false,
    outputDir: join(folder, `out-${++jobs}`),
    ...rest,
  };
}

function run(
  of: TrainerJob,
  by = trainer,
  onProgress: (share: number) => void = () => undefined,
): Promise<TrainerResult> {
  return by.run(of, {
    command: null,
    onProgress: (p) => onProgress(p.progress),
    signal: new AbortController().signal,
    cudaDevice: null,
    silenceMs: 120_000,
  });
}

const present = <T>(value: T | null): T => {
  if (value === null) throw new Error('expected a value');
  return value;
};

describe('the ONNX graph agrees with the native model under onnxruntime-node', () => {
  test.each([
    ['lightgbm', 'binary', 'all'],
    ['lightgbm', 'binary', 'none'],
    ['lightgbm', 'multiclass', 'all'],
    ['lightgbm', 'regression', 'all'],
    ['lightgbm', 'regression', 'none'],
    ['logistic', 'binary', 'all'],
    ['logistic', 'multiclass', 'all'],
    ['linear', 'regression', 'all'],
  ] as const)('%s, %s, nulls in the training data: %s', async (algorithm, task, nulls) => {
    const of = job({ algorithm, task, nulls, threshold: task === 'binary' ? 0.3 : 0.5 });
    const result = await run(of);
    const model = present(result.model);
    const golden = present(result.golden);
    const shops = golden.features.columns['shop'] ?? [];
    expect(shops).toContain('ratchet-unseen-category');
    expect(shops).toContain(null);
    expect(golden.features.columns['amount']).toContain(null);

    const loaded = await new OnnxModelRuntime().load(model.path, model.contract);
    const answers = await loaded.predict(golden.features);
    await loaded.release();
    const parity = checkParity(
      golden.scores,
      answers.map((a) => a.score),
      { scale: task === 'regression' ? 'relative' : 'absolute', ...(task === 'binary' ? { threshold: 0.3 } : {}) },
    );
    expect(parity).toMatchObject({ verdict: 'pass', rows: 300, shareWithin: 1 });
    expect(answers.map((a) => a.label)).toEqual(golden.labels);
    expect(result.holdoutScores).toHaveLength(600);
    expect(result.metrics[task === 'regression' ? 'rmse' : 'logLoss']).toBeGreaterThan(0);
    expect(Object.values(result.importance).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
    expect(result.device).toBe('cpu');
  });

  test('all features numeric: one [N, 2] input', async () => {
    const features = FEATURES.filter((f) => f.kind === 'number');
    for (const algorithm of ['lightgbm', 'logistic'] as const) {
      const result = await run(job({ features, algorithm }));
      const model = present(result.model);
      expect(model.contract.layout).toBe('matrix');
      const loaded = await new OnnxModelRuntime().load(model.path, model.contract);
      const golden = present(result.golden);
      const answers = await loaded.predict(golden.features);
      await loaded.release();
      expect(
        checkParity(
          golden.scores,
          answers.map((a) => a.score),
          { threshold: 0.5 },
        ).verdict,
      ).toBe('pass');
    }
  });

  test('a contract with a renamed feature is refused at load', async () => {
    const model = present((await run(job({ algorithm: 'logistic' }))).model);
    const features = FEATURES.map((f) => (f.name === 'shop' ? { ...f, name: 'store' } : f));
    const fault = await faultOf(new OnnxModelRuntime().load(model.path, { ...model.contract, features }));
    expect(fault.code).toBe('RATCHET_MODEL_CONTRACT');
    expect(fault.message).toContain('there is no input for feature store; input shop is no feature');
  });
});

describe('trials, search, random hold-out', () => {
  test('a trial answers with its cross-validated log-loss, the same twice', async () => {
    const first = await run(job({ kind: 'trial' }));
    const second = await run(job({ kind: 'trial' }));
    expect(first.metrics['logLoss']).toBeGreaterThan(0.2);
    expect(first.metrics['logLoss']).toBeLessThan(0.69);
    expect(second.metrics).toEqual(first.metrics);
    expect([first.model, first.golden, first.holdoutScores]).toEqual([null, null, null]);
  });

  test('a trial of a regression answers with rmse', async () => {
    const result = await run(job({ kind: 'trial', task: 'regression', algorithm: 'linear' }));
    expect(Object.keys(result.metrics).sort()).toEqual(['rmse', 'trainRows']);
  });

  test('suggestions are the same for the same history in 2 processes, and differ for another one', async () => {
    const request = {
      search: {
        learning_rate: { kind: 'float', low: 0.01, high: 0.3, log: true },
        num_leaves: { kind: 'int', low: 7, high: 63 },
        extra_trees: { kind: 'categorical', choices: [true, false] },
      },
      seed: 3,
      direction: 'minimize',
      finished: Array.from({ length: 12 }, (_, i) => ({
        params: { learning_rate: 0.02 + i / 100, num_leaves: 7 + i, extra_trees: i % 2 === 0 },
        value: i === 4 ? null : 0.3 + i / 1000,
      })),
      running: [{ learning_rate: 0.1, num_leaves: 31, extra_trees: true }],
      count: 3,
    } as const;
    const first = await trainer.suggest(request);
    const other = new ProcessTrainer({ python, trainerDir, env, logger: silent });
    try {
      expect(await other.suggest(request)).toEqual(first);
    } finally {
      await other.close();
    }
    expect(first).toHaveLength(3);
    expect(new Set(first.map((p) => JSON.stringify(p))).size).toBe(3);
    expect(await trainer.suggest({ ...request, finished: request.finished.slice(1) })).not.toEqual(first);
  });

  test('the comparison scores 600 random rows by a second fit', async () => {
    const result = await run(job({ compareRandomHoldout: true }));
    const random = present(result.randomHoldout);
    expect(random.rowIndex).toHaveLength(600);
    expect(new Set(random.rowIndex).size).toBe(600);
    expect(result.metrics['randomHoldout.logLoss']).toBeGreaterThan(0);
  });

  test('a score job repeats the hold-out scores of the fit in its folder', async () => {
    const of = job({});
    const fit = await run(of);
    expect((await run({ ...of, kind: 'score' })).holdoutScores).toEqual(fit.holdoutScores);
  });
});

describe('interruption', () => {
  test('a fit stopped by an abort leaves a checkpoint, the retry resumes it and ends with all 1500 rounds', async () => {
    const of = job({ params: { rounds: 1500, minChild: 20, learningRate: 0.005 } });
    const abort = new AbortController();
    const stopped = faultOf(
      trainer.run(of, {
        command: null,
        onProgress: (p) => {
          if (p.message?.startsWith('round ') === true) abort.abort();
        },
        signal: abort.signal,
        cudaDevice: null,
        silenceMs: 120_000,
      }),
    );
    expect(await stopped).toMatchObject({
      code: 'RATCHET_TRAINER_PREEMPTED',
      details: { aborted: true, exitCode: 75 },
    });
    expect(readdirSync(of.outputDir).filter((name) => name.startsWith('checkpoint-'))).toHaveLength(1);
    const messages: string[] = [];
    const result = await trainer.run(of, {
      command: null,
      onProgress: (p) => messages.push(p.message ?? ''),
      signal: new AbortController().signal,
      cudaDevice: null,
      silenceMs: 120_000,
    });
    expect(messages.filter((m) => /^resumed from round [1-9]\d* of 1500$/.test(m))).toHaveLength(1);
    const trees = `import joblib; print(joblib.load('${of.outputDir}/native.joblib')[-1].booster_.num_trees())`;
    expect(
      execFileSync(python, ['-c', trees], { encoding: 'utf8', env: { ...env, PYTHONPATH: trainerDir } }).trim(),
    ).toBe('1500');
    expect(result.metrics['logLoss']).toBeLessThan(0.69);
    expect(readdirSync(of.outputDir).filter((name) => name.startsWith('checkpoint-'))).toHaveLength(0);
  });

  test('the command contract: SIGTERM to the process gives exit code 75', async () => {
    const of = job({ params: { rounds: 100_000, minChild: 20 } });
    const abort = new AbortController();
    const child = trainer.run(of, {
      command: [
        python,
        '-c',
        `import runpy, sys; sys.argv = ['x']; sys.path.insert(0, ${JSON.stringify(trainerDir)}); runpy.run_module('ratchet_trainer', run_name='__main__')`,
      ],
      onProgress: (p) => {
        if (p.message?.startsWith('round ') === true) abort.abort();
      },
      signal: abort.signal,
      cudaDevice: null,
      silenceMs: 120_000,
    });
    expect(await faultOf(child)).toMatchObject({ code: 'RATCHET_TRAINER_PREEMPTED', details: { exitCode: 75 } });
  });
  test('a worker whose owner is gone ends by itself in the middle of a job', async () => {
    const of = job({ params: { rounds: 100_000, minChild: 20 } });
    const file = join(folder, 'orphan.json');
    writeFileSync(file, JSON.stringify(snake(of)));
    const child = spawn(python, ['-m', 'ratchet_trainer', 'worker'], {
      env: { ...env, PYTHONPATH: trainerDir },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const ended = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
    child.stdin.write(`${JSON.stringify({ id: 1, method: 'run', job: file })}\n`);
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('"round ')) child.stdin.end();
    });
    expect(await ended).toBe(75);
  });
});

describe('bad input is RATCHET_TRAINER_FAILED with a message that says what', () => {
  test.each([
    ['a digest that does not match', { snapshotDigest: '0'.repeat(64) }, 'somebody changed the file'],
    ['a snapshot that is not there', { snapshotUri: '/nowhere/x.parquet' }, 'cannot be read'],
    ['a column that is not there', { features: [{ name: 'gone', kind: 'number' }] }, "lacks the columns ['gone']"],
    ['text in a number column', { features: [{ name: 'shop', kind: 'number' }] }, 'column shop is string'],
    ['a class that nobody named', { classes: ['no', 'maybe'] }, "target holds ['yes']"],
    [
      'every cluster held out',
      { holdoutClusters: Array.from({ length: 10 }, (_, i) => `day-${i}`) },
      'nothing is left',
    ],
    ['an unknown parameter', { params: { depthh: 3 } }, 'unknown parameter depthh'],
    ['logistic for a regression', { algorithm: 'logistic', task: 'regression', classes: [] }, 'use linear'],
  ] as const)('%s', async (_name, change, message) => {
    const fault = await faultOf(run(job(change)));
    expect(fault.code).toBe('RATCHET_TRAINER_FAILED');
    expect(fault.message).toContain(message);
  });
});

const snake = (of: TrainerJob): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(of).map(([key, value]) => [key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), value]),
  );
