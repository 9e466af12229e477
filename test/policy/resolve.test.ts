import { isRatchetError } from '../../core/errors';
import { PRESET_NAMES, PRESETS, policyDigest, resolvePolicy, toWrittenForm } from '../../policy';
import type { Problem } from '../../policy';

const minimal = {
  model: 'late-flights',
  task: 'binary',
  features: [{ name: 'dep_delay', kind: 'number' }],
  classes: ['no', 'yes'],
} as const;

function problemsOf(input: unknown): readonly Problem[] {
  try {
    resolvePolicy(input);
  } catch (error) {
    if (isRatchetError(error) && error.code === 'RATCHET_POLICY_INVALID') {
      return error.details['problems'] as readonly Problem[];
    }
    throw error;
  }
  return [];
}
const pathsOf = (input: unknown): readonly string[] => problemsOf(input).map((problem) => problem.path);

describe('resolvePolicy', () => {
  it.each(PRESET_NAMES)('resolves the preset %s for a binary model and says where it came from', (preset) => {
    const policy = resolvePolicy({ ...minimal, preset });
    expect(policy).toMatchObject({ schemaVersion: 1, preset, model: 'late-flights', classes: ['no', 'yes'] });
    expect(policy.rollout.steps[policy.rollout.steps.length - 1]?.weight).toBe(10_000);
    expect(policy.rollout.leaseMs).toBeGreaterThan(policy.rollout.tickMs);
  });

  it.each(PRESET_NAMES)('resolves the preset %s for a regression with its margin and clip', (preset) => {
    const policy = resolvePolicy({
      ...minimal,
      classes: undefined,
      task: 'regression',
      preset,
      shadow: { margin: 2, clip: 50 },
    });
    expect(policy.gate.rules).toEqual([{ kind: 'improvement', metric: 'rmse', min: 0, lowerBound: 0 }]);
    expect(policy.rollout.guardrails.map((guardrail) => guardrail.event)).not.toContain('wrong');
    expect(policy.shadow).toMatchObject({ loss: 'squared', margin: 2, clip: 50 });
  });

  it('turns durations into milliseconds, percent into basis points and dates into epoch milliseconds', () => {
    const policy = resolvePolicy({
      ...minimal,
      drift: { window: '1d12h', anchor: '2012-12-31T05:00:00Z' },
      rollout: {
        steps: [
          { weight: 0.5, minHold: '500ms', maxHold: '1m', minKeys: 3 },
          { weight: 100, minHold: '0s', maxHold: '1m', minKeys: 0 },
        ],
      },
    });
    expect(policy.drift.windowMs).toBe(129_600_000);
    expect(policy.drift.anchor).toBe(Date.UTC(2012, 11, 31, 5));
    expect(policy.rollout.steps[0]).toEqual({ weight: 50, minHoldMs: 500, maxHoldMs: 60_000, minKeys: 3 });
    expect(policy.rollout.tickMs).toBe(30_000);
  });

  it('passes a resolved policy through unchanged, the same object', () => {
    for (const preset of PRESET_NAMES) {
      const policy = resolvePolicy({ ...minimal, preset });
      expect(resolvePolicy(policy)).toBe(policy);
      expect(resolvePolicy(JSON.parse(JSON.stringify(policy)))).toEqual(policy);
    }
  });

  it('refuses a policy that says it is resolved and is not sound', () => {
    const policy = resolvePolicy({ ...minimal, preset: 'demo' });
    const broken = { ...policy, rollout: { ...policy.rollout, leaseMs: 10, extra: 1 } };
    expect(pathsOf(broken)).toEqual(expect.arrayContaining(['rollout.lease', 'rollout.extra']));
    expect(pathsOf({ ...policy, schemaVersion: 2 })).toEqual(['schemaVersion']);
    expect(pathsOf({ ...policy, rollout: { ...policy.rollout, tickMs: NaN } })).toContain('rollout.tick');
  });

  it('writes a resolved policy back and resolves it to the same digest', () => {
    for (const preset of PRESET_NAMES) {
      const policy = resolvePolicy({ ...minimal, preset });
      const again = resolvePolicy(toWrittenForm(policy));
      expect(again).toEqual(policy);
      expect(policyDigest(again)).toBe(policyDigest(policy));
    }
  });
});

