import { judgeGate, type GateInput } from '../../../core/gate/judge-gate';
import { rowBootstrapDifference } from '../../../core/gate/row-bootstrap';
import { Sfc32 } from '../../../core/gate/sfc32';
import type { GatePolicy, GateRule } from '../../../core/policy';

const improvement: GateRule = { kind: 'improvement', metric: 'logLoss', min: 0.01, lowerBound: -0.002 };
const absolute: GateRule = { kind: 'absolute', metric: 'auc', min: 0.6, max: null };
const relative: GateRule = { kind: 'relative', metric: 'logLoss', factor: 0.98 };
const policy = (rules: readonly GateRule[], own: Partial<GatePolicy> = {}): GatePolicy => ({
  rules,
  resamples: 500,
  confidence: 0.95,
  minRows: 100,
  minClusters: 5,
  ...own,
});

/**
 * 14 days of 100 rows. The champion gives the truth 0.7 on every row; the candidate `gain(day)` more. So the difference is the
 * same for all rows of a day, and only the days vary.
 */
function days(gain: (day: number) => number, count = 14, rowsADay = 100): GateInput {
  const random = new Sfc32(5);
  const cluster: string[] = [];
  const truth: string[] = [];
  const candidate: number[] = [];
  const champion: number[] = [];
  for (let day = 0; day < count; day++) {
    for (let row = 0; row < rowsADay; row++) {
      const positive = random.below(3) === 0;
      cluster.push(`2013-12-${String(day + 1).padStart(2, '0')}`);
      truth.push(positive ? 'late' : 'onTime');
      const wobble = random.below(1000) / 1e5;
      champion.push(positive ? 0.7 + wobble : 0.3 - wobble);
      candidate.push(positive ? 0.7 + wobble + gain(day) : 0.3 - wobble - gain(day));
    }
  }
  return { task: 'binary', classes: ['onTime', 'late'], threshold: 0.5, truth, candidate, champion, cluster, seed: 7 };
}

