import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxModelRuntime } from '../../../adapters/onnx';
import { isRatchetError, type RatchetError } from '../../../core/errors';
import type { FeatureColumns, FeatureSpec, FeatureValue, ModelContract } from '../../../core/model';
import type { LoadedModel } from '../../../core/ports';

const graph = (name: string): string => join(__dirname, 'graphs', `${name}.onnx`);
const number = (name: string): FeatureSpec => ({ name, kind: 'number' });
const BINARY: ModelContract = {
  task: 'binary',
  features: [number('amount')],
  layout: 'columns',
  classes: ['no', 'yes'],
  threshold: 0.5,
};
const MIXED: ModelContract = { ...BINARY, features: [number('amount'), { name: 'colour', kind: 'string' }] };
const MATRIX: ModelContract = {
  task: 'regression',
  features: [number('a'), number('b')],
  layout: 'matrix',
  classes: [],
  threshold: 0.5,
};
const MULTI: ModelContract = {
  task: 'multiclass',
  features: [number('x'), number('y'), number('z')],
  layout: 'columns',
  classes: ['low', 'mid', 'high'],
  threshold: 0.5,
};

const runtime = new OnnxModelRuntime();
const open: LoadedModel[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((model) => model.release()));
});
async function load(name: string, contract: ModelContract): Promise<LoadedModel> {
  const model = await runtime.load(graph(name), contract);
  open.push(model);
  return model;
}
const rows = (columns: Readonly<Record<string, readonly FeatureValue[]>>): FeatureColumns => ({
  rows: Object.values(columns)[0]?.length ?? 0,
  columns,
});
async function faultOf(promise: Promise<unknown>): Promise<RatchetError> {
  const seen: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (!isRatchetError(seen)) throw new Error(`expected a RatchetError, got ${String(seen)}`);
  return seen;
}

describe('predict', () => {
  test('binary: the label follows the threshold of the contract, 0.5 is positive at 0.5', async () => {
    const model = await load('probability-amount', BINARY);
    expect(await model.predict(rows({ amount: [0.25, 0.5, 0.75] }))).toEqual([
      { score: 0.25, label: 'no', probabilities: null },
      { score: 0.5, label: 'yes', probabilities: null },
      { score: 0.75, label: 'yes', probabilities: null },
    ]);
    const strict = await load('probability-amount', { ...BINARY, threshold: 0.75 });
    expect((await strict.predict(rows({ amount: [0.5, 0.75] }))).map((a) => a.label)).toEqual(['no', 'yes']);
  });

  test('a missing number arrives as NaN, a missing string as ""', async () => {
    const model = await load('binary-columns', MIXED);
    const answers = await model.predict(rows({ amount: [0.5, null, 0.5, null], colour: ['red', 'red', null, null] }));
    expect(answers.map((a) => a.score)).toEqual([0.5, 1, 0.75, 1.25]);
  });

  test('matrix: 3 rows of 2 features, regression has no label', async () => {
    const model = await load('regression-matrix', MATRIX);
    expect(await model.predict(rows({ b: [10, 20, 30], a: [1, 2, 3] }))).toEqual([
      { score: 11, label: null, probabilities: null },
      { score: 22, label: null, probabilities: null },
      { score: 33, label: null, probabilities: null },
    ]);
  });

  test('multiclass: the largest of 3 probabilities, all in class order', async () => {
    const model = await load('multiclass-columns', MULTI);
    expect(await model.predict(rows({ x: [0.25, 0.5], y: [0.5, 0.25], z: [0.25, 0.25] }))).toEqual([
      { score: 0.5, label: 'mid', probabilities: [0.25, 0.5, 0.25] },
      { score: 0.5, label: 'low', probabilities: [0.5, 0.25, 0.25] },
    ]);
  });

  test('a file of bytes loads like a path, and 0 rows give 0 answers', async () => {
    const model = await runtime.load(new Uint8Array(readFileSync(graph('probability-amount'))), BINARY);
    open.push(model);
    expect(await model.predict(rows({ amount: [] }))).toEqual([]);
    expect(await model.predict(rows({ amount: [0.5] }))).toHaveLength(1);
  });
});