describe('what a policy is refused for', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['an unknown key', { rollouts: {} }, 'rollouts'],
    ['an unknown key inside a section', { rollout: { colour: 'red' } }, 'rollout.colour'],
    ['an unknown preset', { preset: 'fast' }, 'preset'],
    ['a model name with a capital', { model: 'Flights' }, 'model'],
    ['a window of 0', { drift: { window: '0s' } }, 'drift.window'],
    ['a duration without a unit', { rollout: { tick: 30 } }, 'rollout.tick'],
    ['a duration in words', { rollout: { tick: 'soon' } }, 'rollout.tick'],
    [
      'a weight of 101 %',
      { rollout: { steps: [{ weight: 101, minHold: '1s', maxHold: '1s', minKeys: 1 }] } },
      'rollout.steps.0.weight',
    ],
    ['0 rows for a verdict', { quality: { minRows: 0 } }, 'quality.minRows'],
    ['a lease not longer than the tick', { rollout: { tick: '5s', lease: '5s' } }, 'rollout.lease'],
    ['a ladder that falls', { rollout: { steps: ladder(10, 5, 100) } }, 'rollout.steps.1.weight'],
    ['a ladder that stops at 50 %', { rollout: { steps: ladder(10, 50) } }, 'rollout.steps'],
    ['a deadline shorter than the holds', { rollout: { deadline: '10m' } }, 'rollout.deadline'],
    ['a reminder after expiry', { rollout: { approval: approval({ reminder: '25h' }) } }, 'rollout.approval.reminder'],
    [
      'an approval at a weight of no step',
      { rollout: { approval: approval({ beforeWeight: 33 }) } },
      'rollout.approval.beforeWeight',
    ],
    ['a shadow test with min above max', { shadow: { min: '8d' } }, 'shadow.min'],
    ['three classes in a binary task', { classes: ['a', 'b', 'c'] }, 'classes'],
    ['a repeated class', { classes: ['a', 'a'] }, 'classes'],
    ['a repeated feature', { features: [minimal.features[0], minimal.features[0]] }, 'features.1.name'],
    ['the target as a feature', { data: { target: 'dep_delay' } }, 'features.0.name'],
    ['a reserved feature name', { features: [{ name: 'cluster', kind: 'string' }] }, 'features.0.name'],
    [
      'rmse for classes at the gate',
      { gate: { rules: [{ kind: 'relative', metric: 'rmse', factor: 0.95 }] } },
      'gate.rules.0.metric',
    ],
    [
      'rmse for classes in performance',
      { performance: { rules: [{ metric: 'rmse', kind: 'absolute', bound: 1 }] } },
      'performance.rules.0.metric',
    ],
    ['a squared loss for classes', { shadow: { loss: 'squared', clip: 1 } }, 'shadow.loss'],
    [
      'a ratio below 1 for a loss',
      { performance: { rules: [{ metric: 'logLoss', kind: 'ratioToHoldout', bound: 0.9 }] } },
      'performance.rules.0.bound',
    ],
    ['a gate without a rule', { gate: { rules: [] } }, 'gate.rules'],
    ['a performance trigger without a rule', { performance: { rules: [] } }, 'performance.rules'],
    ['an absolute rule without a bound', { gate: { rules: [{ kind: 'absolute', metric: 'auc' }] } }, 'gate.rules.0'],
    ['four breaches of three', { triggers: { breaches: 4 } }, 'triggers.breaches'],
    ['a query without :asOf', { data: { query: 'select 1 where a > :from and a < :to' } }, 'data.query'],
    ['an unknown time zone', { data: { timeZone: 'Mars/Base' } }, 'data.timeZone'],
    ['a hold-out longer than the data', { data: { lookback: '10d' } }, 'data.holdout.within'],
    ['a range of a feature that is not there', { quality: { ranges: { age: { min: 18 } } } }, 'quality.ranges.age'],
    ['a parameter both fixed and searched', { training: { params: { num_leaves: 7 } } }, 'training.search.num_leaves'],
    ['a linear classifier', { training: { algorithm: 'linear' } }, 'training.algorithm'],
    ['a warn above the threshold', { drift: { numeric: { warn: 0.5 } } }, 'drift.numeric.warn'],
    [
      '"shadowed" required without a shadow test',
      { shadow: null, blessings: { required: ['shadowed'] } },
      'blessings.required',
    ],
    [
      'a secret in the place of its variable',
      { notifications: { webhooks: [{ url: 'https://a.example', secretEnv: 's3cr3t' }] } },
      'notifications.webhooks.0.secretEnv',
    ],
  ])('%s', (_, change, path) => {
    expect(pathsOf({ ...minimal, ...change })).toEqual([path]);
  });

  it('lists 8 problems at once, fields and rules between them, each with its path', () => {
    const paths = pathsOf({
      model: 'Bad Name',
      task: 'binary',
      features: [],
      classes: ['a', 'b', 'c'],
      drift: { window: '0s', alpha: 2 },
      rollout: { tick: '5s', lease: '1s', steps: ladder(10, 5, 100) },
      leaseMs: 5,
    });
    expect([...paths].sort()).toEqual(
      [
        'classes',
        'drift.alpha',
        'drift.window',
        'features',
        'leaseMs',
        'model',
        'rollout.lease',
        'rollout.steps.1.weight',
      ].sort(),
    );
  });

  it('lists a rule between two sound fields beside a bad field of the same section', () => {
    expect(pathsOf({ ...minimal, rollout: { alpha: 7, tick: '5s', lease: '1s' } })).toEqual([
      'rollout.alpha',
      'rollout.lease',
    ]);
  });

  it.each(['correlation', 'multivariate'])('refuses drift.%s of rows where no check reads rows', (name) => {
    expect(pathsOf({ ...minimal, drift: { [name]: 'warn' } })).toEqual([`drift.${name}`]);
    expect(pathsOf({ ...minimal, drift: { [name]: 'warn', pValue: 'exact' } })).toEqual([]);
  });

  it('does not guess about a field whose partner is bad', () => {
    expect(pathsOf({ ...minimal, rollout: { tick: 'soon', lease: '1s' } })).toEqual(['rollout.tick']);
    expect(pathsOf({ ...minimal, task: 'ranking', classes: ['a', 'b', 'c'] })).toEqual(['task']);
  });

  it('names the unit to write when a resolved name is used', () => {
    expect(problemsOf({ ...minimal, rollout: { tickMs: 5 } })[0]?.message).toContain('write `tick`');
  });

  it.each([null, undefined, 'x', 3, [], true])('says what it got instead of an object: %p', (input) => {
    expect(problemsOf(input)[0]?.message).toMatch(/^expected an object, got /);
  });

  it('asks a regression for the margin and the clip that only its owner can know', () => {
    expect(pathsOf({ ...minimal, classes: [], task: 'regression' })).toEqual(['shadow.margin', 'shadow.clip']);
  });
});

