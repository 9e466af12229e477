import { resolvePolicy } from '../../policy/resolve';

const base = {
  model: 'm',
  task: 'binary',
  classes: ['no', 'yes'],
  features: [
    { name: 'age', kind: 'number' },
    { name: 'region', kind: 'string' },
  ],
} as const;
const problemsOf = (performance: unknown): string[] => {
  try {
    resolvePolicy({ ...base, performance } as unknown);
    return [];
  } catch (error) {
    return (error as { details: { problems: { path: string }[] } }).details.problems.map((p) => p.path);
  }
};
const rule = { metric: 'accuracy', kind: 'absolute', bound: 0.9 };

describe('the performance section', () => {
  test('defaults: 7 days of recomputation, an estimate warns, 5 % out of support, no slice, matrix or detector', () => {
    expect(resolvePolicy(base as unknown).performance).toMatchObject({
      recomputeMs: 604_800_000,
      estimate: 'warn',
      maxOutOfSupport: 0.05,
      slices: [],
      values: null,
      detectors: [],
    });
  });

  test('a resolved policy is accepted as it is, slices and matrix included', () => {
    const performance = {
      slices: ['region'],
      values: [
        [0, -4],
        [-10, 25],
      ],
      rules: [
        { ...rule, slice: 'region' },
        { metric: 'businessValue', kind: 'absolute', bound: -1 },
      ],
      detectors: [{ detector: 'adwin', action: 'breach' }],
    };
    const resolved = resolvePolicy({ ...base, performance } as unknown);
    expect(resolvePolicy(resolved)).toBe(resolved);
    expect(resolved.performance.rules[0]).toEqual({ ...rule, withConfidence: true, slice: 'region' });
  });

  test.each([
    ['a slice that is no feature', { slices: ['nowhere'] }, 'performance.slices.0'],
    ['a slice twice', { slices: ['age', 'age'] }, 'performance.slices.1'],
    ['a rule on a slice that is not listed', { rules: [{ ...rule, slice: 'age' }] }, 'performance.rules.0.slice'],
    [
      'a slice rule without confidence',
      { slices: ['age'], rules: [{ ...rule, slice: 'age', withConfidence: false }] },
      'performance.rules.0.withConfidence',
    ],
    ['a 1 × 1 matrix', { values: [[1]] }, 'performance.values'],
    [
      'business value without a matrix',
      { rules: [{ ...rule, metric: 'businessValue' }] },
      'performance.rules.0.metric',
    ],
    ['a bound of 0', { rules: [{ ...rule, bound: 0 }] }, 'performance.rules.0.bound'],
    ['a micro average of two classes', { rules: [{ ...rule, metric: 'f1Micro' }] }, 'performance.rules.0.metric'],
    [
      'a detector twice',
      {
        detectors: [
          { detector: 'ddm', action: 'warn' },
          { detector: 'ddm', action: 'breach' },
        ],
      },
      'performance.detectors.1',
    ],
    ['an estimate that promotes', { estimate: 'promote' }, 'performance.estimate'],
  ])('%s is refused at %s', (_, performance, path) => {
    expect(problemsOf(performance)).toContain(path);
  });

  test('the gate refuses businessValue, which it cannot compute', () => {
    const gate = { rules: [{ kind: 'absolute', metric: 'businessValue', min: 0 }] };
    expect(() => resolvePolicy({ ...base, gate } as unknown)).toThrow(
      /gate\.rules\.0\.metric: the gate cannot compute/,
    );
  });
});
