import type { CandidateJudgement } from '../../activities/retrain';
import type { CanaryTick, RolloutHandle, ShadowTick, WatchTick } from '../../activities/rollout';
import type { Policy } from '../../core/policy';
import type { Snapshot } from '../../core/ports';
import { resolvePolicy } from '../../policy';
import type { Script } from './harness';

export function testPolicy(overrides: Record<string, unknown> = {}): Policy {
  return resolvePolicy({
    preset: 'default',
    model: 'late',
    task: 'binary',
    features: [
      { name: 'x', kind: 'number' },
      { name: 'c', kind: 'string' },
    ],
    classes: ['no', 'yes'],
    data: {
      query:
        'SELECT x, c, target, event_time FROM t WHERE event_time >= :from AND event_time < :to AND known_at <= :asOf',
      target: 'target',
      timeColumn: 'event_time',
    },
    ...overrides,
  });
}

export const handleOf = (policy: Policy, version = '2'): RolloutHandle => ({
  model: policy.model,
  version,
  champion: '1',
  run: 'run',
  workflowId: `canary/${policy.model}/${version}`,
  fence: { holder: 'run', token: 1 },
  policy,
});

/** A tick that sees `keys` keys and requests on the candidate so far. */
export const tickOf = (
  keys: number,
  verdict: CanaryTick['judgement']['verdict'] = 'pass',
  extra: Partial<CanaryTick> = {},
): CanaryTick => ({
  judgement: {
    verdict,
    guardrails: [],
    srm: { bayesFactor: 1, fired: false },
    candidateKeys: keys,
    championKeys: keys * 9,
    candidateRequests: keys,
    reasons: [{ code: verdict === 'fail' ? 'guardrail.wrong' : 'guardrails', text: `${verdict} after ${keys} keys` }],
  },
  segments: [],
  slowUs: 5000,
  leaseRenewed: true,
  candidateRequests: keys,
  ...extra,
});

export const watchOf = (verdict: WatchTick['judgement']['verdict'] = 'pass', stillChampion = true): WatchTick =>
  ({ judgement: { verdict, reasons: [{ code: 'watch', text: verdict }] }, stillChampion }) as unknown as WatchTick;

export const shadowTickOf = (verdict: ShadowTick['judgement']['verdict'], final: boolean): ShadowTick =>
  ({
    judgement: { verdict, final, reasons: [{ code: 'shadow', text: verdict }] },
    leaseRenewed: true,
  }) as unknown as ShadowTick;

/** Everything a rollout calls, answered in the simplest way; tests override what they are about. */
export function rolloutScript(policy: Policy, overrides: Script = {}): Script {
  let keys = 0;
  return {
    loadPolicy: async () => policy,
    beginRollout: async (input) => ({
      kind: 'begun',
      handle: { ...handleOf(policy, input.version), workflowId: input.workflowId, run: input.run },
      beganAt: 0,
    }),
    setCanaryWeight: async () => undefined,
    tickCanary: async () => tickOf((keys += 2000)),
    rollBackCanary: async () => undefined,
    promoteVersion: async () => undefined,
    blessVersion: async () => undefined,
    tickWatch: async () => watchOf(),
    restoreChampion: async () => undefined,
    startShadow: async () => undefined,
    tickShadow: async () => shadowTickOf('pass', true),
    stopShadow: async () => undefined,
    endRollout: async () => undefined,
    recordDecision: async () => undefined,
    projectAliases: async () => ({ movedByHand: [] }),
    reportRollout: async () => undefined,
    notify: async () => undefined,
    ...overrides,
  };
}

export const snapshotOf = (): Snapshot => ({
  digest: 'd'.repeat(64),
  uri: 'file:///snapshots/d.parquet',
  rows: 1000,
  columns: ['x', 'c', 'target', 'event_time', 'cluster'],
  from: 0,
  to: 1000,
  asOf: 1000,
});

export const judgementOf = (verdict: CandidateJudgement['verdict']): CandidateJudgement => ({
  verdict,
  reasons: [{ code: verdict === 'pass' ? 'gate.passed' : 'gate.improvement', text: `the gate says ${verdict}` }],
  parity: {},
  gate: {},
  randomRows: null,
  holdoutMetrics: { logLoss: 0.4 },
});

/** Everything a retraining calls: four trials of which the second is the best, a gate that passes, version 2 registered. */
export function retrainScript(policy: Policy, overrides: Script = {}): Script {
  let asked = 0;
  return {
    loadPolicy: async () => policy,
    beginRetrain: async () => ({ kind: 'begun', champion: '1', from: 0, to: 1000, asOf: 1000 }),
    takeSnapshot: async () => snapshotOf(),
    startRun: async () => ({ runId: 'mlflow-run', url: 'http://127.0.0.1/run' }),
    prepareTraining: async () => ({
      verdict: 'pass',
      reasons: [],
      holdoutClusters: ['2013-12-01', '2013-12-08'],
      rows: 1000,
      holdoutRows: 200,
    }),
    suggestTrials: async ({ count }) => Array.from({ length: count }, () => ({ leaves: (asked += 1) })),
    runTrial: async ({ params }) => ({
      value: Math.abs(Number(params['leaves']) - 2) / 10 + 0.3,
      params,
      device: 'cpu',
      seconds: 1,
    }),
    logTrial: async () => undefined,
    fitModel: async ({ params }) => ({
      outputDir: '/jobs/fit',
      metrics: {},
      importance: {},
      versions: {},
      params,
      device: 'cpu',
      seconds: 2,
      sha256: 'a'.repeat(64),
    }),
    judgeCandidate: async () => judgementOf('pass'),
    registerCandidate: async () => ({ version: '2', artifactUri: 'models:/m-1' }),
    adoptFirstVersion: async () => undefined,
    releaseClaim: async () => undefined,
    finishRetrainRun: async () => undefined,
    notify: async () => undefined,
    ...overrides,
  };
}

/** A search of four trials, all at once, on queues that the test names. */
export const searchPolicy = (
  queues: readonly string[],
  overrides: Record<string, unknown> = {},
  training: Record<string, unknown> = {},
): Policy =>
  testPolicy({
    training: {
      algorithm: 'lightgbm',
      search: { leaves: { kind: 'int', low: 1, high: 10 } },
      trials: 4,
      parallelTrials: 4,
      queues: queues.map((queue, i) => (i === queues.length - 1 ? { queue } : { queue, scheduleToStart: '2s' })),
      ...training,
    },
    ...overrides,
  });