describe('gate with a champion', () => {
  test('better by 0.1 on every day: pass, with the difference and its interval', () => {
    const report = judgeGate(
      days(() => 0.08),
      policy([improvement]),
    );
    expect(report).toMatchObject({ verdict: 'pass', rows: 1400, clusters: 14 });
    const { difference, interval, reason } = report.rules[0]!;
    expect(difference).toBeGreaterThan(0.1);
    expect(interval!.low).toBeGreaterThan(0.1);
    expect(interval!.high).toBeGreaterThan(interval!.low);
    expect(reason.text).toMatch(/^logLoss better by \+0\.1\d+, 95 % \[\+0\.1\d+, \+0\.1\d+\]: at least \+0\.0100/);
  });

  test('better on 9 days, much worse on 5: days refuse it, rows would have promoted it', () => {
    const input = days((day) => (day < 9 ? 0.12 : -0.14));
    const report = judgeGate(input, policy([{ ...improvement, min: 0.001 }]));
    expect(report.verdict).toBe('fail');
    expect(report.rules[0]).toMatchObject({ verdict: 'fail', reason: { code: 'gate.bound', expected: -0.002 } });
    const byRows = rowBootstrapDifference({
      ...input,
      champion: input.champion!,
      metric: 'logLoss',
      resamples: 500,
      confidence: 0.95,
    });
    expect(byRows.difference).toBeCloseTo(report.rules[0]!.difference!, 12);
    expect(byRows.low).toBeGreaterThanOrEqual(-0.002);
    expect(byRows.high - byRows.low).toBeLessThan(
      (report.rules[0]!.interval!.high - report.rules[0]!.interval!.low) / 3,
    );
  });

  test('better by less than the policy asks: fail, with both numbers', () => {
    const report = judgeGate(
      days(() => 0.001),
      policy([improvement]),
    );
    expect(report.rules[0]).toMatchObject({ verdict: 'fail', reason: { code: 'gate.improvement', expected: 0.01 } });
  });

  test('the same input and seed give the same report, another seed another interval', () => {
    const input = days((day) => 0.01 * day);
    expect(judgeGate(input, policy([improvement]))).toEqual(judgeGate(input, policy([improvement])));
    const other = judgeGate({ ...input, seed: 8 }, policy([improvement]));
    expect(other.rules[0]!.interval).not.toEqual(judgeGate(input, policy([improvement])).rules[0]!.interval);
  });

  test('relative: log-loss at most 0.98 × the champion holds for a better one and not for an equal one', () => {
    expect(
      judgeGate(
        days(() => 0.05),
        policy([relative]),
      ).verdict,
    ).toBe('pass');
    expect(
      judgeGate(
        days(() => 0),
        policy([relative]),
      ).verdict,
    ).toBe('fail');
  });

  test('relative and improvement of gains: larger is better', () => {
    const worse = days(() => -0.45);
    expect(judgeGate(worse, policy([{ kind: 'relative', metric: 'accuracy', factor: 1 }])).verdict).toBe('fail');
    const gain = judgeGate(worse, policy([{ kind: 'improvement', metric: 'accuracy', min: 0, lowerBound: null }]));
    expect(gain.rules[0]!.difference).toBeLessThan(-0.9);
  });

  test('absolute: AUC at least 0.6 and at most 0.9 fails at 1 and names the upper bound', () => {
    const report = judgeGate(
      days(() => 0),
      policy([{ ...absolute, max: 0.9 }]),
    );
    expect(report.rules[0]).toMatchObject({ verdict: 'fail', candidate: 1, reason: { expected: 0.9 } });
  });

  test('one rule holds and one is broken: fail', () => {
    expect(
      judgeGate(
        days(() => 0.001),
        policy([absolute, improvement]),
      ).verdict,
    ).toBe('fail');
  });

  test('the interval of every binary metric contains the difference', () => {
    const metrics = ['accuracy', 'precision', 'recall', 'f1', 'auc', 'logLoss', 'brier'] as const;
    const rules = metrics.map((metric): GateRule => ({ kind: 'improvement', metric, min: -1, lowerBound: null }));
    const report = judgeGate(
      days((day) => (day % 2 === 0 ? -0.3 : 0.1)),
      policy(rules),
    );
    expect(report.rules.length).toBe(7);
    for (const { difference, interval } of report.rules) {
      expect(interval!.low).toBeLessThanOrEqual(difference!);
      expect(interval!.high).toBeGreaterThanOrEqual(difference!);
    }
  });

  test('regression: RMSE better by 1 on every day passes', () => {
    const cluster = Array.from({ length: 200 }, (_, i) => `day ${i % 20}`);
    const truth = cluster.map((_, i) => String(i));
    const input: GateInput = {
      task: 'regression',
      classes: [],
      threshold: 0,
      truth,
      cluster,
      seed: 1,
      candidate: truth.map((t) => Number(t) + 1),
      champion: truth.map((t) => Number(t) + 2),
    };
    const report = judgeGate(input, policy([{ kind: 'improvement', metric: 'rmse', min: 0.5, lowerBound: 0.9 }]));
    expect(report).toMatchObject({ verdict: 'pass', candidateMetrics: { rmse: 1 }, championMetrics: { rmse: 2 } });
  });

  test('multiclass: accuracy is judged from labels', () => {
    const truth = Array.from({ length: 200 }, (_, i) => ['a', 'b', 'c'][i % 3]!);
    const cluster = truth.map((_, i) => `day ${i % 20}`);
    const scores = truth.map(() => 0.9);
    const base = {
      task: 'multiclass',
      classes: ['a', 'b', 'c'],
      threshold: 0,
      truth,
      cluster,
      seed: 1,
      candidate: scores,
      champion: scores,
    } as const;
    const rule: GateRule = { kind: 'improvement', metric: 'accuracy', min: 0.1, lowerBound: 0 };
    const labelled = { ...base, candidateLabels: truth, championLabels: truth.map((t, i) => (i % 2 === 0 ? t : 'a')) };
    expect(judgeGate(labelled, policy([rule])).verdict).toBe('pass');
    expect(judgeGate(base, policy([rule]))).toMatchObject({
      verdict: 'error',
      reasons: [{ code: 'gate.label' }, { code: 'gate.label' }],
    });
  });
});

