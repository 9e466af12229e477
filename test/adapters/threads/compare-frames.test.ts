import { EventEmitter } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ColumnThreads, compareColumnsInThreads, type ExactTest } from '../../../adapters/threads';
import { startWorker } from '../../../adapters/threads/start-worker';
import type { Frame, FrameColumn, NumberColumn } from '../../../core/frame';
import { ksTwoSample } from '../../../core/drift/ks';

const TESTS = ['ks', 'psi', 'wasserstein', 'cvm'] as const;

function column(rows: number, shift: number, shared = false): NumberColumn {
  const buffer = shared ? new SharedArrayBuffer(rows * 4) : new ArrayBuffer(rows * 4);
  const values = new Float32Array(buffer);
  for (let i = 0; i < rows; i++) values[i] = ((i * 0.6180339887498949) % 1) + shift;
  return { kind: 'number', values, integer: false };
}

const frame = (columns: Readonly<Record<string, FrameColumn>>, rows: number): Frame => ({
  rows,
  columns: new Map(Object.entries(columns)),
});

const reference = frame(
  {
    a: column(30_000, 0),
    b: column(30_000, 0, true),
    s: { kind: 'string', codes: new Int32Array(30_000), categories: ['x'] },
  },
  30_000,
);
const current = frame({ b: column(25_000, 0.1), a: column(25_000, 0, true), extra: column(25_000, 0) }, 25_000);

describe('comparing frames in threads', () => {
  test('two threads answer exactly what the calling thread answers, for each test, and leave the columns as they were', async () => {
    const before = (reference.columns.get('a') as NumberColumn).values.slice();
    const inline = await compareColumnsInThreads(reference, current, TESTS, { inlineBelow: Infinity });
    const threads = await compareColumnsInThreads(reference, current, TESTS, { inlineBelow: 0, threads: 2 });
    expect(threads).toEqual(inline);
    expect(threads.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(threads[1]?.results.map(({ method }) => method)).toEqual([...TESTS]);
    expect(threads[1]?.results[0]?.statistic).toBeCloseTo(0.1, 3);
    const [x, y] = [reference, current].map((side) => (side.columns.get('b') as NumberColumn).values);
    expect(threads[1]?.results[0]).toMatchObject({ statistic: ksTwoSample(x!, y!).statistic, note: 'asymptotic' });
    expect((reference.columns.get('a') as NumberColumn).values).toEqual(before);
  });

  test('a pool that is handed in stays open: 20 comparisons one after the other use its 2 threads', async () => {
    let started = 0;
    const pool = new ColumnThreads({
      threads: 2,
      start: () => {
        started++;
        return startWorker();
      },
    });
    try {
      for (let i = 0; i < 10; i++) {
        const answers = await compareColumnsInThreads(reference, current, ['ks'], { pool, inlineBelow: 0 });
        expect(answers).toHaveLength(2);
      }
      expect(started).toBe(2);
    } finally {
      await pool.close();
    }
  });

  test('a side without a finite value gives nulls with a reason, not NaN', async () => {
    const empty = frame({ a: { kind: 'number', values: new Float64Array(30_000).fill(NaN), integer: false } }, 30_000);
    const [answer] = await compareColumnsInThreads(reference, empty, TESTS);
    expect(answer?.current).toEqual({ rows: 0, missing: 30_000, infinite: 0 });
    expect(answer?.results).toEqual(
      TESTS.map((method) => ({ method, statistic: null, pValue: null, note: 'no finite values on a side' })),
    );
  });

  test.each([[[]], [['median' as ExactTest]]])('tests %j are refused', async (tests) => {
    await expect(compareColumnsInThreads(reference, current, tests)).rejects.toMatchObject({
      code: 'RATCHET_INPUT_INVALID',
    });
  });

  test('0 bins are refused', async () => {
    await expect(compareColumnsInThreads(reference, current, ['psi'], { bins: 0 })).rejects.toMatchObject({
      code: 'RATCHET_INPUT_INVALID',
    });
  });
});

describe('a thread that fails', () => {
  const task = { reference: new Float32Array(10), current: new Float32Array(10), tests: ['ks'] as const, bins: 10 };
  const from = (code: string) => (): Worker => new Worker(code, { eval: true });

  test.each([
    ['exits', 'require("node:worker_threads").parentPort.on("message", () => process.exit(3))', /exit code 3/],
    ['throws', 'require("node:worker_threads").parentPort.on("message", () => { throw new Error("boom") })', /boom/],
    ['never starts', 'throw new Error("no such module")', /no such module/],
  ])('and %s fails its tasks with RATCHET_THREAD_FAILED instead of hanging', async (_how, code, message) => {
    const pool = new ColumnThreads({ threads: 1, start: from(code) });
    const outcomes = await Promise.allSettled([pool.compare(task), pool.compare(task)]);
    await pool.close();
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'RATCHET_THREAD_FAILED' } });
      expect(String((outcome as PromiseRejectedResult).reason)).toMatch(message);
    }
  });

  test('the task after a dead thread gets a new one', async () => {
    const starts = [from('process.exit(1)'), startWorker];
    const pool = new ColumnThreads({ threads: 1, start: () => starts.shift()!() });
    await expect(pool.compare(task)).rejects.toMatchObject({ code: 'RATCHET_THREAD_FAILED' });
    await expect(pool.compare(task)).resolves.toMatchObject({ reference: { rows: 10 } });
    await pool.close();
  });

  test('closing fails the tasks without an answer, those that wait and later ones', async () => {
    const silent = Object.assign(new EventEmitter(), { postMessage: () => undefined, terminate: async () => 0 });
    const pool = new ColumnThreads({ threads: 1, start: () => silent as unknown as Worker });
    const open = [pool.compare(task), pool.compare(task)].map((answer) => answer.catch((error: unknown) => error));
    await pool.close();
    for (const error of await Promise.all(open)) expect(error).toMatchObject({ code: 'RATCHET_THREAD_FAILED' });
    await expect(pool.compare(task)).rejects.toMatchObject({ code: 'RATCHET_THREAD_FAILED' });
  });
});
