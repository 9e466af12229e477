import { existsSync, readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Fixture, faultOf } from './trainer-fixture';

const GOOD = `{ metrics: { logLoss: 0.3 }, params: { rounds: 5 }, versions: { python: '3.11' }, importance: {}, device: 'cpu', seconds: 1.5 }`;

let f: Fixture;
beforeEach(() => {
  f = new Fixture();
});
afterEach(() => f.close());

describe('a custom trainer that keeps the contract', () => {
  test('gets the job in snake_case, its parameter and feature names untouched', async () => {
    await f.run(f.script(`fs.writeFileSync(job.output_dir + '/seen.json', JSON.stringify(job)); result(${GOOD});`));
    const seen = JSON.parse(readFileSync(join(f.folder, 'out', 'seen.json'), 'utf8'));
    expect(seen).toMatchObject({
      kind: 'trial',
      snapshot_uri: '/nowhere.parquet',
      holdout_clusters: [],
      compare_random_holdout: false,
      params: { learningRate: 0.05 },
      features: [
        { name: 'amountPaid', kind: 'number' },
        { name: 'colour', kind: 'string' },
      ],
    });
  });

  test('answers with the result in camelCase and 2 progress lines, other output is passed over', async () => {
    const result = await f.run(
      f.script(`say({ progress: 0.5, metric: 0.4, checkpoint: 'c' }); console.log('hello'); console.log('{"progress": 7}');
        say({ progress: 1, message: 'done' }); result(${GOOD});`),
    );
    expect(result).toEqual({
      metrics: { logLoss: 0.3 },
      params: { rounds: 5 },
      versions: { python: '3.11' },
      importance: {},
      model: null,
      golden: null,
      holdoutScores: null,
      randomHoldout: null,
      device: 'cpu',
      seconds: 1.5,
    });
    expect(f.progress).toEqual([
      { progress: 0.5, metric: 0.4, checkpoint: 'c' },
      { progress: 1, message: 'done' },
    ]);
  });

  test.each([
    ['card 3', '3', '3'],
    ['no card', undefined, ''],
  ])('with %s sees CUDA_VISIBLE_DEVICES accordingly, and OMP_WAIT_POLICY=passive', async (_name, card, expected) => {
    const command = f.script(
      `result({ ...${GOOD}, params: { cuda: process.env.CUDA_VISIBLE_DEVICES, omp: process.env.OMP_WAIT_POLICY } });`,
    );
    const result = await f.run(command, card === undefined ? {} : { cudaDevice: card });
    expect(result.params).toEqual({ cuda: expected, omp: 'passive' });
  });
});

describe('a trainer that ends badly', () => {
  test('exit 1 is RATCHET_TRAINER_FAILED with the last 40 lines of stderr', async () => {
    const fault = await faultOf(
      f.run(f.script(`for (let i = 0; i < 60; i++) console.error('line ' + i); process.exitCode = 1;`)),
    );
    expect(fault).toMatchObject({ code: 'RATCHET_TRAINER_FAILED', retryable: false });
    expect(fault.message).toBe('The trainer ended with exit code 1: line 59');
    expect(fault.details['stderr']).toHaveLength(40);
    expect(fault.details).toMatchObject({ exitCode: 1 });
  });

  test('exit 75 is RATCHET_TRAINER_PREEMPTED, retryable', async () => {
    const fault = await faultOf(f.run(f.script(`process.exit(75);`)));
    expect(fault).toMatchObject({ code: 'RATCHET_TRAINER_PREEMPTED', retryable: true, details: { exitCode: 75 } });
  });

  test('a SIGKILL from outside is RATCHET_TRAINER_PREEMPTED, a SIGSEGV is RATCHET_TRAINER_FAILED', async () => {
    const killed = await faultOf(f.run(f.script(`process.kill(process.pid, 'SIGKILL');`)));
    expect(killed).toMatchObject({ code: 'RATCHET_TRAINER_PREEMPTED', details: { signal: 'SIGKILL' } });
    const crashed = await faultOf(f.run(f.script(`process.kill(process.pid, 'SIGSEGV');`)));
    expect(crashed).toMatchObject({ code: 'RATCHET_TRAINER_FAILED', details: { signal: 'SIGSEGV' } });
  });

  test('a program that does not exist is RATCHET_TRAINER_FAILED naming it', async () => {
    const fault = await faultOf(f.run(['no-such-program-of-ours']));
    expect(fault.code).toBe('RATCHET_TRAINER_FAILED');
    expect(fault.message).toContain('no-such-program-of-ours');
  });

  test('an empty command is RATCHET_TRAINER_FAILED', async () => {
    expect((await faultOf(f.run([]))).code).toBe('RATCHET_TRAINER_FAILED');
  });

  test('one that hangs is RATCHET_TRAINER_HUNG and its process is gone', async () => {
    f.trainer = f.make({ killGraceMs: 100 });
    const command =
      f.script(`process.on('SIGTERM', () => undefined); fs.writeFileSync(job.output_dir + '/pid', String(process.pid));
      console.log('I live, but say nothing of progress'); setInterval(() => undefined, 1000);`);
    const fault = await faultOf(f.run(command, { silenceMs: 500 }));
    expect(fault).toMatchObject({ code: 'RATCHET_TRAINER_HUNG', retryable: true, details: { signal: 'SIGKILL' } });
    expect(alive(readFileSync(join(f.folder, 'out', 'pid'), 'utf8'))).toBe(false);
  });
});

