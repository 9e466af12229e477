import { deLongVariance, rankSums } from '../../../core/performance/auc';
import { countLabelled, countPerformance, addPerformanceCounts } from '../../../core/performance/count';
import { metricsFromCounts } from '../../../core/performance/from-counts';
import { twoSidedZ, wilsonInterval } from '../../../core/performance/interval';
import { BINARY, MULTICLASS, performanceGoldens as goldens, REGRESSION } from '../../golden/performance-goldens';
import { deviation } from '../../golden/scipy-goldens';

describe('metrics from counts against scikit-learn', () => {
  test('ten binary metrics and DeLong’s variance equal scikit-learn and the O(nm) definition to 1e-9 on 6 sets', () => {
    for (const golden of goldens.binary) {
      const { truth, score, values } = golden;
      const answer = score.map((s) => s >= 0.5);
      const counts = countLabelled({ task: 'binary', truth, score, answer }, ['no', 'yes']);
      const metrics = metricsFromCounts(counts, { values });
      for (const name of BINARY) {
        const ours = metrics.find((m) => m.name === name)?.value ?? NaN;
        expect(deviation(ours, golden[name])).toBeLessThanOrEqual(1e-9);
      }
      expect(deviation(deLongVariance(rankSums(truth, score)!), golden.aucVariance)).toBeLessThanOrEqual(1e-9);
    }
    expect(goldens.binary.length).toBe(6);
  });

  test('macro and micro metrics equal scikit-learn to 1e-9 on 3 sets, and macro F1’s interval its numerical delta method', () => {
    for (const golden of goldens.multiclass) {
      const classes = [...new Set(golden.truth)];
      const counts = countLabelled({ task: 'multiclass', truth: golden.truth, answer: golden.label }, classes);
      const metrics = metricsFromCounts(counts);
      for (const name of MULTICLASS) {
        const ours = metrics.find((m) => m.name === name)?.value ?? NaN;
        expect(deviation(ours, golden[name])).toBeLessThanOrEqual(1e-9);
      }
      const f1 = metrics.find((m) => m.name === 'f1')!;
      expect((f1.value - f1.low!) / 1.959963984540054).toBeCloseTo(Math.sqrt(golden.f1Variance), 8);
    }
    expect(goldens.multiclass.length).toBe(3);
  });

  test('RMSE, MAE, MSE and MAPE (rows whose truth is not 0) equal scikit-learn to 1e-9 on 3 sets', () => {
    for (const golden of goldens.regression) {
      const counts = countLabelled({ task: 'regression', truth: golden.truth, score: golden.score }, []);
      const metrics = metricsFromCounts(counts);
      for (const name of REGRESSION) {
        const ours = metrics.find((m) => m.name === name)?.value ?? NaN;
        expect(deviation(ours, golden[name])).toBeLessThanOrEqual(1e-9);
      }
    }
    expect(goldens.regression.length).toBe(3);
  });
});

describe('intervals', () => {
  test('z of 0.05, 0.01 and 0.0005 is 1.959964, 2.575829 and 3.480756', () => {
    expect(twoSidedZ(0.05)).toBe(1.959963984540054);
    expect(twoSidedZ(0.01)).toBeCloseTo(2.575829303548901, 12);
    expect(twoSidedZ(0.0005)).toBeCloseTo(3.48075640435, 10);
  });

  test('five classes all right: macro F1 is 1 with Wilson’s lower end, not a certain one', () => {
    const truth = ['a', 'b', 'c', 'd', 'e'];
    const counts = countLabelled({ task: 'multiclass', truth, answer: truth }, truth);
    const f1 = metricsFromCounts(counts).find((m) => m.name === 'f1');
    expect(f1).toEqual({ name: 'f1', value: 1, ...wilsonInterval(5, 5) });
  });

  test('a calibrated model on 20 rows: the lower end of its calibration error is 0', () => {
    const score = Array.from({ length: 20 }, (_, i) => (i + 0.5) / 20);
    const truth = score.map((_, i) => i % 3 === 0 || i > 12);
    const counts = countLabelled({ task: 'binary', truth, score, answer: truth }, ['no', 'yes']);
    expect(metricsFromCounts(counts).find((m) => m.name === 'calibrationError')?.low).toBe(0);
  });

  test('answers 0.9 on 1,000 rows of which 50 % come true: calibration error 0.4, lower end above 0.3', () => {
    const truth = Array.from({ length: 1000 }, (_, i) => i % 2 === 0);
    const score = truth.map(() => 0.9);
    const counts = countLabelled({ task: 'binary', truth, score, answer: truth }, ['no', 'yes']);
    const error = metricsFromCounts(counts).find((m) => m.name === 'calibrationError');
    expect(error?.value).toBeCloseTo(0.4, 12);
    expect(error?.low).toBeGreaterThan(0.3);
  });
});

test('counts of different tasks are refused with RATCHET_INPUT_INVALID', () => {
  const empty = { scores: [], labels: [], truths: [] };
  const a = countPerformance({ task: 'regression', classes: [], ...empty });
  const b = countPerformance({ task: 'binary', classes: ['0', '1'], ...empty });
  expect(() => addPerformanceCounts(a, b)).toThrow(expect.objectContaining({ code: 'RATCHET_INPUT_INVALID' }));
});
