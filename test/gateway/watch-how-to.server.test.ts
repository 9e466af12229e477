import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readCsvBytes } from '../../adapters/csv';
import {
  createPool,
  migrate,
  PostgresEvaluationStore,
  PostgresLabelStore,
  PostgresModelStore,
  PostgresPredictionReader,
  PostgresPredictionSink,
  PostgresProfileStore,
  PostgresQualityStatistics,
  PostgresTriggerInbox,
  PostgresWindowStatistics,
} from '../../adapters/postgres';
import { EchartsReportRenderer } from '../../adapters/report';
import type { Gateway } from '../../gateway';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { temporaryFolder } from '../setup/temporary-folder';
import { FakeWorld, until } from './fakes';

const HOW_TO = join(__dirname, '..', '..', 'docs', 'how-to', 'watch-a-model-served-elsewhere.md');
const DAY = Date.parse('2026-03-01T00:00:00Z');
const ROWS = 400;

/** The fenced `sh` blocks of the page, in order. */
const commands = [...readFileSync(HOW_TO, 'utf8').matchAll(/^```sh\n(.*?)^```$/gms)].map((match) => match[1] ?? '');

const leaves = (i: number): boolean => i % 3 === 0;
const score = (i: number): number => (leaves(i) === (i % 10 !== 9) ? 0.8 : 0.2);
const plan = (i: number): string => ['basic', 'gold', 'silver'][(i * 5) % 3] ?? '';
const at = (i: number): string => new Date(DAY + ((i * 997) % 86_400) * 1000).toISOString();

describe('docs/how-to/watch-a-model-served-elsewhere.md, command by command, on PostgreSQL', () => {
  const folder = temporaryFolder('watch-how-to');
  const world = new FakeWorld();
  let database: TestDatabase;
  let pool: ReturnType<typeof createPool>;
  let gateway: Gateway;
  let url: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = createPool(database.url, { applicationName: 'watch-how-to' });
    await migrate(pool);
    world.now = Date.now();
    gateway = world.gateway({
      ports: {
        ...world.ports,
        labels: new PostgresLabelStore(pool),
        sink: new PostgresPredictionSink(pool),
        watch: {
          models: new PostgresModelStore(pool),
          profiles: new PostgresProfileStore(pool),
          statistics: new PostgresWindowStatistics(pool),
          quality: new PostgresQualityStatistics(pool),
          predictions: new PostgresPredictionReader(pool),
          evaluations: new PostgresEvaluationStore(pool),
          triggers: new PostgresTriggerInbox(pool),
          readTable: (bytes) => readCsvBytes(bytes, { name: "the request's body" }),
          secretOf: () => undefined,
          renderReport: (report) => new EchartsReportRenderer().renderDrift(report),
        },
      },
    });
    ({ url } = await gateway.start());
    const training = Array.from({ length: 1000 }, (_, i) =>
      [20 + ((i * 7) % 50), plan(i), score(i), leaves(i) ? 'leaves' : 'stays', at(i)].join(','),
    );
    writeFileSync(join(folder, 'training.csv'), ['age,plan,score,truth,at', ...training].join('\n'));
    const rows = Array.from({ length: ROWS }, (_, i) =>
      // twenty years older than those it learned from
      ({ id: `order-${i}`, occurredAt: at(i), features: { age: 40 + ((i * 7) % 50), plan: plan(i) }, score: score(i) }),
    );
    writeFileSync(join(folder, 'rows.ndjson'), rows.map((row) => JSON.stringify(row)).join('\n'));
    const labels = rows.map(({ id }, i) => ({ id, value: leaves(i) ? 'leaves' : 'stays' }));
    writeFileSync(join(folder, 'labels.json'), JSON.stringify({ labels }));
  });
  afterAll(async () => {
    await gateway?.stop();
    await pool?.end();
    await database?.drop();
  });

  /** What the block prints, an answer an entry. */
  async function run(block: number): Promise<readonly Record<string, unknown>[]> {
    const script = (commands[block] ?? 'exit 9').replaceAll('localhost:8080', url);
    const { stdout } = await promisify(execFile)('bash', ['-euc', script.replace(/^curl/gm, 'echo; curl')], {
      cwd: folder,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it('has six blocks of commands', () => {
    expect(commands).toHaveLength(6);
  });

  it('registers version 1 and freezes 1000 rows as its reference', async () => {
    expect(await run(0)).toMatchObject([{ model: 'churn', servedBy: 'elsewhere', version: '1' }]);
    expect(await run(1)).toMatchObject([
      { rows: 1000, hasEventTime: true, hasPrediction: true, hasTarget: true, version: '1' },
    ]);
  });

  it('takes 400 rows, and 400 labels by the ids of the caller', async () => {
    expect(await run(2)).toMatchObject([{ accepted: ROWS, version: '1' }]);
    const [answer] = await run(3);
    const outcomes = (answer?.['outcomes'] as { outcome: string }[]).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(new Array<string>(ROWS).fill('accepted'));
    const reader = new PostgresPredictionReader(pool);
    await until(async () => (await reader.latestOccurredAt('churn')) !== null, 'the log drains');
  });

  it('finds the drift of age, sound data, 90 % accuracy and a report of one page', async () => {
    const [drift, quality, performance] = await run(4);
    expect(drift).toMatchObject({ verdict: 'drift', rows: ROWS, measurement: { driftedFeatures: ['age'] } });
    expect(quality).toMatchObject({ rows: ROWS, verdict: expect.stringMatching(/^(pass|fail|inconclusive)$/) });
    expect(performance).toMatchObject({ rows: ROWS, labelled: ROWS, coverage: 1 });
    const { metrics } = performance?.['measurement'] as { metrics: { name: string; value: number }[] };
    expect(metrics.find(({ name }) => name === 'accuracy')?.value).toBeCloseTo(0.9, 12);
    const html = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(html.toLowerCase()).toContain('<!doctype html>');
    expect(html.length).toBeLessThan(200_000);
  });

  it('keeps the alert in the inbox, once however often it comes', async () => {
    const [first, list] = await run(5);
    expect(first).toMatchObject({ added: 1, duplicate: false });
    expect(list?.['triggers']).toMatchObject([
      { source: 'alertmanager', reason: 'ChurnErrorsHigh: a fifth of the answers is wrong', takenBy: null },
    ]);
    const [again, same] = await run(5);
    expect(again).toMatchObject({ added: 0, duplicate: true });
    expect(same).toEqual(list);
    expect(await new PostgresTriggerInbox(pool).listWaiting('churn', 10)).toHaveLength(1);
  });
});