describe('an aborted trainer', () => {
  const WAITS = `say({ progress: 0.1 }); setInterval(() => undefined, 1000);`;

  test('gets SIGTERM, may write its checkpoint, and is RATCHET_TRAINER_PREEMPTED', async () => {
    const command = f.script(
      `process.on('SIGTERM', () => { fs.writeFileSync(job.output_dir + '/checkpoint', 'half'); process.exit(75); }); ${WAITS}`,
    );
    const running = faultOf(f.run(command));
    await until(() => f.progress.length > 0);
    f.abort.abort();
    const fault = await running;
    expect(fault).toMatchObject({ code: 'RATCHET_TRAINER_PREEMPTED', details: { aborted: true, exitCode: 75 } });
    expect(readFileSync(join(f.folder, 'out', 'checkpoint'), 'utf8')).toBe('half');
  });

  test('gets SIGKILL when it ignores SIGTERM', async () => {
    f.trainer = f.make({ killGraceMs: 100 });
    const running = faultOf(f.run(f.script(`process.on('SIGTERM', () => undefined); ${WAITS}`)));
    await until(() => f.progress.length > 0);
    f.abort.abort();
    expect(await running).toMatchObject({ code: 'RATCHET_TRAINER_PREEMPTED', details: { signal: 'SIGKILL' } });
  });

  test('takes the 1 process that it started with it', async () => {
    const command =
      f.script(`const c = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(()=>0,1000)']);
      fs.writeFileSync(job.output_dir + '/pid', String(c.pid)); ${WAITS}`);
    const running = faultOf(f.run(command));
    await until(() => f.progress.length > 0);
    f.abort.abort();
    await running;
    const pid = readFileSync(join(f.folder, 'out', 'pid'), 'utf8');
    await until(() => !alive(pid));
    expect(alive(pid)).toBe(false);
  });

  test('does not even start when the signal came before', async () => {
    f.abort.abort();
    const fault = await faultOf(f.run(f.script(`fs.writeFileSync(job.output_dir + '/started', '');`)));
    expect(fault).toMatchObject({ code: 'RATCHET_TRAINER_PREEMPTED', details: { aborted: true } });
    expect(existsSync(join(f.folder, 'out', 'started'))).toBe(false);
  });
});

