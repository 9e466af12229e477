/** The activities of a drift check on real PostgreSQL against the same activities on the fakes: the same rows, the same measurement. */
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Pool } from 'pg';
import { createWatchActivities, type CheckWindow, type EvaluateWindowResult } from '../../activities/watch';
import * as memory from '../../adapters/memory';
import * as postgres from '../../adapters/postgres';
import { buildReferenceProfile } from '../../core/drift/profile-build';
import { buildEstimateReference } from '../../core/estimate';
import type { Policy } from '../../core/policy';
import type { PredictionRecord } from '../../core/ports';
import { idAt, prediction, version } from '../conformance/samples';
import { openMigratedDatabase } from '../conformance/stores';
import { testPolicy } from '../workflows/fixtures';

const HOUR = 3_600_000;
const WEEK = 7 * 24 * HOUR;
/** A Thursday at 0:00 UTC, as the grid's anchor. */
const START = Date.UTC(2026, 0, 1);
const A_WEEK = 700;

const features = [
  { name: 'x', kind: 'number' },
  { name: 'c', kind: 'string' },
] as const;
const contract = { task: 'binary', features, layout: 'columns', classes: ['no', 'yes'], threshold: 0.5 } as const;

/** Multiples of 1/64: the log keeps float32, and PostgreSQL gives a float32's extremes as their shortest decimals. */
const xOf = (i: number): number => ((i * 37) % 64) / 64 + (i >= 2 * A_WEEK ? 0.5 : 0);
const cOf = (i: number): string => ['a', 'b', 'c'][i % 3]!;
const scoreOf = (i: number): number => Math.fround(((i * 61) % 100) / 100);
const answerOf = (i: number): 'yes' | 'no' => (scoreOf(i) >= 0.5 ? 'yes' : 'no');
const truthOf = (i: number): 'yes' | 'no' =>
  (i * 29) % 100 < 15 ? (answerOf(i) === 'yes' ? 'no' : 'yes') : answerOf(i);

const predictions: readonly PredictionRecord[] = Array.from({ length: 3 * A_WEEK }, (_, i) => {
  const at = START + Math.floor((i * WEEK) / A_WEEK);
  return prediction({
    id: idAt(at),
    model: 'late',
    version: '1',
    receivedAt: at,
    occurredAt: at,
    numbers: [i % 97 === 0 ? null : xOf(i)],
    strings: [cOf(i)],
    score: scoreOf(i),
    label: answerOf(i),
  });
});

const policy: Policy = testPolicy({
  drift: { window: '7d', anchor: '2026-01-01T00:00:00Z', minFeatures: 1, prediction: 'warn' },
  eventTime: { labelHorizon: '0s', allowedLateness: '0s' },
  performance: {
    rules: [{ metric: 'accuracy', kind: 'absolute', bound: 0.6, withConfidence: false }],
    minLabelled: 100,
    minCoverage: 0.5,
    estimate: 'warn',
    recompute: '30d',
    slices: ['c'],
    detectors: [
      { detector: 'ddm', action: 'warn' },
      { detector: 'adwin', action: 'warn' },
    ],
  },
});

const referenceRows = Array.from({ length: A_WEEK * 2 }, (_, i) => i);
const truths = referenceRows.map(truthOf);
const scores = referenceRows.map(scoreOf);
const profile = {
  ...buildReferenceProfile(
    { rows: referenceRows.length, columns: { x: referenceRows.map(xOf), c: referenceRows.map(cOf) } },
    features,
    { bins: 10, prediction: scores, target: truths, correlations: true, importance: { x: 2, c: 1 } },
  ),
  estimate: buildEstimateReference(
    scores,
    referenceRows.map((i) => (answerOf(i) === 'yes' ? 1 : 0)),
    truths.map((t) => (t === 'yes' ? 1 : 0)),
  ),
};

interface Side {
  readonly activities: ReturnType<typeof createWatchActivities>;
  readonly ports: ReturnType<typeof memoryPorts> | ReturnType<typeof postgresPorts>;
}

function memoryPorts() {
  const clock = { now: () => Date.now() };
  const db = new memory.MemoryDatabase(clock);
  return {
    clock,
    models: new memory.MemoryModelStore(db),
    routes: new memory.MemoryRouteStore(db),
    decisions: new memory.MemoryDecisionStore(db),
    sink: new memory.MemoryPredictionSink(db),
    labels: new memory.MemoryLabelStore(db),
    predictions: new memory.MemoryPredictionReader(db),
    evaluations: new memory.MemoryEvaluationStore(db),
    statistics: new memory.MemoryWindowStatistics(db),
    quality: new memory.MemoryQualityStatistics(db),
    profiles: new memory.MemoryProfileStore(db),
    codeVersion: 'test',
  };
}

function postgresPorts(pool: Pool) {
  return {
    clock: { now: () => Date.now() },
    models: new postgres.PostgresModelStore(pool),
    routes: new postgres.PostgresRouteStore(pool),
    decisions: new postgres.PostgresDecisionStore(pool),
    sink: new postgres.PostgresPredictionSink(pool),
    labels: new postgres.PostgresLabelStore(pool),
    predictions: new postgres.PostgresPredictionReader(pool),
    evaluations: new postgres.PostgresEvaluationStore(pool),
    statistics: new postgres.PostgresWindowStatistics(pool),
    quality: new postgres.PostgresQualityStatistics(pool),
    profiles: new postgres.PostgresProfileStore(pool),
    codeVersion: 'test',
  };
}