describe('predict refuses', () => {
  test.each([
    ['an absent column', { colour: ['red'] }, 'RATCHET_FEATURE_COUNT', 'Feature amount is not among'],
    ['a column too short', { amount: [1, 2], colour: ['red'] }, 'RATCHET_FEATURE_COUNT', 'Feature colour has 1 values'],
    ['text in a number column', { amount: ['7'], colour: ['red'] }, 'RATCHET_FEATURE_TYPE', 'of row 0 is "7"'],
    ['NaN', { amount: [Number.NaN], colour: ['red'] }, 'RATCHET_FEATURE_TYPE', 'of row 0 is NaN'],
    ['infinity', { amount: [Infinity], colour: ['red'] }, 'RATCHET_FEATURE_TYPE', 'of row 0 is Infinity'],
    [
      'a number in a string column',
      { amount: [1], colour: [7] },
      'RATCHET_FEATURE_TYPE',
      'Feature colour of row 0 is 7',
    ],
  ])('%s', async (_name, columns, code, message) => {
    const model = await load('binary-columns', MIXED);
    const fault = await faultOf(model.predict(rows(columns)));
    expect(fault.code).toBe(code);
    expect(fault.message).toContain(message);
  });

  test('to answer NaN: RATCHET_INFERENCE_FAILED with the row', async () => {
    const model = await load('probability-amount', BINARY);
    const fault = await faultOf(model.predict(rows({ amount: [0.5, null] })));
    expect(fault).toMatchObject({ code: 'RATCHET_INFERENCE_FAILED', details: { row: 1 } });
  });

  test('a graph that answers 1 row for 2', async () => {
    const model = await load('first-row-only', BINARY);
    const fault = await faultOf(model.predict(rows({ amount: [0.5, 0.5] })));
    expect(fault.code).toBe('RATCHET_INFERENCE_FAILED');
    expect(fault.message).toContain('expected 2 floats');
  });

  test('after release, which may be called twice', async () => {
    const model = await load('probability-amount', BINARY);
    await model.release();
    await model.release();
    expect((await faultOf(model.predict(rows({ amount: [0.5] })))).code).toBe('RATCHET_INFERENCE_FAILED');
  });
});

describe('load refuses', () => {
  test.each([
    ['a double input', 'double-input', BINARY, 'input amount: float64[N] must be a float32 tensor'],
    ['a [N, 1] input', 'rank-two-input', BINARY, 'must have rank 1'],
    ['a [N, 1] output', 'rank-two-output', BINARY, 'output probability: float32[N,1] must have rank 1'],
    ['an integer output', 'int-output', BINARY, 'output probability: int64[N] must be a float tensor'],
    ['a ZipMap output', 'zipmap-output', BINARY, 'output probability is no tensor'],
    ['no probability', 'no-output', BINARY, 'there is no output probability'],
    ['no prediction', 'probability-amount', { ...BINARY, task: 'regression', classes: [] }, 'no output prediction'],
    ['an absent feature', 'probability-amount', MIXED, 'there is no input for feature colour'],
    ['an input that is no feature', 'binary-columns', BINARY, 'input colour is no feature'],
    ['a class too many', 'multiclass-columns', { ...MULTI, classes: ['a', 'b', 'c', 'd'] }, 'no output probability_3'],
    [
      '3 classes in a binary contract',
      'probability-amount',
      { ...BINARY, classes: ['a', 'b', 'c'] },
      'names 2 classes',
    ],
    ['a column too many', 'regression-matrix', { ...MATRIX, features: [number('a')] }, 'must have 1 columns'],
    ['columns for a matrix', 'binary-columns', { ...MIXED, layout: 'matrix' }, 'takes numbers only'],
  ] as const)('%s', async (_name, file, contract, message) => {
    const fault = await faultOf(runtime.load(graph(file), contract));
    expect(fault.code).toBe('RATCHET_MODEL_CONTRACT');
    expect(fault.message).toContain(message);
  });

  test.each([
    ['bytes that are no ONNX', Buffer.from('no model')],
    ['no bytes', new Uint8Array(0)],
    ['a path that does not exist', '/nowhere/model.onnx'],
  ])('%s: RATCHET_MODEL_LOAD_FAILED', async (_name, file) => {
    expect((await faultOf(runtime.load(file, BINARY))).code).toBe('RATCHET_MODEL_LOAD_FAILED');
  });

  test('without the peer: RATCHET_PEER_MISSING with the install command', async () => {
    await jest.isolateModulesAsync(async () => {
      jest.doMock('onnxruntime-node', () => {
        throw Object.assign(new Error("Cannot find module 'onnxruntime-node'"), { code: 'MODULE_NOT_FOUND' });
      });
      const { OnnxModelRuntime: Isolated } =
        jest.requireActual<typeof import('../../../adapters/onnx')>('../../../adapters/onnx');
      const fault = await faultOf(new Isolated().load(graph('probability-amount'), BINARY));
      jest.dontMock('onnxruntime-node');
      expect(fault.code).toBe('RATCHET_PEER_MISSING');
      expect(fault.hint).toContain('npm install onnxruntime-node');
    });
  });
});
