import { auc, aucMetric } from '../../../core/performance/auc';
import { wilsonInterval } from '../../../core/performance/interval';
import { metricsOf } from '../../../core/performance/metrics-of-rows';
import { brier, logLoss, logLossOfRow } from '../../../core/performance/probability-loss';
import { mae, rmse } from '../../../core/performance/regression-loss';
import { deviation, goldens } from '../../golden/scipy-goldens';

const valuesOf = (metrics: readonly { name: string; value: number }[]) =>
  new Map(metrics.map((m) => [m.name, m.value]));

describe('metrics against scikit-learn', () => {
  test('accuracy, precision, recall, F1, AUC, log-loss and Brier equal scikit-learn to 1e-9 on 9 sets, ties included', () => {
    expect(goldens.binary.length).toBe(9);
    for (const golden of goldens.binary) {
      const answer = golden.score.map((s) => s >= 0.5);
      const ours = valuesOf(metricsOf({ task: 'binary', truth: golden.truth, score: golden.score, answer }));
      for (const name of ['auc', 'logLoss', 'brier', 'accuracy', 'precision', 'recall', 'f1'] as const) {
        expect(deviation(ours.get(name) ?? 0, golden[name])).toBeLessThanOrEqual(1e-9);
      }
      expect(logLoss(golden.truth, golden.score)).toBeCloseTo(golden.logLoss, 12);
      expect(brier(golden.truth, golden.score)).toBeCloseTo(golden.brier, 12);
      expect(auc(golden.truth, golden.score)).toBeCloseTo(golden.auc, 12);
    }
  });

  test('RMSE and MAE equal scikit-learn', () => {
    for (const golden of goldens.regression) {
      expect(rmse(golden.truth, golden.score)).toBeCloseTo(golden.rmse, 12);
      expect(mae(golden.truth, golden.score)).toBeCloseTo(golden.mae, 12);
    }
    expect(goldens.regression.length).toBe(2);
  });

  test('multiclass accuracy and macro precision, recall, F1 equal scikit-learn', () => {
    for (const golden of goldens.multiclass) {
      const ours = valuesOf(metricsOf({ task: 'multiclass', truth: golden.truth, answer: golden.label }));
      for (const name of ['accuracy', 'precision', 'recall', 'f1'] as const) {
        expect(ours.get(name)).toBeCloseTo(golden[name], 12);
      }
    }
    expect(goldens.multiclass.length).toBe(1);
  });

  test("Wilson's interval equals SciPy's", () => {
    for (const { k, n, low, high } of goldens.wilson) {
      const ours = wilsonInterval(k, n);
      expect(ours?.low).toBeCloseTo(low, 12);
      expect(ours?.high).toBeCloseTo(high, 12);
    }
    expect(goldens.wilson.length).toBe(6);
  });
});

describe('intervals and edges', () => {
  test('a sure wrong answer costs 36.04, not infinity', () => {
    expect(logLossOfRow(true, 0)).toBeCloseTo(36.04, 2);
    expect(logLossOfRow(false, 1)).toBeCloseTo(36.04, 2);
  });

  test('AUC of equal scores is 0.5, of one class null', () => {
    expect(auc([true, false, true], [1, 1, 1])).toBe(0.5);
    expect(auc([true, true], [1, 2])).toBeNull();
    expect(aucMetric([], [])).toEqual([]);
  });

  test("DeLong's interval of 4 positives and 4 negatives is as computed by hand", () => {
    const truth = [true, true, true, true, false, false, false, false];
    const score = [0.9, 0.8, 0.4, 0.7, 0.1, 0.5, 0.3, 0.6];
    // Positives beat (1, 1, 1/2, 1) of the negatives; negatives are beaten by (1, 3/4, 1, 3/4) of the positives.
    const variance = (3 * 0.125 ** 2 + 0.375 ** 2) / 3 / 4 + (4 * 0.125 ** 2) / 3 / 4;
    const [metric] = aucMetric(truth, score);
    expect(metric?.value).toBe(0.875);
    expect(metric?.low).toBeCloseTo(0.875 - 1.959963984540054 * Math.sqrt(variance), 12);
    expect(metric?.high).toBe(1);
  });

  test('perfect separation of 2 rows is AUC 1 with a wide interval, not a certain one', () => {
    const [metric] = aucMetric([true, false], [1, 0]);
    expect(metric).toMatchObject({ value: 1, high: 1 });
    expect(metric?.low).toBeLessThan(0.25);
  });

  test('one row has a log-loss but no interval of it', () => {
    const metrics = metricsOf({ task: 'binary', truth: [true], score: [0.8], answer: [true] });
    expect(metrics.find((m) => m.name === 'logLoss')).toMatchObject({ low: null, high: null });
    expect(metrics.some((m) => m.name === 'auc')).toBe(false);
  });

  test('no positive answer: precision is absent, F1 is 0', () => {
    const metrics = metricsOf({ task: 'binary', truth: [true, false], score: [0.1, 0.2], answer: [false, false] });
    expect(metrics.some((m) => m.name === 'precision')).toBe(false);
    expect(metrics.find((m) => m.name === 'f1')?.value).toBe(0);
  });

  test('no rows: no metric of any task', () => {
    expect(metricsOf({ task: 'binary', truth: [], score: [], answer: [] })).toEqual([]);
    expect(metricsOf({ task: 'multiclass', truth: [], answer: [] })).toEqual([]);
    expect(metricsOf({ task: 'regression', truth: [], score: [] })).toEqual([]);
  });

  test('squares that overflow give no RMSE rather than infinity', () => {
    expect(metricsOf({ task: 'regression', truth: [1e300, 0], score: [-1e300, 0] }).map((m) => m.name)).toEqual([
      'mae',
      'mape',
    ]);
  });
});
