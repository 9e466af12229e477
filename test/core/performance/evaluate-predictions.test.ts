import { numberColumn, stringColumn, type Frame, type FrameColumn } from '../../../core/frame';
import { evaluatePredictions } from '../../../core/performance/evaluate-predictions';

const table = (rows: number, columns: Readonly<Record<string, FrameColumn>>): Frame => ({
  rows,
  columns: new Map(Object.entries(columns)),
});
const valueOf = (evaluation: ReturnType<typeof evaluatePredictions>, name: string) =>
  evaluation.metrics.find((m) => m.name === name)?.value;

describe('predictions in a table', () => {
  test('truth 0/1 as numbers and a score: binary is inferred and said, 3 of 4 right, 1 row unlabelled', () => {
    const frame = table(5, {
      y: numberColumn([1, 0, 1, 0, null]),
      p: numberColumn([0.9, 0.2, 0.4, 0.1, 0.5]),
    });
    const evaluation = evaluatePredictions(frame, { truth: 'y', score: 'p' });
    expect(evaluation).toMatchObject({
      task: 'binary',
      taskInferred: true,
      classes: ['0', '1'],
      rows: 5,
      labelled: 4,
      coverage: 0.8,
    });
    expect(valueOf(evaluation, 'accuracy')).toBe(0.75);
    expect(valueOf(evaluation, 'auc')).toBe(1);
  });

  test('truth "1.0"/"0.0" as text and answers true/false: the same two classes, recall 1/2', () => {
    const frame = table(4, {
      y: stringColumn(['1.0', '0.0', '1.0', '0.0']),
      answer: stringColumn(['true', 'false', 'false', 'false']),
    });
    const evaluation = evaluatePredictions(frame, { truth: 'y', label: 'answer' });
    expect(evaluation).toMatchObject({ task: 'binary', classes: ['0', '1'], labelled: 4, invalid: 0 });
    expect(valueOf(evaluation, 'recall')).toBe(0.5);
    expect(valueOf(evaluation, 'auc')).toBeUndefined();
  });

  test('three names: multiclass by the answered label; without it a clear error', () => {
    const y = stringColumn(['a', 'b', 'c', 'a']);
    const frame = table(4, { y, answer: stringColumn(['a', 'b', 'b', 'a']), p: numberColumn([1, 1, 1, 1]) });
    const evaluation = evaluatePredictions(frame, { truth: 'y', label: 'answer' });
    expect(evaluation).toMatchObject({ task: 'multiclass', classes: ['a', 'b', 'c'] });
    expect(valueOf(evaluation, 'f1Micro')).toBe(0.75);
    expect(() => evaluatePredictions(frame, { truth: 'y', score: 'p' })).toThrow(
      /needs the column of the answered label/,
    );
  });

  test('numbers: regression is inferred, MAE 0.5 and MAPE 0.25 over rows whose truth is not 0', () => {
    const frame = table(3, { y: numberColumn([2, 0, -4]), p: numberColumn([2.5, 0, -3]) });
    const evaluation = evaluatePredictions(frame, { truth: 'y', score: 'p' });
    expect(evaluation.task).toBe('regression');
    expect(valueOf(evaluation, 'mae')).toBe(0.5);
    expect(valueOf(evaluation, 'mape')).toBe(0.25);
  });

  test('business value of 25 − 10 − 4 + 0 over 4 decisions is 2.75 each', () => {
    const frame = table(4, { y: numberColumn([1, 1, 0, 0]), p: numberColumn([0.9, 0.1, 0.9, 0.1]) });
    const evaluation = evaluatePredictions(frame, { truth: 'y', score: 'p', values: [[0, -4], [-10, 25]] }); // prettier-ignore
    expect(valueOf(evaluation, 'businessValue')).toBe(2.75);
    expect(() => evaluatePredictions(frame, { truth: 'y', score: 'p', values: [[1]] })).toThrow(/2 rows of 2 numbers/);
  });

  test('a slice that is wrong in 60 of 200 rows comes first and is worse; its 4 sound neighbours are not', () => {
    const n = 1000;
    const region = Array.from({ length: n }, (_, i) => `r${i % 5}`);
    const y = Array.from({ length: n }, (_, i) => Number(i % 2 === 0));
    const wrong = (i: number): boolean => {
      const turn = Math.floor(i / 5);
      return i % 5 === 3 ? turn % 10 < 3 : turn % 20 === 0;
    };
    const p = y.map((v, i) => (wrong(i) ? 1 - v : v));
    const frame = table(n, { y: numberColumn(y), p: numberColumn(p), region: stringColumn(region) });
    const { slices } = evaluatePredictions(frame, { truth: 'y', score: 'p', slices: ['region'] });
    expect(slices.map((s) => s.worse)).toEqual([true, false, false, false, false]);
    expect(slices[0]).toMatchObject({ feature: 'region', value: 'r3', rows: 200 });
  });

  test('an unknown column names those that are there (RATCHET_COLUMN_MISSING)', () => {
    const frame = table(1, { y: numberColumn([1]), p: numberColumn([1]) });
    expect(() => evaluatePredictions(frame, { truth: 'z', score: 'p' })).toThrow('no column "z"; there are y, p');
    expect(() => evaluatePredictions(frame, { truth: 'y', score: 'p', slices: ['q'] })).toThrow(
      expect.objectContaining({ code: 'RATCHET_COLUMN_MISSING' }),
    );
  });

  test('no rows: no metric, coverage 0', () => {
    const frame = table(0, { y: numberColumn([]), p: numberColumn([]) });
    expect(evaluatePredictions(frame, { truth: 'y', score: 'p', task: 'regression' })).toMatchObject({
      labelled: 0,
      coverage: 0,
      metrics: [],
    });
  });
});
