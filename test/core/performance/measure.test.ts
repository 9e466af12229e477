import type { PerformancePolicy, PerformanceRule } from '../../../core/policy';
import { measurePerformance } from '../../../core/performance/measure';

const rule = (own: Partial<PerformanceRule>): PerformanceRule => ({
  metric: 'logLoss',
  kind: 'ratioToHoldout',
  bound: 1.25,
  withConfidence: false,
  ...own,
});
const policy = (own: Partial<PerformancePolicy> = {}): PerformancePolicy => ({
  rules: [rule({})],
  minLabelled: 100,
  minCoverage: 0.5,
  slices: [],
  values: null,
  recomputeMs: 0,
  estimate: 'off',
  maxOutOfSupport: 0.05,
  detectors: [],
  ...own,
});

/** n rows, each fourth positive; the model says 0.8 / 0.1 and is wrong on every `wrongEvery`-th row. */
function answers(n: number, options: { wrongEvery?: number; labelled?: number } = {}) {
  const truth = Array.from({ length: n }, (_, i) => i % 4 === 0);
  const scores = truth.map((t, i) =>
    t !== (options.wrongEvery !== undefined && i % options.wrongEvery === 0) ? 0.8 : 0.1,
  );
  return {
    task: 'binary' as const,
    classes: ['no', 'yes'],
    scores,
    labels: scores.map((s) => (s >= 0.5 ? 'yes' : 'no')),
    truths: truth.map((t, i) => (i < (options.labelled ?? n) ? (t ? 'yes' : 'no') : null)),
  };
}
const holdout = { logLoss: 0.135, accuracy: 1, auc: 1 };

describe('performance on matured labels', () => {
  test('a good window passes with its numbers in the reason', () => {
    const m = measurePerformance(answers(400), policy(), holdout);
    expect(m).toMatchObject({ verdict: 'pass', rows: 400, labelled: 400, coverage: 1, invalid: 0 });
    expect(m.rules[0]).toMatchObject({ bound: 0.135 * 1.25, fired: false });
    expect(m.reasons[0]?.text).toMatch(/logLoss against its holdout 0\.1348 < 0\.1688: within its bound/);
  });

  test('every third answer wrong: log-loss breaks 1.25 × its holdout, also with confidence', () => {
    expect(measurePerformance(answers(400, { wrongEvery: 3 }), policy(), holdout).verdict).toBe('fail');
    const sure = policy({ rules: [rule({ withConfidence: true })] });
    expect(measurePerformance(answers(400, { wrongEvery: 3 }), sure, holdout).verdict).toBe('fail');
  });

  test('a bound broken by the estimate but not by the interval does not fire with confidence', () => {
    const input = answers(100, { wrongEvery: 20 });
    const absolute = (withConfidence: boolean) =>
      measurePerformance(
        input,
        policy({ rules: [rule({ metric: 'accuracy', kind: 'absolute', bound: 0.97, withConfidence })] }),
        {},
      );
    expect(absolute(false)).toMatchObject({ verdict: 'fail', rules: [{ observed: 0.95 }] });
    expect(absolute(true)).toMatchObject({ verdict: 'pass', rules: [{ fired: false }] });
  });

  test('a gain fires below its bound, and exactly at the bound it does not', () => {
    const at = (bound: number) =>
      measurePerformance(
        answers(100, { wrongEvery: 20 }),
        policy({ rules: [rule({ metric: 'accuracy', kind: 'absolute', bound })] }),
        {},
      ).verdict;
    expect([at(0.95), at(0.951)]).toEqual(['pass', 'fail']);
  });

  test.each([
    [
      '99 labels where 100 are needed',
      answers(400, { labelled: 99, wrongEvery: 3 }),
      policy({ minCoverage: 0 }),
      holdout,
    ],
    ['labels on 49 % of the rows where 50 % are needed', answers(400, { labelled: 196 }), policy(), holdout],
    ['no rows', answers(0), policy({ minLabelled: 0, minCoverage: 0 }), holdout],
    ['no rule', answers(400), policy({ rules: [] }), holdout],
    ['an unknown holdout metric', answers(400), policy(), {}],
    ['a holdout metric that is NaN', answers(400), policy(), { logLoss: NaN }],
    [
      'a metric that the task does not have',
      answers(400),
      policy({ rules: [rule({ metric: 'rmse', kind: 'absolute', bound: 1 })] }),
      holdout,
    ],
  ])('%s: inconclusive', (_, input, own, metrics) => {
    const m = measurePerformance(input, own, metrics);
    expect(m.verdict).toBe('inconclusive');
    expect(m.reasons.length).toBeGreaterThan(0);
  });

  test('one rule fires and another cannot be judged: fail', () => {
    const rules = [rule({ kind: 'absolute', bound: 0.01 }), rule({ metric: 'mae' })];
    expect(measurePerformance(answers(400), policy({ rules }), holdout).verdict).toBe('fail');
  });

  test('200 labels of an unknown class count as unlabelled and are named', () => {
    const input = answers(400);
    const truths = input.truths.map((t, i) => (i < 200 ? 'maybe' : t));
    const m = measurePerformance({ ...input, truths }, policy({ minCoverage: 0.6 }), holdout);
    expect(m).toMatchObject({ labelled: 200, invalid: 200, coverage: 0.5, verdict: 'inconclusive' });
    expect(m.reasons.map((r) => r.code)).toContain('performance.invalid');
  });

  test('regression: truths are numbers as text, and text is invalid', () => {
    const input = {
      task: 'regression' as const,
      classes: [],
      scores: [1, 2, 3, 4],
      labels: [null, null, null, null],
      truths: ['1.5', '2', 'x', '5'],
    };
    const m = measurePerformance(
      input,
      policy({ rules: [rule({ metric: 'mae', kind: 'absolute', bound: 0.6 })], minLabelled: 3 }),
      {},
    );
    expect(m).toMatchObject({ labelled: 3, invalid: 1, verdict: 'pass' });
    expect(m.metrics.find((x) => x.name === 'mae')?.value).toBeCloseTo(0.5, 12);
  });

  test('the measurement survives JSON unchanged', () => {
    const m = measurePerformance(answers(400), policy(), holdout);
    expect(JSON.parse(JSON.stringify(m))).toEqual(m);
  });
});
