import { Fixture, faultOf } from './trainer-fixture';

const GOOD = `{ metrics: { logLoss: 0.3 }, params: { pid: process.pid, cuda: process.env.CUDA_VISIBLE_DEVICES }, device: 'cpu', seconds: 1 }`;
/** A worker in JavaScript that speaks the protocol; `body` handles one request `r`. */
const worker = (body: string): string => `
  const answer = (v) => say(v);
  say({ ready: true });
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const r = JSON.parse(line);
    const job = r.job ? JSON.parse(fs.readFileSync(r.job, 'utf8')) : null;
    const write = (v) => fs.writeFileSync(job.output_dir + '/result.json', JSON.stringify(v));
    ${body}
  }).on('close', () => process.exit(0));`;
const WORKS = worker(
  `say({ id: r.id, progress: { progress: 0.5 } }); write(${GOOD}); answer({ id: r.id, result: 'path' });`,
);

let f: Fixture;
beforeEach(() => {
  f = new Fixture();
});
afterEach(() => f.close());

const suggestion = {
  search: { rate: { kind: 'float', low: 0.01, high: 0.3, log: true } },
  seed: 1,
  direction: 'minimize',
  finished: [],
  running: [],
  count: 2,
} as const;

test('2 jobs in a row run in the same process', async () => {
  f.trainer = f.make({ spawn: f.worker(WORKS) });
  const first = await f.run(null);
  const second = await f.run(null);
  expect(second.params['pid']).toBe(first.params['pid']);
  expect(f.progress).toEqual([{ progress: 0.5 }, { progress: 0.5 }]);
});

test('2 jobs at once run in 2 processes', async () => {
  // Each answers only when both have begun.
  const body = `fs.writeFileSync(job.output_dir + '/begun', '');
    const both = () => ['a', 'b'].every((n) => fs.existsSync(job.output_dir + '/../' + n + '/begun'));
    const timer = setInterval(() => { if (both()) { clearInterval(timer); write(${GOOD}); answer({ id: r.id, result: 'path' }); } }, 5);`;
  f.trainer = f.make({ spawn: f.worker(worker(body)) });
  const results = await Promise.all(['a', 'b'].map((n) => f.run(null, { job: { outputDir: `${f.folder}/${n}` } })));
  expect(new Set(results.map((r) => r.params['pid'])).size).toBe(2);
});

test('a job with card 1 does not run in a process that was started without a card', async () => {
  f.trainer = f.make({ spawn: f.worker(WORKS) });
  expect((await f.run(null)).params['cuda']).toBe('');
  expect((await f.run(null, { cudaDevice: '1' })).params['cuda']).toBe('1');
});

test('a failure in a job is RATCHET_TRAINER_FAILED with its message, and the worker goes on', async () => {
  const body = `if (job.seed === 0) answer({ id: r.id, error: { kind: 'failed', message: 'target holds one class' } });
    else { write(${GOOD}); answer({ id: r.id, result: 'path' }); }`;
  f.trainer = f.make({ spawn: f.worker(worker(body)) });
  const before = await f.run(null);
  const fault = await faultOf(f.run(null, { job: { seed: 0 } }));
  expect(fault).toMatchObject({ code: 'RATCHET_TRAINER_FAILED', message: 'target holds one class' });
  expect((await f.run(null)).params['pid']).toBe(before.params['pid']);
});

test('a worker that dies in a job is RATCHET_TRAINER_FAILED, and the next job gets a new one', async () => {
  const body = `if (job.seed === 0) { console.error('out of luck'); process.exitCode = 3; process.stdin.destroy(); return; }
    write(${GOOD}); answer({ id: r.id, result: 'path' });`;
  f.trainer = f.make({ spawn: f.worker(worker(body).replace('process.exit(0)', 'undefined')) });
  const before = await f.run(null);
  const fault = await faultOf(f.run(null, { job: { seed: 0 } }));
  expect(fault).toMatchObject({ code: 'RATCHET_TRAINER_FAILED', details: { exitCode: 3, stderr: ['out of luck'] } });
  expect((await f.run(null)).params['pid']).not.toBe(before.params['pid']);
});

test('a silent worker is RATCHET_TRAINER_HUNG, an aborted one RATCHET_TRAINER_PREEMPTED', async () => {
  f.trainer = f.make({ spawn: f.worker(worker(`say({ id: r.id, progress: { progress: 0.1 } });`)), killGraceMs: 500 });
  expect((await faultOf(f.run(null, { silenceMs: 400 }))).code).toBe('RATCHET_TRAINER_HUNG');
  f.progress.length = 0;
  const running = faultOf(f.run(null));
  while (f.progress.length === 0) await new Promise((resolve) => setImmediate(resolve));
  f.abort.abort();
  expect(await running).toMatchObject({ code: 'RATCHET_TRAINER_PREEMPTED', details: { aborted: true } });
});

test('2 suggestions asked for and 2 given pass', async () => {
  f.trainer = f.make({ spawn: f.worker(worker(`answer({ id: r.id, result: [{ rate: 0.1 }, { rate: 0.2 }] });`)) });
  expect(await f.trainer.suggest(suggestion)).toEqual([{ rate: 0.1 }, { rate: 0.2 }]);
});

test.each([
  ['1 instead of 2', `[{ rate: 0.1 }]`, 'there are 1 suggestions, 2 were asked for'],
  ['an unknown parameter', `[{ rate: 0.1 }, { rat: 0.1 }]`, 'a suggestion has [rat], expected [rate]'],
  ['a null', `[{ rate: 0.1 }, { rate: null }]`, 'suggestions[1].rate is null'],
])('suggestions with %s are RATCHET_TRAINER_OUTPUT', async (_name, value, message) => {
  f.trainer = f.make({ spawn: f.worker(worker(`answer({ id: r.id, result: ${value} });`)) });
  const fault = await faultOf(f.trainer.suggest(suggestion));
  expect(fault).toMatchObject({ code: 'RATCHET_TRAINER_OUTPUT', message: expect.stringContaining(message) });
});

test('a Python that does not exist is RATCHET_TRAINER_FAILED naming it', async () => {
  const fault = await faultOf(f.run(null));
  expect(fault.code).toBe('RATCHET_TRAINER_FAILED');
  expect(fault.message).toContain('python-of-nobody');
});

test('nothing starts after close()', async () => {
  f.trainer = f.make({ spawn: f.worker(WORKS) });
  await f.run(null);
  await f.trainer.close();
  expect((await faultOf(f.run(null))).message).toBe('The trainer was closed before this request.');
});
