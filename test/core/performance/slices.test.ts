import { countPerformance } from '../../../core/performance/count';
import { measurePerformanceCounts } from '../../../core/performance/measure';
import type { SliceCounts } from '../../../core/performance/performance-counts';
import { measureSlices } from '../../../core/performance/slices';
import type { PerformancePolicy, PerformanceRule } from '../../../core/policy';

const rule = (own: Partial<PerformanceRule> = {}): PerformanceRule => ({
  metric: 'accuracy',
  kind: 'absolute',
  bound: 0.9,
  withConfidence: true,
  slice: 'region',
  ...own,
});
const policy = (rules: readonly PerformanceRule[]): PerformancePolicy => ({
  rules,
  minLabelled: 50,
  minCoverage: 0.5,
  slices: ['region'],
  values: null,
  recomputeMs: 0,
  estimate: 'off',
  maxOutOfSupport: 0.05,
  detectors: [],
});
const counts = (rows: number, wrong: number) =>
  countPerformance({
    task: 'binary',
    classes: ['no', 'yes'],
    scores: Array.from({ length: rows }, () => 0.9),
    labels: Array.from({ length: rows }, () => 'yes'),
    truths: Array.from({ length: rows }, (_, i) => (i < wrong ? 'no' : 'yes')),
  });
const slice = (value: string, rows: number, wrong: number): SliceCounts => ({
  feature: 'region',
  value,
  counts: counts(rows, wrong),
});

describe('performance by slice', () => {
  test('one region at 70 % where 90 % are asked fails, worst first, the region named', () => {
    const report = measureSlices([slice('a', 200, 10), slice('b', 200, 60)], policy([rule()]), {});
    expect(report.verdict).toBe('fail');
    expect(report.slices.map((s) => s.value)).toEqual(['b', 'a']);
    expect(report.reasons[0]?.text).toMatch(/accuracy of region = b is 0\.7, bound 0\.9/);
  });

  test('17 of 100 wrong breaks 90 % alone, but not as one of 40 slices: the bound is corrected', () => {
    const one = [slice('x', 100, 17)];
    const many = [...one, ...Array.from({ length: 39 }, (_, i) => slice(`s${i}`, 100, 8))];
    expect(measureSlices(one, policy([rule()]), {}).verdict).toBe('fail');
    expect(measureSlices(many, policy([rule()]), {}).verdict).toBe('pass');
  });

  test('only slices below 50 labels, or none at all: inconclusive, never pass', () => {
    expect(measureSlices([slice('a', 49, 40)], policy([rule()]), {}).verdict).toBe('inconclusive');
    expect(measureSlices([], policy([rule()]), {}).verdict).toBe('inconclusive');
    expect(measurePerformanceCounts(counts(400, 0), policy([rule()]), {}).verdict).toBe('inconclusive');
  });

  test('all rows pass and one slice fails: the window fails', () => {
    const rules = [{ metric: 'accuracy', kind: 'absolute', bound: 0.8, withConfidence: true } as const, rule()];
    const slices = [slice('a', 300, 0), slice('b', 100, 40)];
    const measured = measurePerformanceCounts(counts(400, 40), policy(rules), {}, slices);
    expect(measured.rules.map((r) => r.fired)).toEqual([false]);
    expect(measured).toMatchObject({ verdict: 'fail', slices: { verdict: 'fail' } });
  });

  test('without a rule on slices they are measured and decide nothing', () => {
    const report = measureSlices([slice('a', 200, 100)], policy([]), {});
    expect(report).toMatchObject({ verdict: null, metric: 'accuracy', reasons: [] });
    expect(report.slices[0]?.rules).toEqual([]);
  });
});

describe('dropFromHoldout', () => {
  test.each([
    ['accuracy 0.9 against a hold-out of 0.96, drop 0.05', 'accuracy', 0.96, 'fail'],
    ['accuracy 0.9 against a hold-out of 0.94, drop 0.05', 'accuracy', 0.94, 'pass'],
    ['a Brier score of 0.09 against a hold-out of 0.03, rise 0.05', 'brier', 0.03, 'fail'],
    ['a Brier score of 0.09 against a hold-out of 0.05, rise 0.05', 'brier', 0.05, 'pass'],
  ] as const)('%s: %s', (_, metric, holdout, verdict) => {
    const drop = { metric, kind: 'dropFromHoldout', bound: 0.05, withConfidence: false } as const;
    expect(measurePerformanceCounts(counts(400, 40), policy([drop]), { [metric]: holdout }).verdict).toBe(verdict);
    expect(measurePerformanceCounts(counts(400, 40), policy([drop]), {}).verdict).toBe('inconclusive');
  });
});
