import type { DecisionRecord, RetrainReportData, RolloutReportData } from '../../../core/ports';
import type { Segment } from '../../../core/rollout/evidence';

/** A small seeded generator (mulberry32): the fixtures must be the same on every machine. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const random = seeded(7);
const ROWS = 12_387;
const latent = Array.from({ length: ROWS }, () => random());
const truth = latent.map((p) => (random() < p * p ? 'late' : 'on time'));

export const HOSTILE = '<script>alert("x")</script>';

export const RETRAIN: RetrainReportData = {
  model: 'late-flights',
  version: '2',
  workflowId: 'retrain/late-flights/1',
  outcome: 'challenger',
  at: Date.UTC(2013, 11, 9),
  reason: 'week ending 8 December: visib and wind_speed drifted, log-loss .450 beyond 1.25 × .301',
  snapshot: {
    digest: 'ab12'.repeat(16),
    uri: 'file:///snapshots/ab12.parquet',
    rows: 75_310,
    columns: ['dep_delay', 'visib'],
    from: Date.UTC(2013, 8, 2),
    to: Date.UTC(2013, 11, 9),
    asOf: Date.UTC(2013, 11, 9),
  },
  trials: Array.from({ length: 20 }, (_, i) => ({
    params: { num_leaves: 15 + i, learning_rate: 0.05 + i / 1000, bagging: 0.8 },
    value: i === 4 ? null : 0.31 + 0.05 * random() - i * 0.001,
  })),
  gate: {
    schemaVersion: 1,
    verdict: 'pass',
    rows: ROWS,
    clusters: 14,
    resamples: 2000,
    confidence: 0.95,
    seed: 1,
    candidateMetrics: { logLoss: 0.28, auc: 0.869 },
    championMetrics: { logLoss: 0.301, auc: 0.846 },
    rules: [
      {
        rule: { kind: 'improvement', metric: 'logLoss', min: 0.01, lowerBound: -0.002 },
        verdict: 'pass',
        candidate: 0.28,
        champion: 0.301,
        difference: 0.021,
        interval: { low: 0.004, high: 0.042 },
        reason: { code: 'gate.improvement', text: 'log-loss better by .021 [.004, .042], at least .01 wanted' },
      },
    ],
  },
  gateReasons: [{ code: 'gate.improvement', text: 'log-loss better by .021 [.004, .042] over 14 held-out days' }],
  importance: { dep_delay: 812, visib: 240, wind_speed: 199, load: 160, dest: 155, sched_min: 130, [HOSTILE]: 12 },
  drift: {
    features: [
      ['visib', 1.57, 'drift'],
      ['wind_speed', 0.39, 'drift'],
      ['dep_delay', 0.15, 'warn'],
      ['load', 0.04, 'ok'],
      ['carrier', null, 'insufficient'],
    ].map(([name, effect, level]) => ({
      name,
      effect,
      level,
      method: 'psi',
      threshold: 0.2,
      adjustedPValue: effect === null ? null : 1e-12,
      current: { rows: 6100, nulls: 12 },
    })),
  },
  holdout: {
    truth,
    candidate: latent.map((p) => p * p),
    champion: latent.map((p) => Math.min(1, Math.max(0, p * p + 0.4 * (random() - 0.5)))),
  },
  classes: ['on time', 'late'],
};

const START = Date.UTC(2013, 11, 16, 10);
const WEIGHTS = [500, 1000, 2500] as const;

const segment = (weight: number, step: number): Segment => {
  const arm = (share: number, wrong: number): Segment['candidate'] => {
    const requests = Math.round(2000 * share);
    return { keys: requests, requests, errors: 0, slow: 3, wrong: Math.round(requests * wrong), labelled: requests };
  };
  return { step, weight, candidate: arm(weight / 10_000, 0.373), champion: arm(1 - weight / 10_000, 0.161) };
};

function decisions(): DecisionRecord[] {
  const out: DecisionRecord[] = [];
  const add = (at: number, kind: string, more: Partial<DecisionRecord>): void => {
    out.push({
      id: out.length + 1,
      key: `k${out.length}`,
      model: 'late-flights',
      version: '3',
      verdict: null,
      reasons: [],
      evidence: {},
      workflowId: 'canary/late-flights/3',
      actor: 'canary/late-flights/3',
      reason: '',
      ...more,
      kind,
      at,
    });
  };
  WEIGHTS.forEach((weight, step) => {
    add(START + step * 600_000, 'route.setCanary', {
      evidence: { change: { weight, step } },
      reason: `step ${step + 1}`,
    });
    for (let tick = 1; tick < 20; tick++) {
      const wrong = Math.exp((step * 20 + tick) / 9 - 2);
      const fired = wrong >= 60;
      add(START + step * 600_000 + tick * 30_000, 'rollout.tick', {
        verdict: fired ? 'fail' : 'pass',
        evidence: {
          guardrails: [
            { event: 'error', e: Math.exp(-(step * 20 + tick) / 60), threshold: 60, fired: false },
            { event: 'slow', e: 1 + 0.5 * Math.sin(tick), threshold: 60, fired: false },
            { event: 'wrong', e: wrong, threshold: 60, fired },
          ],
        },
      });
    }
  });
  add(START + 1_800_000, 'route.clearCanary', {
    verdict: 'fail',
    reason: 'wrong answers 37.3 % against 16.1 %, E = 62.1 >= 60',
  });
  return out;
}

export const ROLLOUT: RolloutReportData = {
  model: 'late-flights',
  version: '3',
  champion: '1',
  workflowId: 'canary/late-flights/3',
  outcome: 'rolledBack',
  at: START + 1_810_000,
  decisions: decisions(),
  segments: WEIGHTS.map(segment),
  reasons: [{ code: 'guardrail.wrong', text: 'wrong answers 37.3 % against 16.1 %, E = 62.1 >= 60' }],
};
