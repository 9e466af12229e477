/** A model that needs no training: the amount is the probability. Its files: test/adapters/onnx/make-graphs.py. */
import path from 'node:path';
import type { FeatureSpec, GoldenRows, ModelContract } from '../../core/model';
import { seededRandom } from '../core/rollout/seeded-random';
import type { Installation } from './installation';
import { Traffic } from './traffic';

const FEATURES: readonly FeatureSpec[] = [{ name: 'amount', kind: 'number' }];
const AMOUNTS = [0.125, 0.5, 0.75];
const CONTRACT: ModelContract = {
  task: 'binary',
  features: FEATURES,
  layout: 'columns',
  classes: ['no', 'yes'],
  threshold: 0.5,
};
const MONDAY = Date.UTC(2024, 2, 4);

/** `good` answers as the champion does from another file; `inverted` says the opposite. */
export type AmountsFile = 'champion' | 'good' | 'inverted';

const GRAPHS: Readonly<Record<AmountsFile, string>> = {
  champion: 'probability-amount',
  good: 'amount-again',
  inverted: 'inverted-amount',
};

/**
 * Holds of a second. No latency guardrail: a busy test machine is slow in ways that say nothing about a version. Rates of false
 * alarm are far below those of production, where one rollout in twenty may be stopped in error: a test must not be.
 */
const ROLLOUT = {
  steps: [
    { weight: 20, minHold: '1s', maxHold: '5m', minKeys: 40 },
    { weight: 50, minHold: '1s', maxHold: '5m', minKeys: 80 },
    { weight: 100, minHold: '0s', maxHold: '5m', minKeys: 0 },
  ],
  tick: '250ms',
  lease: '10s',
  deadline: '5m',
  guardrails: [
    { event: 'wrong', ratio: 1 },
    { event: 'error', ratio: 1 },
  ],
  alpha: 0.0005,
  srmBayesFactor: 1_000_000,
  noTraffic: '2m',
  watch: '500ms',
};

export function amountsPolicy(
  model: string,
  rollout: Readonly<Record<string, unknown>> = {},
  sections: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    model,
    preset: 'demo',
    task: 'binary',
    classes: ['no', 'yes'],
    features: FEATURES,
    eventTime: { allowedLateness: '1m', labelHorizon: '1h' },
    triggers: { checkEvery: '30d', cooldown: '1s' },
    shadow: null,
    blessings: { required: ['evaluated', 'parity', 'infra'], vouched: ['evaluated', 'parity', 'infra'] },
    ...sections,
    rollout: { ...ROLLOUT, ...rollout },
  };
}

/** Registers the model with `champion` serving, and `candidate` registered. Returns the versions. */
export async function amountsModel(
  at: Installation,
  candidate: AmountsFile,
  rollout: Readonly<Record<string, unknown>> = {},
  sections: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly model: string; readonly champion: string; readonly candidate: string }> {
  const model = at.newModel('amounts');
  await at.register(amountsPolicy(model, rollout, sections));
  const champion = await adoptAmounts(at, model, 'champion');
  const other = await adoptAmounts(at, model, candidate);
  await at.gatewayServes(model);
  return { model, champion, candidate: other };
}

export function adoptAmounts(at: Installation, model: string, file: AmountsFile): Promise<string> {
  const scores = AMOUNTS.map((amount) => (file === 'inverted' ? 1 - amount : amount));
  const golden: GoldenRows = {
    features: { rows: AMOUNTS.length, columns: { amount: AMOUNTS } },
    scores,
    labels: scores.map((score) => (score >= CONTRACT.threshold ? 'yes' : 'no')),
  };
  const graph = path.join(__dirname, '..', 'adapters', 'onnx', 'graphs', `${GRAPHS[file]}.onnx`);
  return at.adopt(model, graph, CONTRACT, golden);
}

/** A row every five minutes of event time; the amount is its true probability. */
export function amountsTraffic(at: Installation, model: string, seed = 1): Traffic {
  const random = seededRandom(seed);
  return new Traffic({
    url: at.gatewayUrl,
    model,
    features: FEATURES,
    from: MONDAY,
    stepMs: 300_000,
    row: (n) => {
      const amount = random();
      return { key: `${seed}-${n}`, features: { amount }, truth: random() < amount ? 'yes' : 'no' };
    },
  });
}
