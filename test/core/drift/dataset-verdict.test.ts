import type { MeasurePolicy } from '../../../core/drift/compare-counts';
import { correlationChanges, spearmanCorrelations } from '../../../core/drift/correlation';
import { countPlanOf, planned, TARGET_NAME } from '../../../core/drift/count-plan';
import { countColumn, countWindow } from '../../../core/drift/count-window';
import { homogeneity, psiPValue } from '../../../core/drift/homogeneity';
import { compareImportance, judgeImportance } from '../../../core/drift/importance';
import { measureCounts, measureTarget } from '../../../core/drift/measure';
import { buildReferenceProfile } from '../../../core/drift/profile-build';
import { profileDigest, type ReferenceProfile } from '../../../core/drift/profile';
import { frameOf, stringColumn } from '../../../core/frame';
import type { FeatureColumns, FeatureSpec } from '../../../core/model';
import { Seeded } from '../../../bench/world/seeded';

const HOUR = 3_600_000;
const ROWS = 2000;
const specs: readonly FeatureSpec[] = ['a', 'b', 'c'].map((name) => ({ name, kind: 'number' }));
const policy: MeasurePolicy = {
  numeric: { method: 'psi', warn: 0.1, threshold: 0.2 },
  categorical: { method: 'js', warn: 0.05, threshold: 0.1 },
  alpha: 0.05,
  pValue: 'counts',
  minRows: 200,
  minFeatures: 2,
  minShare: 1,
};

function columns(seed: number, shifts: Readonly<Record<string, number>> = {}): FeatureColumns {
  const random = new Seeded(seed);
  const normal = (shift: number): number[] => Array.from({ length: ROWS }, () => random.normal() + shift);
  return { rows: ROWS, columns: Object.fromEntries(specs.map(({ name }) => [name, normal(shifts[name] ?? 0)])) };
}
const times = Array.from({ length: ROWS }, (_, i) => (i % 168) * HOUR);
const scores = (seed: number, shift = 0): number[] => {
  const random = new Seeded(seed);
  return Array.from({ length: ROWS }, () => random.uniform() * 0.5 + shift);
};
const reference = (more: Partial<Parameters<typeof buildReferenceProfile>[2]> = {}): ReferenceProfile =>
  buildReferenceProfile(columns(1), specs, { bins: 10, ...more });
function measured(
  profile: ReferenceProfile,
  own: Partial<MeasurePolicy>,
  shifts: Readonly<Record<string, number>>,
  answers = scores(3),
) {
  const counts = countWindow(
    { frame: frameOf(columns(2, shifts), specs), occurredAt: times, scores: answers, from: 0, to: 168 * HOUR },
    countPlanOf(profile, specs),
  );
  return measureCounts(profile, counts, specs, { ...policy, ...own });
}