describe('a trainer that ends well with a bad result is RATCHET_TRAINER_OUTPUT', () => {
  test('garbage on stdout and no result.json', async () => {
    const fault = await faultOf(f.run(f.script(`process.stdout.write(Buffer.alloc(3e6, 200)); console.log('%%%');`)));
    expect(fault).toMatchObject({ code: 'RATCHET_TRAINER_OUTPUT', retryable: false });
    expect(fault.message).toContain('result.json cannot be read');
  });

  test('the result.json of an earlier attempt does not count', async () => {
    await f.run(f.script(`result(${GOOD});`));
    expect((await faultOf(f.run(f.script(`say({ progress: 1 });`)))).code).toBe('RATCHET_TRAINER_OUTPUT');
  });

  test.each([
    ['no JSON', `'{"metrics": NaN}'`, 'result.json cannot be read'],
    ['a list', `[]`, 'result is [], expected an object'],
    ['no metric', `{ ...${GOOD}, metrics: {} }`, 'result.metrics.logLoss is absent, expected a finite number'],
    ['a text metric', `{ ...${GOOD}, metrics: { logLoss: '0.3' } }`, 'result.metrics.logLoss is "0.3"'],
    ['a null metric', `{ ...${GOOD}, metrics: { logLoss: null } }`, 'result.metrics.logLoss is null'],
    ['an odd device', `{ ...${GOOD}, device: 'tpu' }`, 'result.device is "tpu", expected one of cpu, gpu'],
    ['no seconds', `{ ...${GOOD}, seconds: undefined }`, 'result.seconds is absent'],
  ])('%s', async (_name, value, message) => {
    const fault = await faultOf(f.run(f.script(`result(${value});`)));
    expect(fault.code).toBe('RATCHET_TRAINER_OUTPUT');
    expect(fault.message).toContain(message);
  });

  const SHA = createHash('sha256').update('onnx').digest('hex');
  const CONTRACT = `{ task: 'binary', features: job.features, layout: 'columns', classes: ['no', 'yes'], threshold: 0.5 }`;
  const GOLDEN = `{ features: { rows: 2, columns: { amountPaid: [1, null], colour: ['red', null] } }, scores: [0.1, 0.9], labels: ['no', 'yes'] }`;
  const FIT = `fs.writeFileSync(job.output_dir + '/model.onnx', 'onnx');
    const good = { ...${GOOD}, model: { path: 'model.onnx', sha256: '${SHA}', contract: ${CONTRACT} }, golden: ${GOLDEN}, holdout_scores: [0.2] };`;
  const fit = { job: { kind: 'fit', holdoutClusters: ['d1'] } } as const;

  test('while a complete fit passes, with the model path made absolute', async () => {
    const result = await f.run(f.script(`${FIT} result(good);`), fit);
    expect(result.model?.path).toBe(join(f.folder, 'out', 'model.onnx'));
    expect(result.golden?.features.columns).toEqual({ amountPaid: [1, null], colour: ['red', null] });
    expect(result.holdoutScores).toEqual([0.2]);
  });

  test.each([
    ['without a model', `{ ...good, model: null }`, 'result.model is missing'],
    ['without golden rows', `{ ...good, golden: null }`, 'result.golden is missing'],
    ['without hold-out scores', `{ ...good, holdout_scores: [] }`, 'result.holdout_scores is missing'],
    ['with a model file that changed', `{ ...good, model: { ...good.model, sha256: '0'.repeat(64) } }`, 'has SHA-256'],
    ['with an absent model file', `{ ...good, model: { ...good.model, path: 'gone.onnx' } }`, 'ENOENT'],
    [
      'with another contract',
      `{ ...good, model: { ...good.model, contract: { ...good.model.contract, classes: ['yes', 'no'] } } }`,
      'the job asked for',
    ],
    ['with a golden score too few', `{ ...good, golden: { ...good.golden, scores: [0.1] } }`, 'its lists have 1, 2'],
    [
      'with text in a number column',
      `{ ...good, golden: { ...good.golden, features: { rows: 2, columns: { amountPaid: ['1', null], colour: ['a', 'b'] } } } }`,
      'result.golden.features.columns.amountPaid[0] is "1"',
    ],
  ])('a fit %s', async (_name, value, message) => {
    const fault = await faultOf(f.run(f.script(`${FIT} result(${value});`), fit));
    expect(fault.code).toBe('RATCHET_TRAINER_OUTPUT');
    expect(fault.message).toContain(message);
  });
});

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};

function alive(pid: string): boolean {
  try {
    process.kill(Number(pid), 0);
    // A killed child of a killed parent may wait for init to collect it.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z');
  } catch {
    return false;
  }
}
