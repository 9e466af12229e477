/** What Ratchet registers loads in Python with `mlflow.pyfunc.load_model("models:/<name>@champion")` and gives the known scores. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MlflowRegistryStore, MlflowTrackingStore, MlflowTransport, outputNames } from '../../adapters/mlflow';
import type { ModelContract } from '../../core/model';

const url = process.env['RATCHET_TEST_MLFLOW_URL'];
const python = process.env['RATCHET_TEST_PYTHON'];
if (url === undefined || python === undefined) {
  throw new Error('RATCHET_TEST_MLFLOW_URL and RATCHET_TEST_PYTHON are not set: run with --selectProjects servers');
}

const scripts = join(__dirname, 'pyfunc');
const matrix = { features: ['a', 'b'].map((name) => ({ name, kind: 'number' as const })), layout: 'matrix' as const };
const CONTRACTS: Readonly<Record<ModelContract['task'], ModelContract>> = {
  binary: {
    task: 'binary',
    features: [
      { name: 'delay', kind: 'number' },
      { name: 'day', kind: 'string' },
    ],
    layout: 'columns',
    classes: ['no', 'yes'],
    threshold: 0.5,
  },
  multiclass: { task: 'multiclass', ...matrix, classes: ['a', 'b', 'both'], threshold: 0.5 },
  regression: { task: 'regression', ...matrix, classes: [], threshold: 0 },
};
const ROWS = {
  binary: {
    // MLflow refuses int64 where the signature says double, so the number column holds fractions.
    delay: [-30.5, 0.25, 42.5],
    day: ['mon', 'sun', 'sun'],
  },
  multiclass: { a: [0.5, -2, 3], b: [1.5, 1, -1] },
  regression: { a: [0.5, -2, 3], b: [1.5, 1, -1] },
};

interface Answer {
  readonly columns: Readonly<Record<string, readonly (number | string)[]>>;
  readonly inputs: readonly string[];
}

let folder = '';
const answers = new Map<string, Answer>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ratchet-pyfunc-'));
  execFileSync(python, [join(scripts, 'make_models.py'), folder]);
  const tasks = ['binary', 'multiclass', 'regression'] as const;
  const jobs = [];
  for (const task of tasks) jobs.push({ model: await registerChampion(task), rows: ROWS[task] });
  const printed = execFileSync(python, [join(scripts, 'predict.py')], {
    input: JSON.stringify(jobs),
    env: { ...process.env, MLFLOW_TRACKING_URI: url, MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: 'false' },
    encoding: 'utf8',
  });
  const found = JSON.parse(printed.slice(printed.indexOf('ANSWERS') + 'ANSWERS'.length)) as Answer[];
  tasks.forEach((task, i) => answers.set(task, found[i] as Answer));
}, 180_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function registerChampion(task: ModelContract['task']): Promise<string> {
  const transport = new MlflowTransport(url as string);
  const registry = new MlflowRegistryStore(transport);
  const model = `pyfunc-${task}-${randomUUID().slice(0, 8)}`;
  const draft = { key: `${model}:run`, experiment: 'pyfunc', name: model, startTime: 1_700_000_000_000 };
  const { runId } = await new MlflowTrackingStore(transport).ensureRun(draft);
  const { version } = await registry.registerModel({
    key: `${model}:register`,
    model,
    experiment: 'pyfunc',
    runId,
    onnx: readFileSync(join(folder, `${task}.onnx`)),
    contract: CONTRACTS[task],
    tags: {},
    description: `${task} of known answers`,
  });
  await registry.projectAliases(model, { champion: version });
  return model;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

function closeTo(actual: readonly (number | string)[] | undefined, expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => expect(Number(actual?.[i])).toBeCloseTo(value, 6));
}

describe('mlflow.pyfunc.load_model("models:/<name>@champion")', () => {
  it('binary, a number and a text column: 3 labels and 3 probabilities within 1e-6', () => {
    const { columns, inputs } = answers.get('binary') as Answer;
    expect(inputs).toEqual(['delay', 'day']);
    expect(Object.keys(columns)).toEqual(outputNames(CONTRACTS.binary));
    closeTo(columns['probability'], [sigmoid(-3.05), sigmoid(1.025), sigmoid(5.25)]);
    expect(columns['label']).toEqual(['no', 'yes', 'yes']);
  });

  it('multiclass, one [N, 2] matrix: 3 columns of probabilities within 1e-6', () => {
    const { columns } = answers.get('multiclass') as Answer;
    expect(Object.keys(columns)).toEqual(outputNames(CONTRACTS.multiclass));
    const { a, b } = ROWS.multiclass;
    const expected = a.map((x, i) => {
      const y = b[i] ?? NaN;
      const weights = [x, y, x + y].map(Math.exp);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return weights.map((weight) => weight / total);
    });
    for (const k of [0, 1, 2])
      closeTo(
        columns[`probability_${k}`],
        expected.map((row) => row[k] ?? NaN),
      );
    expect(columns['label']).toEqual(['both', 'b', 'a']);
  });

  it('regression, one [N, 2] matrix: 3 predictions within 1e-6', () => {
    const { columns } = answers.get('regression') as Answer;
    expect(Object.keys(columns)).toEqual(['prediction']);
    closeTo(columns['prediction'], [-0.5, -5, 7]);
  });
});