describe('the data as a whole, from counts', () => {
  test('0, 1 and 2 of 3 features drifted with a minimum of 2: noDrift, warn, drift', () => {
    const profile = reference();
    expect(measured(profile, {}, {}).verdict).toBe('noDrift');
    expect(measured(profile, {}, { a: 1 })).toMatchObject({ verdict: 'warn', driftedFeatures: ['a'] });
    expect(measured(profile, {}, { a: 1, b: 2 })).toMatchObject({ verdict: 'drift', driftedFeatures: ['b', 'a'] });
  });

  test('one feature with 80 % of the importance reaches a share of 50 %, one with 10 % does not', () => {
    const profile = reference({ importance: { a: 8, b: 1, c: 1 } });
    const weighted = { weightByImportance: true, minFeatures: 3, minShare: 0.5 };
    expect(measured(profile, weighted, { a: 1 })).toMatchObject({ verdict: 'drift', driftedShare: 0.8 });
    expect(measured(profile, weighted, { b: 1 })).toMatchObject({ verdict: 'warn', driftedShare: 0.1 });
  });

  test('anyTopK 1: the most important feature alone is drift, the second is not', () => {
    const profile = reference({ importance: { a: 8, b: 1, c: 0 } });
    const top = { anyTopK: 1, minFeatures: 3 };
    expect(measured(profile, top, { a: 1 }).reasons.map((r) => r.code)).toContain('drift.importantFeature');
    expect([measured(profile, top, { a: 1 }).verdict, measured(profile, top, { b: 1 }).verdict]).toEqual([
      'drift',
      'warn',
    ]);
  });

  test('weights that are not known: insufficient once a feature drifted, noDrift when none did', () => {
    const weighted = { weightByImportance: true, minFeatures: 3 };
    expect(measured(reference(), weighted, { a: 1 }).verdict).toBe('insufficient');
    expect(measured(reference(), weighted, {}).verdict).toBe('noDrift');
  });

  test('answers that moved: off nothing, warn a warning, drift drift; unknown answers are said', () => {
    const profile = reference({ prediction: scores(4) });
    const verdict = (prediction: 'off' | 'warn' | 'drift') =>
      measured(profile, { prediction }, {}, scores(3, 0.4)).verdict;
    expect([verdict('off'), verdict('warn'), verdict('drift')]).toEqual(['noDrift', 'warn', 'drift']);
    expect(measured(profile, { prediction: 'drift' }, {}).verdict).toBe('noDrift');
    const unknown = measured(reference(), { prediction: 'drift' }, {});
    expect(unknown).toMatchObject({ verdict: 'insufficient', prediction: null });
    expect(unknown.reasons.map((r) => r.code)).toContain('drift.predictionUnknown');
  });

  test('pValue none: the effect alone decides, also on 20 rows', () => {
    const few = { rows: 20, columns: Object.fromEntries(specs.map(({ name }) => [name, scores(5).slice(0, 20)])) };
    const profile = reference();
    const counts = countWindow(
      { frame: frameOf(few, specs), occurredAt: times.slice(0, 20), from: 0, to: 168 * HOUR },
      countPlanOf(profile, specs),
    );
    const own: MeasurePolicy = { ...policy, minRows: 2, pValue: 'none', alpha: 0 };
    expect(measureCounts(profile, counts, specs, own).driftedFeatures).toHaveLength(3);
    expect(measureCounts(profile, counts, specs, { ...own, pValue: 'counts' }).driftedFeatures).toHaveLength(0);
  });

  test('a further distance at its threshold is drift, and the reason names it', () => {
    const own: Partial<MeasurePolicy> = {
      numeric: { method: 'psi', warn: 5, threshold: 9, also: [{ method: 'kl', threshold: 0.15 }] },
    };
    const [first] = measured(reference(), own, { a: 1 }).features;
    expect(first).toMatchObject({ name: 'a', level: 'drift' });
    expect(first?.reason.text).toMatch(/^a KL .* >= 0\.15/);
  });

  test('rows before from and at or after to are not counted', () => {
    const counts = countWindow(
      { frame: frameOf(columns(2), specs), occurredAt: times, from: HOUR, to: 3 * HOUR },
      countPlanOf(reference(), specs),
    );
    expect(counts.hours.map(({ start }) => start)).toEqual([HOUR, 2 * HOUR]);
    expect(counts.rows).toBe(24);
  });

  test('a new category beyond 50 is unnamed, and its rows are judged', () => {
    const spec: readonly FeatureSpec[] = [{ name: 'c', kind: 'string' }];
    const rowsOf = (value: (i: number) => string): FeatureColumns => ({
      rows: 400,
      columns: { c: Array.from({ length: 400 }, (_, i) => value(i)) },
    });
    const profile = buildReferenceProfile(
      rowsOf((i) => 'ab'[i % 2] ?? ''),
      spec,
      { bins: 10 },
    );
    const counts = countWindow(
      {
        frame: frameOf(
          rowsOf((i) => `new${i}`),
          spec,
        ),
        occurredAt: times.slice(0, 400),
        from: 0,
        to: 168 * HOUR,
      },
      countPlanOf(profile, spec),
    );
    expect(counts.features['c']).toMatchObject({ unnamed: 350, nulls: 0 });
    expect(measureCounts(profile, counts, spec, policy).features[0]?.level).toBe('drift');
  });

  test('target drift: late rate 16 % becomes 32 %; a reference without a target says null', () => {
    const share = (late: number) => Array.from({ length: ROWS }, (_, i) => (i % 100 < late ? '1' : '0'));
    const profile = reference({ target: share(16) });
    const column = stringColumn(share(32));
    const counts = countColumn(column, planned(TARGET_NAME, profile.target!), null);
    expect(measureTarget(profile, counts, [], policy)).toMatchObject({ name: TARGET_NAME, level: 'drift' });
    expect(measureTarget(profile, null, [], policy)?.level).toBe('insufficient');
    expect(measureTarget(reference(), counts, [], policy)).toBeNull();
  });
});

