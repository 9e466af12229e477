import { clusteredRows, type ClusteredWorld } from '../../../bench/world/clustered-rows';
import { Seeded } from '../../../bench/world/seeded';
import type { MeasurePolicy } from '../../../core/drift/compare-counts';
import { clusteredChiSquarePValue, designEffectOf } from '../../../core/drift/design-effect';
import { chiSquareSurvival } from '../../../core/drift/gamma';
import { clusterFigureOf, HOUR_MS, sizeBiasedMean } from '../../../core/drift/intraclass';
import { measureDrift } from '../../../core/drift/measure';
import { buildReferenceProfile } from '../../../core/drift/profile-build';

const policy: MeasurePolicy = {
  numeric: { method: 'psi', warn: 0.1, threshold: 0.1 },
  categorical: { method: 'js', warn: 0.1, threshold: 0.1 },
  alpha: 0.05,
  pValue: 'counts',
  minRows: 1,
  minFeatures: 1,
  minShare: 1,
};

/** Share of quiet features with p <= 0.05: plain and clustered. */
function quiet(world: Omit<ClusteredWorld, 'shift' | 'features'>, windowClusters: number, runs: number) {
  const random = new Seeded(11);
  const features = 10;
  const kind = world.categorical === true ? ('string' as const) : ('number' as const);
  const specs = Array.from({ length: features }, (_, f) => ({ name: `f${f}`, kind }));
  let plain = 0;
  let clustered = 0;
  for (let run = 0; run < runs; run++) {
    const before = clusteredRows(random, { ...world, shift: 0, features });
    const now = clusteredRows(random, { ...world, clusters: windowClusters, shift: 0, features });
    const profile = buildReferenceProfile(before.features, specs, { bins: 10, eventTime: before.occurredAt });
    const clusterBy = world.clusterHours === 1 ? 'hour' : 'day';
    const flagged = (own: Partial<MeasurePolicy>): number =>
      measureDrift(profile, now.features, specs, { ...policy, ...own }, { occurredAt: now.occurredAt }).features.filter(
        (feature) => (feature.pValue ?? 0) <= 0.05,
      ).length;
    plain += flagged({ clusterBy: 'none' });
    clustered += flagged({ clusterBy });
  }
  return { plain: plain / (runs * features), clustered: clustered / (runs * features) };
}

// 0.10 is 0.05 and more than three binomial standard errors of 200 trials.
test.each([
  ['hours that share everything (weather)', { clusterHours: 1, clusters: 336, perCluster: 8, icc: 1 }, 72],
  [
    'categories of hours that share everything',
    { clusterHours: 1, clusters: 336, perCluster: 8, icc: 1, categorical: true },
    72,
  ],
  ['days with an intraclass correlation of 0.5', { clusterHours: 24, clusters: 40, perCluster: 40, icc: 0.5 }, 7],
] as const)('200 quiet features, %s: plain p fires in most, clustered p holds 5 %%', (_, world, windowClusters) => {
  const share = quiet(world, windowClusters, 20);
  expect(share.plain).toBeGreaterThan(0.5);
  expect(share.clustered).toBeLessThanOrEqual(0.1);
});

test('the intraclass correlation is 1 when every hour has one value, about 0 when hours share nothing', () => {
  const hours = 200;
  const times = Array.from({ length: hours * 10 }, (_, i) => Math.floor(i / 10) * HOUR_MS);
  const shared = times.map((time) => (time / HOUR_MS) % 5);
  expect(clusterFigureOf(shared, 5, times, HOUR_MS)).toMatchObject({ clusters: hours, meanSize: 10 });
  expect(clusterFigureOf(shared, 5, times, HOUR_MS).icc).toBeGreaterThan(0.99);
  const random = new Seeded(1);
  const mixed = times.map(() => Math.floor(random.uniform() * 5));
  const figure = clusterFigureOf(mixed, 5, times, HOUR_MS);
  expect(figure.icc).toBeLessThan(0.01);
});

test('m̃ of clusters of 1 and 9 rows is 8.2; one cluster, or clusters of one row, have no correlation', () => {
  expect(sizeBiasedMean([1, 9])).toBeCloseTo(8.2, 12);
  expect(clusterFigureOf([0, 1, 0], 2, [0, 0, 0], HOUR_MS)).toMatchObject({ clusters: 1, icc: null });
  expect(clusterFigureOf([0, 1], 2, [0, HOUR_MS], HOUR_MS)).toMatchObject({ clusters: 2, icc: null });
});

test('equal clusters of 10 that share everything make 1,000 rows 100, and p that of X²/10', () => {
  const figure = { clusters: 100, meanSize: 10, icc: 1, iccSquare: 1 };
  const effect = designEffectOf(figure, { reference: 1000, current: 1000 }, 10, 9);
  expect(effect).toMatchObject({ mean: 10, variation: 0, referenceRows: 100, currentRows: 100 });
  expect(clusteredChiSquarePValue(120, 9, effect)).toBeCloseTo(chiSquareSurvival(12, 9), 14);
});

test('p of X² with 2.5 degrees of freedom lies between those with 2 and 3, down to 1e-200', () => {
  for (const x of [0.1, 1, 4, 30, 900]) {
    const p = chiSquareSurvival(x, 2.5);
    expect(p).toBeGreaterThan(chiSquareSurvival(x, 2));
    expect(p).toBeLessThan(chiSquareSurvival(x, 3));
  }
});

test.each([
  ['a reference without event times', {}, 200],
  [
    'a reference of 10 hours where 30 are needed',
    { eventTime: Array.from({ length: 400 }, (_, i) => (i % 10) * HOUR_MS) },
    200,
  ],
  [
    'a window of 3 hours where 7 are needed',
    { eventTime: Array.from({ length: 400 }, (_, i) => (i % 50) * HOUR_MS) },
    3,
  ],
  ['a window without event times', { eventTime: Array.from({ length: 400 }, (_, i) => (i % 50) * HOUR_MS) }, 0],
])('clusterBy hour with %s: insufficient, and the reason says so', (_, options, hours) => {
  const specs = [{ name: 'x', kind: 'number' as const }];
  const x = Array.from({ length: 400 }, (__, i) => (i * 7) % 400);
  const profile = buildReferenceProfile({ rows: 400, columns: { x } }, specs, { bins: 10, ...options });
  const times = hours === 0 ? {} : { occurredAt: x.map((__, i) => (i % hours) * HOUR_MS) };
  const measured = measureDrift(profile, { rows: 400, columns: { x } }, specs, { ...policy, clusterBy: 'hour' }, times);
  expect(measured.verdict).toBe('insufficient');
  expect(measured.features[0]?.reason.text).toMatch(/event times|needs (30|7)/);
});
