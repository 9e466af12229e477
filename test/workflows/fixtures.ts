import type { CanaryTick, RolloutHandle, ShadowTick, WatchTick } from '../../activities/rollout';
import type { Policy } from '../../core/policy';
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
