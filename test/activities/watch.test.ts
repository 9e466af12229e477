import { MockActivityEnvironment } from '@temporalio/testing';
import { createWatchActivities } from '../../activities/watch';
import {
  MemoryDatabase,
  MemoryDecisionStore,
  MemoryEvaluationStore,
  MemoryLabelStore,
  MemoryModelStore,
  MemoryPredictionReader,
  MemoryPredictionSink,
  MemoryProfileStore,
  MemoryQualityStatistics,
  MemoryRouteStore,
  MemoryWindowStatistics,
} from '../../adapters/memory';
import type { PredictionRecord } from '../../core/ports';
import { buildReferenceProfile } from '../../core/drift/profile-build';
import type { FeatureColumns, ModelContract, VersionRecord } from '../../core/model';
import { testPolicy } from '../workflows/fixtures';

const DAY = 86_400_000;

/** A window of `rows` rows: x shifted by `shift`, and answers of which the share `wrong` is wrong. */
interface Shape {
  readonly rows: number;
  readonly shift: number;
  readonly wrong: number;
  readonly labelled: number;
}

const columnsOf = (rows: number, shift: number): FeatureColumns => ({
  rows,
  columns: {
    x: Array.from({ length: rows }, (_, i) => ((i * 37) % 1000) / 1000 + shift),
    c: Array.from({ length: rows }, (_, i) => ['a', 'b', 'c'][i % 3] as string),
  },
});

const CONTRACT: ModelContract = {
  task: 'binary',
  features: [
    { name: 'x', kind: 'number' },
    { name: 'c', kind: 'string' },
  ],
  layout: 'columns',
  classes: ['no', 'yes'],
  threshold: 0.5,
};
const idOf = (i: number): string => `01890000-0000-7000-8000-${i.toString(16).padStart(12, '0')}`;

/** The rows of the shape, served, and the labels that have come. */
async function serve(db: MemoryDatabase, { rows, shift, wrong, labelled }: Shape): Promise<void> {
  const at = (share: number, i: number): boolean => ((i * 61) % 1000) / 1000 < share;
  const { x, c } = columnsOf(rows, shift).columns as { x: number[]; c: string[] };
  await new MemoryPredictionSink(db).write(
    Array.from({ length: rows }, (_, i): PredictionRecord => ({
      id: idOf(i),
      model: 'late',
      version: '1',
      arm: 'champion',
      pairId: null,
      receivedAt: i,
      occurredAt: 7 * DAY - 1 - (i % DAY),
      key: null,
      numbers: [x[i]!],
      strings: [c[i]!],
      score: i % 2 === 0 ? 0.9 : 0.1,
      label: i % 2 === 0 ? 'yes' : 'no',
      probabilities: null,
      latencyUs: 100,
      error: null,
      run: null,
      step: null,
      weight: null,
      generation: 1,
    })),
  );
  const labels = Array.from({ length: rows }, (_, i) => ({
    predictionId: idOf(i),
    value: (i % 2 === 0) !== at(wrong, i) ? 'yes' : 'no',
    observedAt: 7 * DAY,
  })).filter((_, i) => !at(1 - labelled, i + 7));
  await new MemoryLabelStore(db).saveLabels('late', labels, 0);
}

