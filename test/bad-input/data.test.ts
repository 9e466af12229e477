import { createRetrainActivities } from '../../activities/retrain';
import { createWatchActivities } from '../../activities/watch';
import { RatchetError } from '../../core/errors';
import type { FeatureValue } from '../../core/model';
import type { Snapshot, TrainingRows } from '../../core/ports';
import type { ActivityPorts } from '../../activities';
import { failureOf, MODEL, POLICY, run, ServingWorld, silent } from './serving-world';

const DAY_MS = 86_400_000;
const END = Date.UTC(2026, 0, 1);
const ROWS = 900;

const world = new ServingWorld();
beforeAll(() => world.start());
afterAll(() => world.stop());

type Columns = Record<string, readonly FeatureValue[]>;
const GOOD: Columns = {
  amount: Array.from({ length: ROWS }, (_, i) => (i % 97) / 97),
  colour: Array.from({ length: ROWS }, (_, i) => ['red', 'blue', 'green'][i % 3] as string),
};
const SNAPSHOT: Snapshot = {
  digest: 'd'.repeat(64),
  uri: '/nowhere.parquet',
  rows: ROWS,
  columns: [],
  from: END - 90 * DAY_MS,
  to: END,
  asOf: END,
};

/** Ten rows a day, the last 90 days. */
function trainingRows(columns: Columns, rows = ROWS): TrainingRows {
  const eventTime = Array.from({ length: rows }, (_, i) => END - 90 * DAY_MS + Math.floor(i / 10) * DAY_MS);
  return {
    features: { rows, columns },
    target: eventTime.map((_, i) => (i % 2 === 0 ? 'no' : 'yes')),
    eventTime,
    cluster: eventTime.map((ms) => new Date(ms).toISOString().slice(0, 10)),
  };
}

function retrainOn(rows: TrainingRows | RatchetError): ReturnType<typeof createRetrainActivities> {
  const give = async <T>(value: T): Promise<T> => {
    if (rows instanceof RatchetError) throw rows;
    return value;
  };
  const ports = {
    ...world,
    training: { takeSnapshot: () => give(SNAPSHOT), readSnapshot: () => give(rows) },
    logger: silent,
    clock: { now: () => END },
    codeVersion: 'test',
  };
  return createRetrainActivities(ports as unknown as ActivityPorts);
}

const prepare = (rows: TrainingRows): ReturnType<ReturnType<typeof createRetrainActivities>['prepareTraining']> =>
  run(() => retrainOn(rows).prepareTraining({ model: MODEL, policy: POLICY, champion: '1', snapshot: SNAPSHOT }));

describe('training data that must not be trained on', () => {
  const { amount = [], colour = [] } = GOOD;

  it('good rows pass, so that the refusals below are not for nothing', async () => {
    const prepared = await world.unharmed(() => prepare(trainingRows(GOOD)));
    expect(prepared).toMatchObject({ verdict: 'pass', rows: ROWS });
    expect(prepared.holdoutClusters.length).toBeGreaterThan(4);
  });

  const bad: readonly [what: string, columns: Columns, code: string, text: RegExp][] = [
    [
      'a renamed column',
      { amount_eur: amount, colour },
      'quality.missingColumn',
      /column "amount" is missing; probably renamed to "amount_eur"/,
    ],
    ['an all-null feature', { amount: amount.map(() => null), colour }, 'quality.allNull', /amount/],
    ['text in a number column', { amount: ['12 min', ...amount.slice(1)], colour }, 'quality.type', /amount/],
    ['NaN', { amount: [NaN, ...amount.slice(1)], colour }, 'quality.notFinite', /amount/],
    [
      'a third of a feature null',
      { amount, colour: colour.map((v, i) => (i % 3 === 0 ? null : v)) },
      'quality.nullShare',
      /colour/,
    ],
  ];

  it.each(bad)('%s fails the validation with its reason', async (_, columns, code, text) => {
    const prepared = await world.unharmed(() => prepare(trainingRows(columns)));
    expect(prepared.verdict).toBe('fail');
    const reason = prepared.reasons.find((r) => r.code === code);
    expect(reason?.text).toMatch(text);
  });

  it('a window of 0 rows is inconclusive, never a pass', async () => {
    const prepared = await world.unharmed(() => prepare(trainingRows({ amount: [], colour: [] }, 0)));
    expect(prepared).toMatchObject({ verdict: 'inconclusive', holdoutClusters: [] });
    expect(prepared.reasons.map((r) => r.code)).toEqual(['quality.rowCount', 'gate.holdout']);
  });

  it.each([
    ['RATCHET_WINDOW_EMPTY', 'the training query of late returned no row'],
    ['RATCHET_COLUMN_MISSING', 'the training query returns no column amount'],
    ['RATCHET_COLUMN_TYPE', 'column amount is of type text'],
    ['RATCHET_QUERY_INVALID', 'the training query fails'],
  ] as const)('%s from the source reaches the workflow as it is, not to be retried', async (code, message) => {
    const failure = await world.unharmed(() =>
      failureOf(() =>
        retrainOn(new RatchetError(code, message)).takeSnapshot({ policy: POLICY, from: 0, to: END, asOf: END }),
      ),
    );
    expect([failure.type, failure.nonRetryable]).toEqual([code, true]);
    expect(failure.message).toContain(message);
  });
});

describe('a drift window of 0 rows', () => {
  it('is insufficient and does not count as a breach', async () => {
    const watch = createWatchActivities({
      ...world,
      tracking: {},
      workflows: {},
      clock: { now: () => END },
      codeVersion: 'test',
      logger: silent,
    } as unknown as ActivityPorts);
    const result = await run(() =>
      watch.evaluateWindow({
        model: MODEL,
        policy: POLICY,
        window: { version: '1', start: 0, end: 7 * DAY_MS },
        workflowId: 'drift/late',
        key: 'drift/late:1:evaluate',
      }),
    );
    expect(result.outcome).toBe('insufficient');
    expect(result.report).toMatchObject({ breached: false, driftScore: null });
    expect(result.report.reasons.map((r) => r.code)).toContain('quality.rowCount');
    expect((await world.routes.getRoute(MODEL))?.generation).toBe(1);
    await world.expectChampion();
  });
});