async function open(ports: Side['ports']): Promise<Side> {
  const by = { actor: 'test', reason: 'test' };
  await ports.models.saveModel(policy, by);
  await ports.models.saveVersion(
    version({ contract, golden: { features: { rows: 0, columns: {} }, scores: [], labels: [] } }),
  );
  await ports.profiles.saveProfile('late', '1', profile);
  await ports.routes.changeRoute('late', { kind: 'adopt', version: '1' }, null, {
    ...by,
    key: 'adopt',
    model: 'late',
    version: '1',
    kind: 'route.adopt',
    verdict: null,
    reasons: [],
    evidence: {},
    workflowId: null,
  });
  await ports.sink.write(predictions);
  await label(ports, 0, A_WEEK * 3 - 300);
  return { ports, activities: createWatchActivities(ports as never) };
}

const label = (ports: Side['ports'], from: number, to: number) =>
  ports.labels.saveLabels(
    'late',
    predictions
      .slice(from, to)
      .map((p, k) => ({ predictionId: p.id, value: truthOf(from + k), observedAt: p.occurredAt + HOUR })),
    0,
  );

const nextWindow = ({ activities }: Side): Promise<CheckWindow | null> =>
  new MockActivityEnvironment().run(activities.nextCheckWindow, { model: 'late', policy });

const evaluate = ({ activities }: Side, window: CheckWindow): Promise<EvaluateWindowResult> =>
  new MockActivityEnvironment().run(activities.evaluateWindow, {
    model: 'late',
    policy,
    window,
    workflowId: 'drift/late',
    key: `check ${window.start}/${window.revision ?? 1}`,
  });

/** The same structure; numbers within 1e-9 (relative above 1). Says where they differ. */
function differences(a: unknown, b: unknown, at = ''): string[] {
  if (typeof a === 'number' && typeof b === 'number') {
    return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a)) ? [] : [`${at}: ${a} and ${b}`];
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return a === b ? [] : [`${at}: ${JSON.stringify(a)} and ${JSON.stringify(b)}`];
  }
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((key) =>
    differences((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], `${at}/${key}`),
  );
}

describe('a drift check on PostgreSQL and on the fakes', () => {
  let pool: Pool;
  let close: () => Promise<void>;
  let real: Side;
  let fake: Side;

  beforeAll(async () => {
    const database = await openMigratedDatabase();
    ({ pool, close } = database);
    real = await open(postgresPorts(pool));
    fake = await open(memoryPorts());
  });
  afterAll(() => close?.());

  it('measures the two complete ones of three weeks of 700 rows each equal to 1e-9', async () => {
    for (const week of [0, 1]) {
      const window = await nextWindow(real);
      expect(window).toEqual({ version: '1', start: START + week * WEEK, end: START + (week + 1) * WEEK });
      expect(await nextWindow(fake)).toEqual(window);
      const [a, b] = [await evaluate(real, window!), await evaluate(fake, window!)];
      expect(differences(a, b)).toEqual([]);
    }
    const [a, b] = [
      await real.ports.evaluations.listEvaluations('late'),
      await fake.ports.evaluations.listEvaluations('late'),
    ];
    expect(a).toHaveLength(2);
    expect(a[0]?.measurement).toMatchObject({
      rows: 700,
      profileDigest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      performance: { labelled: 700 },
      estimate: { estimate: { rows: 700 } },
      detectors: { total: 3 * A_WEEK - 300 },
      drift: { prediction: { name: expect.any(String) as string } },
      target: { kind: 'string' },
    });
    a.forEach((record, i) => expect(differences(record.measurement, b[i]?.measurement)).toEqual([]));
  });

  it('keeps the counts of 336 hours, and counts none anew when the windows are measured again', async () => {
    const kept = async () =>
      (
        await pool.query<{ hour: Date; counted_at: Date }>(
          'SELECT hour, counted_at FROM ratchet.window_partials ORDER BY hour',
        )
      ).rows;
    const before = await kept();
    expect(before).toHaveLength(336);
    await evaluate(real, { version: '1', start: START, end: START + WEEK });
    await evaluate(real, { version: '1', start: START + WEEK, end: START + 2 * WEEK });
    expect(await kept()).toEqual(before);
  });

  it('asks for revision 2 once a label of the second week is corrected, and then for nothing', async () => {
    const i = A_WEEK + 5;
    for (const side of [real, fake]) {
      expect(await nextWindow(side)).toBeNull();
      // Not in the same millisecond as the evaluation.
      const { at } = (await side.ports.evaluations.listEvaluations('late')).at(-1)!;
      while (Date.now() <= at + 1) await new Promise((resolve) => setImmediate(resolve));
      const value = truthOf(i) === 'yes' ? 'no' : 'yes';
      await side.ports.labels.saveLabels(
        'late',
        [{ predictionId: predictions[i]!.id, value, observedAt: START, correction: true }],
        0,
      );
      while (Date.now() <= at + 10) await new Promise((resolve) => setImmediate(resolve));
      const window = await nextWindow(side);
      expect(window).toEqual({ version: '1', start: START + WEEK, end: START + 2 * WEEK, revision: 2 });
      expect((await evaluate(side, window!)).report).toMatchObject({ revision: 2 });
      expect(await nextWindow(side)).toBeNull();
      expect(await side.ports.decisions.list('late', { kind: 'drift' })).toHaveLength(3);
    }
    const [a, b] = [
      (await real.ports.evaluations.listEvaluations('late')).at(-1)!,
      (await fake.ports.evaluations.listEvaluations('late')).at(-1)!,
    ];
    expect(a).toMatchObject({ revision: 2, measurement: { detectors: { total: 3 * A_WEEK - 300 } } });
    expect(differences(a.measurement, b.measurement)).toEqual([]);
  });
});