/** `references`: shifts of profiles that the version is given, the first before the check and the others before its retry. */
async function check(shape: Shape, overrides: Record<string, unknown> = {}, references: readonly number[] = []) {
  const policy = testPolicy({ drift: { minFeatures: 1 }, ...overrides });
  const db = new MemoryDatabase({ now: () => 1 });
  const models = new MemoryModelStore(db);
  await models.saveVersion({
    model: 'late',
    version: '1',
    sha256: '1'.padStart(64, '0'),
    artifactUri: 'a',
    contract: CONTRACT,
    golden: {} as VersionRecord['golden'],
    holdoutMetrics: { logLoss: 0.15, auc: 0.95, accuracy: 0.95 },
    referenceProfile: buildReferenceProfile(columnsOf(3000, 0), policy.features, { bins: policy.drift.numeric.bins }),
    mlflow: { runId: null, modelId: null },
    blessings: [],
    createdAt: 1,
    origin: 'test',
  });
  await serve(db, shape);
  const evaluations = new MemoryEvaluationStore(db);
  const ports = {
    models,
    evaluations,
    routes: new MemoryRouteStore(db),
    decisions: new MemoryDecisionStore(db),
    predictions: new MemoryPredictionReader(db),
    statistics: new MemoryWindowStatistics(db),
    quality: new MemoryQualityStatistics(db),
    profiles: new MemoryProfileStore(db),
    clock: { now: () => 1 },
    codeVersion: 'test',
  };
  const { evaluateWindow } = createWatchActivities(ports as never);
  const evaluate = (): ReturnType<typeof evaluateWindow> => new MockActivityEnvironment().run(evaluateWindow, input);
  const input = {
    model: 'late',
    policy,
    window: { version: '1', start: 0, end: 7 * DAY },
    workflowId: 'drift/late',
    key: 'k',
  };
  const given: string[] = [];
  const give = async (shift: number): Promise<void> => {
    const profile = buildReferenceProfile(columnsOf(3000, shift), policy.features, { bins: 10 });
    given.push((await ports.profiles.saveProfile('late', '1', profile)).digest);
  };
  for (const shift of references.slice(0, 1)) await give(shift);
  const evaluated = await evaluate();
  for (const shift of references.slice(1)) await give(shift);
  const again = await evaluate();
  const [decision] = await ports.decisions.list('late', { kind: 'drift' });
  expect(await evaluations.listEvaluations('late')).toHaveLength(1);
  expect(await ports.decisions.list('late')).toHaveLength(1);
  return { evaluated, again, decision, given };
}

const performance = {
  rules: [{ metric: 'logLoss', kind: 'ratioToHoldout', bound: 1.5, withConfidence: false }],
  minLabelled: 100,
  minCoverage: 0.5,
};

describe('evaluateWindow', () => {
  it('says noDrift for 3000 rows like the reference with 2 % wrong answers, with a passing record', async () => {
    const { evaluated, decision } = await check({ rows: 3000, shift: 0, wrong: 0.02, labelled: 1 }, { performance });
    expect(evaluated).toMatchObject({ outcome: 'noDrift', driftedFeatures: [], report: { breached: false } });
    expect(decision).toMatchObject({ verdict: 'pass', evidence: { rows: 3000, codeVersion: 'test' } });
  });

  it('reports the digest of the stored reference that it measured against, and a retry after a new one reports the same', async () => {
    const shape = { rows: 3000, shift: 0, wrong: 0.02, labelled: 1 };
    const { evaluated, again, given } = await check(shape, { performance }, [0, 0.5]);
    expect(given[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(given[1]).not.toBe(given[0]);
    expect(evaluated.report.reference).toBe(given[0]);
    expect(again.report).toEqual(evaluated.report);
    expect((await check(shape, { performance })).evaluated.report.reference).toBeNull();
  });

  it('says breach when x moved by half its range and 40 % of the answers are wrong', async () => {
    const { evaluated, decision } = await check({ rows: 3000, shift: 0.5, wrong: 0.4, labelled: 1 }, { performance });
    expect(evaluated).toMatchObject({ outcome: 'breach', driftedFeatures: ['x'], report: { breached: true } });
    expect(evaluated.report.driftScore).toBeGreaterThan(0.25);
    expect(decision?.verdict).toBe('fail');
  });

  it('only warns when x moved and the answers stay right, under the rule that wants both', async () => {
    const { evaluated } = await check(
      { rows: 3000, shift: 0.5, wrong: 0.02, labelled: 1 },
      { performance, triggers: { require: 'driftAndPerformance' } },
    );
    expect(evaluated).toMatchObject({ outcome: 'warn', report: { breached: false } });
  });

  it.each([
    ['without a label', { rows: 3000, shift: 0, wrong: 0, labelled: 0 }],
    ['with 5 rows', { rows: 5, shift: 0, wrong: 0, labelled: 1 }],
  ])('never passes %s: it breaches nothing and the record does not say pass', async (_, shape) => {
    const { evaluated, decision } = await check(shape, { performance });
    expect(['insufficient', 'dataInvalid']).toContain(evaluated.outcome);
    expect(evaluated.report.breached).toBe(false);
    expect(decision?.verdict).not.toBe('pass');
  });

  it('never passes an empty window', async () => {
    const { evaluated, decision } = await check({ rows: 0, shift: 0, wrong: 0, labelled: 1 }, { performance });
    expect(['insufficient', 'dataInvalid']).toContain(evaluated.outcome);
    expect(decision?.verdict).not.toBe('pass');
  });
});
