import { MockActivityEnvironment } from '@temporalio/testing';
import { createWatchActivities } from '../../activities/watch';
import {
  MemoryDatabase,
  MemoryDecisionStore,
  MemoryEvaluationStore,
  MemoryModelStore,
  MemoryRouteStore,
} from '../../adapters/memory';
import type { WindowRows } from '../../core/ports';
import { buildReferenceProfile } from '../../core/drift/profile-build';
import type { FeatureColumns, VersionRecord } from '../../core/model';
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

function windowOf({ rows, shift, wrong, labelled }: Shape): WindowRows {
  const at = (share: number, i: number): boolean => ((i * 61) % 1000) / 1000 < share;
  return {
    features: columnsOf(rows, shift),
    occurredAt: Array.from({ length: rows }, (_, i) => 7 * DAY - 1 - (i % DAY)),
    scores: Array.from({ length: rows }, (_, i) => (i % 2 === 0 ? 0.9 : 0.1)),
    labels: Array.from({ length: rows }, (_, i) => (i % 2 === 0 ? 'yes' : 'no')),
    truths: Array.from({ length: rows }, (_, i) =>
      at(1 - labelled, i + 7) ? null : (i % 2 === 0) !== at(wrong, i) ? 'yes' : 'no',
    ),
    versions: Array.from({ length: rows }, () => '1'),
  };
}

async function check(shape: Shape, overrides: Record<string, unknown> = {}) {
  const policy = testPolicy({ drift: { minFeatures: 1 }, ...overrides });
  const db = new MemoryDatabase({ now: () => 1 });
  const models = new MemoryModelStore(db);
  await models.saveVersion({
    model: 'late',
    version: '1',
    sha256: '1'.padStart(64, '0'),
    artifactUri: 'a',
    contract: {} as VersionRecord['contract'],
    golden: {} as VersionRecord['golden'],
    holdoutMetrics: { logLoss: 0.15, auc: 0.95, accuracy: 0.95 },
    referenceProfile: buildReferenceProfile(columnsOf(3000, 0), policy.features, { bins: policy.drift.numeric.bins }),
    mlflow: { runId: null, modelId: null },
    blessings: [],
    createdAt: 1,
    origin: 'test',
  });
  const evaluations = new MemoryEvaluationStore(db);
  const ports = {
    models,
    evaluations,
    routes: new MemoryRouteStore(db),
    decisions: new MemoryDecisionStore(db),
    predictions: { readWindow: async () => windowOf(shape) },
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
  const evaluated = await evaluate();
  await evaluate();
  const [decision] = await ports.decisions.list('late', { kind: 'drift' });
  expect(await evaluations.listEvaluations('late')).toHaveLength(1);
  expect(await ports.decisions.list('late')).toHaveLength(1);
  return { evaluated, decision };
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