describe('how a file lies over its preset', () => {
  it('drops the blessing "shadowed" of the preset when the file has no shadow test', () => {
    expect(resolvePolicy({ ...minimal, shadow: null }).blessings.required).toEqual(['evaluated', 'parity', 'infra']);
  });

  it('adds the blessing "approved" when the file asks for approval', () => {
    const policy = resolvePolicy({ ...minimal, rollout: { approval: approval({}) } });
    expect(policy.blessings.required).toContain('approved');
    expect(policy.rollout.approval?.reminderMs).toBe(3_600_000);
  });

  it('replaces lists and the maps params, search and ranges, and merges everything else', () => {
    const policy = resolvePolicy({ ...minimal, training: { params: { C: 1 }, search: {}, algorithm: 'logistic' } });
    expect(policy.training).toMatchObject({ params: { C: 1 }, search: {}, trials: 20, folds: 5 });
  });

  it('leaves rules out of a preset that a multiclass task cannot measure', () => {
    const policy = resolvePolicy({ ...minimal, preset: 'article', task: 'multiclass', classes: ['a', 'b', 'c'] });
    expect(policy.performance.rules.map((rule) => rule.metric)).toEqual(['f1', 'recall']);
  });

  it('has the demo rules of the data page: psi 0.2, 2 features, 1.25 × log-loss, gate 0.01 and −0.002', () => {
    const policy = resolvePolicy({ ...minimal, preset: 'demo' });
    expect(policy.drift).toMatchObject({
      numeric: { threshold: 0.2, bins: 10 },
      minFeatures: 2,
      windowMs: 604_800_000,
    });
    expect(policy.performance.rules).toEqual([
      { metric: 'logLoss', kind: 'ratioToHoldout', bound: 1.25, withConfidence: true },
    ]);
    expect(policy.gate.rules).toEqual([{ kind: 'improvement', metric: 'logLoss', min: 0.01, lowerBound: -0.002 }]);
    expect(policy.rollout.steps.map((step) => step.weight)).toEqual([500, 2500, 5000, 10_000]);
    expect(policy.rollout.leaseMs).toBe(5000);
    expect(PRESETS.demo.training.search).toHaveProperty('min_child_samples.choices', [100, 200, 400]);
  });
});

function ladder(...weights: readonly number[]) {
  return weights.map((weight) => ({ weight, minHold: '0s', maxHold: '1m', minKeys: 1 }));
}
function approval(change: Record<string, unknown>) {
  return { beforeWeight: 100, expires: '24h', reminder: '1h', onExpiry: 'rollback', actors: [], ...change };
}
