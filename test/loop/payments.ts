/** A model that is trained: will a payment be charged back? Three features, 288 payments a day; one Tuesday the world turns. */
import { cpuQueueOf } from '../../core/ids';
import type { EpochMs, FeatureSpec } from '../../core/model';
import { seededRandom } from '../core/rollout/seeded-random';
import type { Installation } from './installation';
import { Traffic, type TrafficRow } from './traffic';

const DAY = 86_400_000;
const STEP = 300_000;
export const ROWS_A_DAY = DAY / STEP;
/** A Monday: the first champion is trained on the twelve days before it. */
export const START: EpochMs = Date.UTC(2024, 2, 4);
const HISTORY_DAYS = 12;
/** From here on amounts are higher, another shop leads, and what was a sign of a charge-back is a sign of none. */
const TURN: EpochMs = START + DAY;
const LABEL_DELAY = STEP;
const FEATURES: readonly FeatureSpec[] = [
  { name: 'amount', kind: 'number' },
  { name: 'age', kind: 'number' },
  { name: 'shop', kind: 'string' },
];

export const HISTORY_MS = HISTORY_DAYS * DAY;

export function paymentsPolicy(
  model: string,
  taskQueue: string,
  training: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    model,
    preset: 'demo',
    task: 'binary',
    classes: ['0', '1'],
    features: FEATURES,
    eventTime: { allowedLateness: '1m', labelHorizon: '2h' },
    data: {
      query: `SELECT amount, age, shop, target, event_time FROM payments
              WHERE event_time >= :from AND event_time < :to AND label_time <= :asOf ORDER BY event_time`,
      target: 'target',
      timeColumn: 'event_time',
      lookback: '6d',
      holdout: { every: 3, offset: 0, within: '6d' },
    },
    drift: { window: '1d', anchor: new Date(START).toISOString() },
    // checks are started by hand, so that a test knows when
    triggers: { checkEvery: '30d', cooldown: '1s' },
    training: {
      algorithm: 'lightgbm',
      params: { n_estimators: 40, learning_rate: 0.1 },
      search: { num_leaves: { kind: 'categorical', choices: [4, 8] } },
      trials: 2,
      parallelTrials: 2,
      folds: 2,
      // no card's worker in a test: the statistics queue trains
      queues: [{ queue: cpuQueueOf(taskQueue), scheduleToStart: null }],
      ...training,
    },
    gate: { minRows: 200, minClusters: 2 },
    shadow: { min: '500ms', max: '3m', minPairs: 200 },
    rollout: {
      steps: [
        { weight: 20, minHold: '1s', maxHold: '5m', minKeys: 40 },
        { weight: 50, minHold: '1s', maxHold: '5m', minKeys: 80 },
        { weight: 100, minHold: '0s', maxHold: '5m', minKeys: 0 },
      ],
      tick: '300ms',
      lease: '10s',
      deadline: '5m',
      guardrails: [
        { event: 'wrong', ratio: 1 },
        { event: 'error', ratio: 1 },
      ],
      // far below production's: a test must not be stopped by a false alarm
      alpha: 0.0005,
      srmBayesFactor: 1_000_000,
      noTraffic: '2m',
      watch: '1s',
    },
  };
}

/** The stream of payments. Row n is the same in every run. */
export class Payments {
  private readonly random = seededRandom(7);
  private readonly rows: (TrafficRow & { readonly at: EpochMs })[] = [];

  constructor(private readonly at: Installation) {}

  /** What the team's warehouse holds: history first, then what was sent, with the time at which each truth was known. */
  async store(from: EpochMs, to: EpochMs): Promise<void> {
    await this.at.pool.query(
      `CREATE TABLE IF NOT EXISTS payments (amount float8, age float8, shop text, target text,
         event_time timestamptz, label_time timestamptz)`,
    );
    const rows = this.between(from, to);
    await this.at.pool.query(
      `INSERT INTO payments SELECT a, g, s, t, to_timestamp(e / 1000), to_timestamp((e + $6) / 1000)
       FROM unnest($1::float8[], $2::float8[], $3::text[], $4::text[], $5::float8[]) AS p (a, g, s, t, e)`,
      [
        rows.map((r) => r.features['amount']),
        rows.map((r) => r.features['age']),
        rows.map((r) => r.features['shop']),
        rows.map((r) => r.truth),
        rows.map((r) => r.at),
        LABEL_DELAY,
      ],
    );
  }

  traffic(model: string): Traffic {
    return new Traffic({
      url: this.at.gatewayUrl,
      model,
      features: FEATURES,
      from: START,
      stepMs: STEP,
      row: (n) => this.row(Math.round(HISTORY_MS / STEP) + n),
    });
  }

  private between(from: EpochMs, to: EpochMs): readonly (TrafficRow & { readonly at: EpochMs })[] {
    const first = (from - START + HISTORY_MS) / STEP;
    return Array.from({ length: (to - from) / STEP }, (_, i) => this.row(first + i));
  }

  private row(n: number): TrafficRow & { readonly at: EpochMs } {
    for (let i = this.rows.length; i <= n; i++) this.rows.push(this.make(i));
    return this.rows[n] as TrafficRow & { readonly at: EpochMs };
  }

  private make(n: number): TrafficRow & { readonly at: EpochMs } {
    const { random } = this;
    const at = START - HISTORY_MS + n * STEP;
    const turned = at >= TURN;
    const amount = 10 * random() + (turned ? 5 : 0);
    const age = 20 + 50 * random();
    const shops = turned ? ['north', 'north', 'north', 'south'] : ['north', 'south', 'south', 'south'];
    const shop = shops[Math.floor(4 * random())] as string;
    const chance = turned ? (amount < 10 ? 0.85 : 0.15) : amount > 5 ? 0.85 : 0.15;
    return { key: `payment-${n}`, at, features: { amount, age, shop }, truth: random() < chance ? '1' : '0' };
  }
}