describe('gate without enough to judge', () => {
  test('99 rows where 100 are needed, or 4 clusters where 5 are: inconclusive', () => {
    const few = judgeGate(
      days(() => 0.08, 9, 11),
      policy([improvement]),
    );
    expect(few).toMatchObject({ verdict: 'inconclusive', rows: 99 });
    expect(few.reasons[0]).toMatchObject({ code: 'gate.rows', observed: 99, expected: 100 });
    expect(
      judgeGate(
        days(() => 0.08, 4),
        policy([improvement]),
      ),
    ).toMatchObject({ verdict: 'inconclusive', clusters: 4 });
  });

  test('one cluster has no interval: a lower bound cannot be judged', () => {
    const report = judgeGate(
      days(() => 0.08, 1),
      policy([improvement], { minClusters: 1 }),
    );
    expect(report).toMatchObject({
      verdict: 'inconclusive',
      rules: [{ interval: null, reason: { code: 'gate.bound' } }],
    });
  });

  test('no rows: inconclusive, even with a minimum of 0', () => {
    const report = judgeGate(
      days(() => 0, 0),
      policy([improvement], { minRows: 0, minClusters: 0 }),
    );
    expect(report.verdict).toBe('inconclusive');
  });

  test('no rule: inconclusive', () => {
    expect(
      judgeGate(
        days(() => 0.08),
        policy([]),
      ).verdict,
    ).toBe('inconclusive');
  });

  test('a metric that the task lacks: inconclusive', () => {
    expect(
      judgeGate(
        days(() => 0.08),
        policy([{ kind: 'absolute', metric: 'rmse', min: null, max: 1 }]),
      ).verdict,
    ).toBe('inconclusive');
  });

  test.each<[string, (input: GateInput) => Partial<GateInput>, string]>([
    ['NaN in the candidate', (i) => ({ candidate: [NaN, ...i.candidate.slice(1)] }), 'gate.score'],
    ['NaN in the champion', (i) => ({ champion: [NaN, ...i.champion!.slice(1)] }), 'gate.score'],
    ['a probability of 1.5', (i) => ({ candidate: [1.5, ...i.candidate.slice(1)] }), 'gate.score'],
    ['one score too few', (i) => ({ candidate: i.candidate.slice(1) }), 'gate.length'],
    ['one cluster too few', (i) => ({ cluster: i.cluster.slice(1) }), 'gate.length'],
    ['an unknown truth', (i) => ({ truth: ['perhaps', ...i.truth.slice(1)] }), 'gate.truth'],
    ['three classes in a binary task', () => ({ classes: ['a', 'b', 'c'] }), 'gate.classes'],
  ])('%s: error, and the reason names it', (_, change, code) => {
    const input = days(() => 0.08);
    const report = judgeGate({ ...input, ...change(input) }, policy([improvement]));
    expect(report.verdict).toBe('error');
    expect(report.reasons.map((r) => r.code)).toContain(code);
  });
});

describe('gate without a champion', () => {
  const first = (own: Partial<GateInput> = {}): GateInput => ({ ...days(() => 0.08), champion: null, ...own });

  test('a first version without absolute rules passes and says that there was nothing to compare with', () => {
    const report = judgeGate(first({ firstVersion: true }), policy([improvement, relative]));
    expect(report.verdict).toBe('pass');
    expect(report.reasons[0]).toMatchObject({
      code: 'gate.firstVersion',
      text: 'first version: nothing to compare with (2 rules skipped)',
    });
    expect(report.rules.map((r) => r.verdict)).toEqual(['skipped', 'skipped']);
  });

  test('absolute rules decide a first version', () => {
    expect(judgeGate(first({ firstVersion: true }), policy([improvement, absolute])).verdict).toBe('pass');
    expect(judgeGate(first({ firstVersion: true }), policy([improvement, { ...absolute, min: 1.1 }])).verdict).toBe(
      'fail',
    );
  });

  test('without the flag a missing champion never passes', () => {
    expect(judgeGate(first(), policy([improvement])).verdict).toBe('inconclusive');
    expect(judgeGate(first(), policy([improvement, absolute])).verdict).toBe('inconclusive');
  });

  test('a first version on too few rows is inconclusive', () => {
    expect(judgeGate(first({ firstVersion: true }), policy([improvement], { minRows: 5000 })).verdict).toBe(
      'inconclusive',
    );
  });
});

describe('row bootstrap', () => {
  test('refuses NaN, and rows that define no interval', () => {
    const base = {
      task: 'binary',
      classes: ['a', 'b'],
      threshold: 0.5,
      metric: 'logLoss',
      resamples: 10,
      confidence: 0.95,
      seed: 1,
    } as const;
    const nan = () => rowBootstrapDifference({ ...base, truth: ['a', 'b'], candidate: [NaN, 0], champion: [0, 0] });
    expect(nan).toThrow(expect.objectContaining({ code: 'RATCHET_INPUT_INVALID' }));
    const empty = () => rowBootstrapDifference({ ...base, truth: [], candidate: [], champion: [] });
    expect(empty).toThrow(expect.objectContaining({ code: 'RATCHET_INSUFFICIENT_DATA' }));
  });
});
