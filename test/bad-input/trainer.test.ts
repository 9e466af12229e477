import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createTrainActivities } from '../../activities/train';
import type { ActivityPorts } from '../../activities';
import { Fixture } from '../adapters/trainer/trainer-fixture';
import { failureOf, POLICY, ServingWorld, silent } from './serving-world';

const world = new ServingWorld();
beforeAll(() => world.start());
afterAll(() => world.stop());

let fixture: Fixture;
beforeEach(() => {
  fixture = new Fixture();
});
afterEach(() => fixture.close());

type Row = readonly [what: string, source: string, code: string, retried: boolean, message: RegExp];

const METRICS = `metrics: { logLoss: 0.3 }, params: {}, versions: {}, importance: {}, device: 'cpu', seconds: 1`;
const bad: readonly Row[] = [
  [
    'exits 1',
    `console.error('MemoryError: 12 GB'); process.exitCode = 1;`,
    'RATCHET_TRAINER_FAILED',
    false,
    /The trainer ended with exit code 1: MemoryError: 12 GB/,
  ],
  [
    'hangs',
    `say({ progress: 0.1 }); setInterval(() => undefined, 1000);`,
    'RATCHET_TRAINER_HUNG',
    true,
    /0\.5 s|500 ms/,
  ],
  [
    'prints garbage and writes no result',
    `process.stdout.write(Buffer.alloc(100_000, 200)); console.log('{"progress": "half"}');`,
    'RATCHET_TRAINER_OUTPUT',
    false,
    /result\.json cannot be read/,
  ],
  ['writes garbage as its result', `result('%%%');`, 'RATCHET_TRAINER_OUTPUT', false, /result\.json cannot be read/],
  [
    'writes a metric that is text',
    `result({ ${METRICS.replace('0.3', "'low'")} });`,
    'RATCHET_TRAINER_OUTPUT',
    false,
    /result\.metrics\.logLoss is "low"/,
  ],
  ['writes no model', `result({ ${METRICS} });`, 'RATCHET_TRAINER_OUTPUT', false, /result\.model/],
  ['is interrupted', `process.exit(75);`, 'RATCHET_TRAINER_PREEMPTED', true, /interrupted|exit code 75/],
];

it.each(bad)(
  'a trainer that %s fails the fit with its code, and the champion serves',
  async (_, source, code, retried, message) => {
    const trainer = fixture.make({ killGraceMs: 100 });
    const slots: string[] = [];
    const train = createTrainActivities({
      trainer,
      gpus: {
        acquire: (holder) => {
          slots.push(holder);
          return 0;
        },
        release: (holder) => void slots.splice(slots.indexOf(holder), 1),
      },
      workDir: fixture.folder,
      logger: silent,
    } satisfies Pick<ActivityPorts, 'trainer' | 'gpus' | 'workDir' | 'logger'>);
    const training = { ...POLICY.training, command: fixture.script(source), heartbeatTimeoutMs: 500 };
    const failure = await world.unharmed(() =>
      failureOf(() =>
        train.fitModel({
          key: 'fit',
          policy: { ...POLICY, training },
          snapshot: { digest: 'd', uri: '/nowhere', rows: 1, columns: [], from: 0, to: 1, asOf: 1 },
          holdoutClusters: ['2026-01-01'],
          params: {},
          compareRandomHoldout: false,
        }),
      ),
    );
    await trainer.close();
    expect([failure.type, failure.nonRetryable]).toEqual([code, !retried]);
    expect(failure.message).toMatch(message);
    // nothing that a retry or the judge could take for a finished training, and the card is free again
    expect(existsSync(join(fixture.folder, 'fit', 'ratchet-result.json'))).toBe(false);
    expect(readdirSync(join(fixture.folder, 'fit'))).toContain('job.json');
    expect(slots).toEqual([]);
  },
);