test('a version-1 profile, without the later fields, is compared as before', () => {
  const { features, rows } = reference();
  const old = {
    schemaVersion: 1,
    rows,
    features: Object.fromEntries(
      Object.entries(features).map(([name, f]) => {
        const { kind, nulls, min, max, edges, counts, sample } = f as Extract<typeof f, { kind: 'number' }>;
        return [name, { kind, rows: f.rows, nulls, min, max, edges, counts, sample }];
      }),
    ),
  } as const satisfies ReferenceProfile;
  expect(measured(old, {}, { a: 1, b: 1 }).verdict).toBe('drift');
  expect(measured(old, { clusterBy: 'hour' }, {}).verdict).toBe('insufficient');
  expect(profileDigest(old)).toMatch(/^[0-9a-f]{32}$/);
  expect(profileDigest(old)).not.toBe(profileDigest(reference()));
});

test('one row in a bin that 5,000 reference rows lack is not significant', () => {
  expect(homogeneity([0, 2500, 2500], [1, 100, 99], true, null).pValue).toBeGreaterThan(0.1);
  expect(homogeneity([0, 2500, 2500], [1, 100, 99], false, null).pValue).toBeGreaterThan(0.1);
  expect(homogeneity([0, 2500, 2500], [60, 70, 70], true, null).pValue).toBeLessThan(1e-60);
  // one of 5,201 rows, which is in the window with a probability of 200/5200, doubled for both tails and both tests
  expect(homogeneity([0, 2500, 2500], [1, 100, 99], true, null).smallCellsPValue).toBeCloseTo((2 * 200) / 5200, 12);
  expect(psiPValue(0, 100, 100, 10)).toBe(1);
});

describe('importance', () => {
  test('a reversed order of 8, 4, 2, 1: NDCG by hand, Spearman −1', () => {
    const compared = compareImportance({ a: 8, b: 4, c: 2, d: 1 }, { a: 1, b: 2, c: 4, d: 8 });
    const discount = [1, 1 / Math.log2(3), 0.5, 1 / Math.log2(5)] as const;
    const gain = (order: readonly number[]) => order.reduce((sum, g, i) => sum + g * discount[i]!, 0);
    expect(compared?.ndcg).toBeCloseTo(gain([1, 2, 4, 8]) / gain([8, 4, 2, 1]), 12);
    expect(compared?.rankCorrelation).toBeCloseTo(-1, 12);
  });

  test('below 0.9 the policy decides the level; unknown importance is insufficient', () => {
    const compared = compareImportance({ a: 8, b: 4, c: 2, d: 1 }, { a: 1, b: 2, c: 4, d: 8 });
    expect(judgeImportance(compared, { importanceDrift: 'warn', importanceNdcg: 0.9 }).level).toBe('warn');
    expect(judgeImportance(compared, { importanceDrift: 'off', importanceNdcg: 0.9 }).level).toBe('off');
    expect(judgeImportance(null, { importanceDrift: 'drift', importanceNdcg: 0.9 }).level).toBe('insufficient');
    expect(compareImportance({ a: 0, b: 0 }, { a: 1, b: 2 })).toBeNull();
  });
});

describe('correlations', () => {
  const pair = (seed: number, r: number) => {
    const random = new Seeded(seed);
    const a = Array.from({ length: ROWS }, () => random.normal());
    const b = a.map((value) => r * value + Math.sqrt(1 - r * r) * random.normal());
    const c = a.map(() => random.normal());
    return spearmanCorrelations(frameOf({ rows: ROWS, columns: { a, b, c } }, specs), specs);
  };
  const own = { alpha: 0.05, minRows: 200, correlationChange: 0.2 };

  test('0.8 that becomes 0.1 has changed, the other two pairs have not', () => {
    const changes = correlationChanges(pair(1, 0.8), pair(2, 0.1), own);
    expect(changes[0]).toMatchObject({ features: ['a', 'b'], level: 'changed' });
    expect(changes.slice(1).map((change) => change.level)).toEqual(['ok', 'ok']);
  });

  test('a pair that the window lacks is insufficient, and a constant has no correlation', () => {
    const reference = pair(1, 0.8);
    const [change] = correlationChanges(reference, { features: [], values: [], pairs: [] }, own);
    expect(change?.level).toBe('insufficient');
    const flat = frameOf(
      { rows: 9, columns: { a: Array(9).fill(1), b: [1, 2, 3, 4, 5, 6, 7, 8, 9], c: Array(9).fill(null) } },
      specs,
    );
    expect(spearmanCorrelations(flat, specs).values).toEqual([null, null, null]);
  });
});
