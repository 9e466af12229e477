/** What holds for every judgement of core/quality, core/performance and core/gate, whatever comes in. */
import fc from 'fast-check';
import { judgeGate, type GateInput } from '../../core/gate/judge-gate';
import type { FeatureSpec } from '../../core/model';
import { measurePerformance } from '../../core/performance/measure';
import type { GatePolicy, GateRule, MetricName, PerformancePolicy, QualityPolicy } from '../../core/policy';
import { checkQuality } from '../../core/quality/check';

/** NaN and infinities would come back from JSON as null, −0 as 0: the last is no harm. */
const survivesJson = (value: unknown): void => {
  const zeroes = (_: string, v: unknown): unknown =>
    v === 0 ? 0 : typeof v === 'number' && !Number.isFinite(v) ? String(v) : v;
  expect(JSON.stringify(value, zeroes)).toBe(JSON.stringify(value));
};

const metric = fc.constantFrom<MetricName>(
  'accuracy',
  'precision',
  'recall',
  'f1',
  'fpr',
  'auc',
  'logLoss',
  'brier',
  'calibrationError',
  'f1Micro',
  'businessValue',
  'rmse',
  'mae',
  'mse',
  'mape',
);
const number = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.double(),
  fc.constantFrom(0, 1, NaN, Infinity, 1e308, -1e308),
);
const task = fc.constantFrom('binary' as const, 'multiclass' as const, 'regression' as const);
const name = fc.constantFrom('a', 'b', 'c', '7', '-1e308', 'NaN', '');

const answers = fc.integer({ min: 0, max: 40 }).chain((n) => {
  const of = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(value, { minLength: n, maxLength: n });
  return fc.record({
    task,
    classes: fc.constantFrom(['a', 'b'], ['a', 'b', 'c'], []),
    scores: of(fc.option(number)),
    labels: of(fc.option(name)),
    truths: of(fc.option(name)),
  });
});
const performancePolicy: fc.Arbitrary<PerformancePolicy> = fc.record({
  rules: fc.array(
    fc.record({
      metric,
      kind: fc.constantFrom('ratioToHoldout' as const, 'dropFromHoldout' as const, 'absolute' as const),
      bound: fc.double({ min: 0, max: 2, noNaN: true }),
      withConfidence: fc.boolean(),
    }),
    { maxLength: 3 },
  ),
  minLabelled: fc.nat(10),
  minCoverage: fc.double({ min: 0, max: 1, noNaN: true }),
  slices: fc.constant([]),
  values: fc.constantFrom(null, [
    [1, -1],
    [-5, 2],
  ]),
  recomputeMs: fc.constant(0),
  estimate: fc.constant('off' as const),
  maxOutOfSupport: fc.constant(0.05),
  detectors: fc.constant([]),
});

test('performance: never NaN; without labels never pass; a pass has enough of them', () => {
  fc.assert(
    fc.property(answers, performancePolicy, fc.dictionary(metric, number), (input, policy, holdout) => {
      const measured = measurePerformance(input, policy, holdout);
      survivesJson(measured);
      if (measured.verdict === 'pass') {
        expect(measured.labelled).toBeGreaterThanOrEqual(Math.max(1, policy.minLabelled));
        expect(measured.rules.every((rule) => rule.fired === false)).toBe(true);
      }
      const unlabelled = measurePerformance({ ...input, truths: input.truths.map(() => null) }, policy, holdout);
      expect(unlabelled.verdict).toBe('inconclusive');
    }),
    { numRuns: 1000 },
  );
});

const rule: fc.Arbitrary<GateRule> = fc.oneof(
  fc.record({
    kind: fc.constant('improvement' as const),
    metric,
    min: fc.double({ min: -1, max: 1, noNaN: true }),
    lowerBound: fc.option(fc.double({ min: -1, max: 1, noNaN: true })),
  }),
  fc.record({ kind: fc.constant('relative' as const), metric, factor: fc.double({ min: 0, max: 2, noNaN: true }) }),
  fc.record({
    kind: fc.constant('absolute' as const),
    metric,
    min: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    max: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  }),
);
const gatePolicy: fc.Arbitrary<GatePolicy> = fc.record({
  rules: fc.array(rule, { maxLength: 4 }),
  resamples: fc.constantFrom(0, 1, 40),
  confidence: fc.constantFrom(0.5, 0.95),
  minRows: fc.nat(20),
  minClusters: fc.nat(5),
});
const gateInput: fc.Arbitrary<GateInput> = fc.integer({ min: 0, max: 30 }).chain((n) => {
  const of = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(value, { minLength: n, maxLength: n });
  const score = fc.oneof(
    { weight: 30, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
    { weight: 1, arbitrary: number },
  );
  return fc.record({
    task: fc.constantFrom('binary' as const, 'regression' as const),
    classes: fc.constant(['0', '1']),
    threshold: fc.constant(0.5),
    truth: of(fc.constantFrom('0', '1')),
    candidate: of(score),
    champion: fc.option(of(score)),
    cluster: of(fc.constantFrom('mon', 'tue', 'wed', 'thu', 'fri', 'sat')),
    seed: fc.integer(),
    firstVersion: fc.boolean(),
  });
});

test('gate: never NaN; NaN in any score is error; removing the champion or the rows never makes it pass', () => {
  fc.assert(
    fc.property(gateInput, gatePolicy, (input, policy) => {
      const report = judgeGate(input, policy);
      survivesJson(report);
      const scores = [...input.candidate, ...(input.champion ?? [])];
      if (!scores.every(Number.isFinite)) expect(report.verdict).toBe('error');
      expect(judgeGate({ ...input, champion: null, firstVersion: false }, policy).verdict).not.toBe('pass');
      const empty = { ...input, truth: [], candidate: [], champion: input.champion && [], cluster: [] };
      expect(judgeGate(empty, policy).verdict).toBe('inconclusive');
      if (input.candidate.length > 0) {
        expect(judgeGate({ ...input, candidate: [NaN, ...input.candidate.slice(1)] }, policy).verdict).toBe('error');
      }
    }),
    { numRuns: 500 },
  );
});

const specs: readonly FeatureSpec[] = [
  { name: 'x', kind: 'number' },
  { name: 'constructor', kind: 'string' },
];
const quality: QualityPolicy = {
  minRows: 1,
  maxNullShare: 0.5,
  maxNullShareIncrease: 0.1,
  ranges: { x: { min: 0, max: null } },
  maxNewCategoryShare: 0.1,
  maxStalenessMs: 10,
};

test('quality: never NaN, never throws; a column taken away, or all its values, never passes', () => {
  const value = fc.oneof(fc.anything(), fc.constantFrom(null, 1, 2, 'a'));
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 20 }),
      fc.array(value, { maxLength: 20 }),
      fc.option(number),
      (x, c, newest) => {
        const columns = { x, constructor: c };
        survivesJson(checkQuality(columns, x.length, specs, null, quality, { newest, end: 20 }));
        expect(checkQuality({ x }, x.length, specs, null, quality).verdict).not.toBe('pass');
        const nulls = { x: x.map(() => null), constructor: x.map(() => 'a') };
        expect(checkQuality(nulls, x.length, specs, null, quality).verdict).not.toBe('pass');
      },
    ),
    { numRuns: 1000 },
  );
});
