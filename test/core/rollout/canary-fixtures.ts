import type { CanaryMessage, CanaryMessageKind, CanaryState, CanaryTick } from '../../../core/rollout/canary-state';
import { decideStep, startCanary } from '../../../core/rollout/decide-step';
import type { CanaryJudgement } from '../../../core/rollout/judge-canary';
import type { RolloutPolicy } from '../../../core/policy';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** 5 → 10 → 50 → 100 %, ten minutes to one hour a step, 100 keys, six hours in all. */
export function rolloutPolicy(more: Partial<RolloutPolicy> = {}): RolloutPolicy {
  const step = (weight: number): RolloutPolicy['steps'][number] => ({
    weight,
    minHoldMs: 10 * MINUTE,
    maxHoldMs: HOUR,
    minKeys: 100,
  });
  return {
    steps: [step(500), step(1000), step(5000), step(10_000)],
    tickMs: 30_000,
    leaseMs: 90_000,
    onLeaseLost: 'rollback',
    deadlineMs: 6 * HOUR,
    guardrails: [{ event: 'error', ratio: 1 }],
    alpha: 0.05,
    maxMeasureErrors: 3,
    noTrafficMs: 15 * MINUTE,
    onNoTraffic: 'hold',
    onInconclusive: 'hold',
    srmBayesFactor: 1000,
    approval: null,
    watchMs: HOUR,
    watchMaxErrorShare: 0.02,
    ...more,
  };
}

export const APPROVAL: NonNullable<RolloutPolicy['approval']> = {
  beforeWeight: 10_000,
  expiresMs: 4 * HOUR,
  reminderMs: HOUR,
  onExpiry: 'rollback',
  actors: [],
};

export function judgement(more: Partial<CanaryJudgement> = {}): CanaryJudgement {
  return {
    verdict: 'pass',
    guardrails: [],
    srm: { bayesFactor: 0.1, fired: false },
    candidateKeys: 1000,
    championKeys: 9000,
    candidateRequests: 1000,
    reasons: [{ code: 'guardrail.error', text: 'errors 1 % against 1 %, E = 0.9 < 20' }],
    ...more,
  };
}

export const BREACH = judgement({
  verdict: 'fail',
  reasons: [{ code: 'guardrail.error', text: 'errors 9 % against 1 %, E = 31 >= 20' }],
});

export const tick = (j: CanaryJudgement | null, lease: CanaryTick['lease'] = 'renewed'): CanaryTick => ({
  judgement: j,
  lease: j === null ? 'notTried' : lease,
});

let ids = 0;
export const say = (kind: CanaryMessageKind, more: Partial<CanaryMessage['decision']> = {}): CanaryMessage => ({
  kind,
  decision: { id: `decision-${(ids += 1)}`, version: '7', actor: 'ada', reason: 'because', ...more },
});

/** Drives a canary: every call is one decision at `minutes` after the start; traffic grows with time unless told otherwise. */
export class Drive {
  state: CanaryState;
  log: string[] = [];
  last;
  constructor(readonly policy: RolloutPolicy) {
    this.last = startCanary({ version: '7', now: 0 }, policy);
    this.state = this.last.state;
    this.note();
  }

  at(minutes: number, t: CanaryTick | null, ...messages: CanaryMessage[]): this {
    this.last = decideStep(this.state, { now: minutes * MINUTE, tick: t, messages }, this.policy);
    this.state = this.last.state;
    this.note();
    return this;
  }

  /** A passing tick with fresh traffic. */
  good(minutes: number, ...messages: CanaryMessage[]): this {
    return this.at(minutes, tick(judgement({ candidateRequests: 1000 + minutes })), ...messages);
  }

  private note(): void {
    const { kind, weight, reason } = this.last.action;
    this.log.push(`${kind} ${weight} ${reason.code}`);
  }
}
