/** Activities of `shadowTest` and `canary`: begin, change the route, tick, end. Each route change is one transaction with its decision. */
import {
  BLESSINGS,
  type Blessing,
  type EpochMs,
  type ModelName,
  type ModelVersion,
  type VersionRecord,
} from '../core/model';
import type { Policy } from '../core/policy';
import type { Fence, RouteChange } from '../core/ports';
import { isRatchetError, RatchetError } from '../core/errors';
import type { Segment } from '../core/rollout/evidence';
import { judgeCanary, type CanaryJudgement } from '../core/rollout/judge-canary';
import { judgeShadow, type ShadowJudgement } from '../core/rollout/judge-shadow';
import { slowBound } from '../core/rollout/slow-bound';
import { judgeWatch, type WatchJudgement } from '../core/rollout/watch';
import type { Reason, Verdict } from '../core/verdict';
import { guarded, withHeartbeat } from './failure';
import { Context } from './peers';
import type { ActivityPorts } from './ports';

/** What a rollout carries from activity to activity. */
export interface RolloutHandle {
  readonly model: ModelName;
  readonly version: ModelVersion;
  readonly champion: ModelVersion;
  /** `<workflow id>:<first run id>`: in every prediction row, and the salt of the assignment. */
  readonly run: string;
  readonly workflowId: string;
  readonly fence: Fence;
  readonly policy: Policy;
}

export interface BeginRolloutInput {
  readonly kind: 'shadow' | 'canary';
  readonly model: ModelName;
  readonly version: ModelVersion;
  readonly policy: Policy;
  readonly run: string;
  readonly workflowId: string;
  readonly actor: string;
  readonly reason: string;
}

export type BeginRolloutResult =
  | { readonly kind: 'refused'; readonly reasons: readonly Reason[] }
  | { readonly kind: 'begun'; readonly handle: RolloutHandle; readonly beganAt: EpochMs };

export interface Because {
  readonly actor: string;
  readonly reason: string;
  readonly verdict: Verdict | null;
  readonly reasons: readonly Reason[];
  readonly evidence: Readonly<Record<string, unknown>>;
}

export interface CanaryTickInput {
  readonly handle: RolloutHandle;
  readonly step: number;
  /** Frozen at the first tick that could measure it; null until then. */
  readonly slowUs: number | null;
}

export interface CanaryTick {
  readonly judgement: CanaryJudgement;
  /** The counts that were judged: with the policy enough to judge again (I5). */
  readonly segments: readonly Segment[];
  readonly slowUs: number | null;
  /** false: the lease had ended before this tick; the champion serves alone. */
  readonly leaseRenewed: boolean;
  /** Requests of this run that the candidate has seen so far. */
  readonly candidateRequests: number;
}

export interface ShadowTick {
  readonly judgement: ShadowJudgement;
  /** Event time up to which labels counted: with it the pairs are read again from the log (I5). null: no prediction yet. */
  readonly matureBefore: EpochMs | null;
  readonly leaseRenewed: boolean;
}

export interface WatchTick {
  readonly judgement: WatchJudgement;
  /** false: somebody rolled back meanwhile. */
  readonly stillChampion: boolean;
}

const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 200;
const LATENCY_WINDOW_MS = 3_600_000;

type RolloutPorts = Pick<
  ActivityPorts,
  | 'models'
  | 'routes'
  | 'claims'
  | 'decisions'
  | 'predictions'
  | 'gateways'
  | 'registry'
  | 'notifier'
  | 'clock'
  | 'codeVersion'
  | 'logger'
>;

/** Faults that end a rollout before it begins: outcomes for the workflow, not failures to retry. */
const REFUSALS = new Set<string>([
  'RATCHET_CLAIM_HELD',
  'RATCHET_BLESSING_MISSING',
  'RATCHET_VERSION_UNKNOWN',
  'RATCHET_NO_CHAMPION',
  'RATCHET_MODEL_GOLDEN',
  'RATCHET_MODEL_LOAD_FAILED',
  'RATCHET_MODEL_CONTRACT',
  'RATCHET_MODEL_DIGEST',
]);

// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the table's type is the contract
export function createRolloutActivities(ports: RolloutPorts) {
  const matureBefore = async (handle: RolloutHandle): Promise<EpochMs> => {
    const latest = await ports.predictions.latestOccurredAt(handle.model);
    const { allowedLatenessMs, labelHorizonMs } = handle.policy.eventTime;
    return latest === null ? 0 : latest - allowedLatenessMs - labelHorizonMs;
  };

  const change = async (
    handle: RolloutHandle,
    route: RouteChange,
    step: string,
    because: Because,
    kind: string,
  ): Promise<number> => {
    const written = await ports.routes.changeRoute(handle.model, route, handle.fence, {
      key: `${handle.run}:${step}`,
      model: handle.model,
      version: handle.version,
      kind,
      verdict: because.verdict,
      reasons: because.reasons,
      evidence: {
        ...because.evidence,
        eventTime: await ports.predictions.latestOccurredAt(handle.model),
        codeVersion: ports.codeVersion,
      },
      actor: because.actor,
      reason: because.reason,
      workflowId: handle.workflowId,
    });
    return written.generation;
  };

  return guarded({
    /**
     * Claim, checks, candidate loaded and proven with golden rows on every live gateway. A missing blessing, a held claim
     * or a version that does not load are refusals with reasons.
     */
    async beginRollout(input: BeginRolloutInput): Promise<BeginRolloutResult> {
      try {
        return await begin(input);
      } catch (error) {
        const refusal = isRatchetError(error) && REFUSALS.has(error.code) ? error : null;
        // A cancelled begin is not tried again under this run: its claim must not outlive it.
        if (refusal !== null || Context.current().cancellationSignal.aborted) {
          await ports.gateways.cancelLoad(input.model, input.version);
          await ports.claims.release(input.model, 'rollout', input.run);
        }
        if (refusal === null) throw error;
        return { kind: 'refused', reasons: [{ code: refusal.code, text: refusal.message }] };
      }
    },

    /** Sets the candidate's weight (one transaction with its decision) and gives the first lease of the step. */
    async setCanaryWeight(input: {
      readonly handle: RolloutHandle;
      readonly step: number;
      /** Number of this change within the rollout: a weight that comes back is another change. */
      readonly change: number;
      readonly weight: number;
      readonly because: Because;
    }): Promise<void> {
      const { handle, step, weight } = input;
      await change(
        handle,
        {
          kind: 'setCanary',
          version: handle.version,
          weight,
          run: handle.run,
          step,
          leaseMs: handle.policy.rollout.leaseMs,
          salt: handle.run,
        },
        `change:${input.change}:weight:${weight}`,
        input.because,
        'route.setCanary',
      );
    },

    /** Measures, judges and renews the lease; when it cannot measure it throws and the lease is not renewed (DESIGN §4). */
    async tickCanary(input: CanaryTickInput): Promise<CanaryTick> {
      const { handle } = input;
      const slowUs =
        input.slowUs ??
        slowBound(await ports.predictions.latencyQuantileUs(handle.model, handle.champion, 0.99, LATENCY_WINDOW_MS));
      const segments = await ports.predictions.readSegments(
        handle.model,
        handle.run,
        slowUs,
        await matureBefore(handle),
      );
      const judgement = withLatencyBaseline(
        judgeCanary({ segments, policy: handle.policy.rollout }),
        handle.policy,
        slowUs,
      );
      const { renewed } = await ports.routes.renewLease(
        handle.model,
        'canary',
        handle.run,
        handle.policy.rollout.leaseMs,
        handle.fence,
      );
      return {
        judgement,
        segments,
        slowUs,
        leaseRenewed: renewed,
        candidateRequests: segments.reduce((sum, s) => sum + s.candidate.requests, 0),
      };
    },

    /** The champion has full weight again. Never fails for good: retried until the database takes it. */
    async rollBackCanary(input: { readonly handle: RolloutHandle; readonly because: Because }): Promise<void> {
      await change(input.handle, { kind: 'clearCanary' }, 'rollback', input.because, 'route.rollback');
    },

    /** Checks every blessing that the policy lists (I1) and makes the candidate champion. */
    async promoteVersion(input: { readonly handle: RolloutHandle; readonly because: Because }): Promise<void> {
      const { handle } = input;
      requireBlessings(await ports.models.getVersion(handle.model, handle.version), handle.policy.blessings.required);
      await change(handle, { kind: 'promote', version: handle.version }, 'promote', input.because, 'route.promote');
    },

    async blessVersion(input: {
      readonly handle: RolloutHandle;
      readonly blessing: Blessing;
      readonly actor: string;
      readonly reason: string;
    }): Promise<void> {
      const { handle, actor, reason } = input;
      await ports.models.bless(
        handle.model,
        handle.version,
        { blessing: input.blessing, how: 'earned', actor, reason, at: ports.clock.now() },
        { actor, reason },
      );
    },

    /** After promotion: is the new champion failing? */
    async tickWatch(input: { readonly handle: RolloutHandle; readonly since: EpochMs }): Promise<WatchTick> {
      const { handle } = input;
      const [route, counts] = await Promise.all([
        ports.routes.getRoute(handle.model),
        ports.predictions.countSince(handle.model, handle.version, input.since),
      ]);
      return {
        judgement: judgeWatch({ requests: counts.requests, errors: counts.errors, policy: handle.policy.rollout }),
        stillChampion: route?.champion === handle.version,
      };
    },

    /** In the watch: the old champion comes back. */
    async restoreChampion(input: { readonly handle: RolloutHandle; readonly because: Because }): Promise<void> {
      await change(input.handle, { kind: 'restorePrevious' }, 'restore', input.because, 'route.restore');
    },

    async startShadow(input: {
      readonly handle: RolloutHandle;
      readonly share: number;
      readonly because: Because;
    }): Promise<void> {
      const { handle } = input;
      await change(
        handle,
        {
          kind: 'setShadow',
          version: handle.version,
          share: input.share,
          run: handle.run,
          leaseMs: handle.policy.rollout.leaseMs,
          salt: handle.run,
        },
        'shadow',
        input.because,
        'route.setShadow',
      );
    },

    async tickShadow(input: { readonly handle: RolloutHandle; readonly elapsedMs: number }): Promise<ShadowTick> {
      const { handle } = input;
      const { policy } = handle;
      if (policy.shadow === null) throw new RatchetError('RATCHET_INPUT_INVALID', 'the policy has no shadow test.');
      const mature = await matureBefore(handle);
      const [pairs, counts] = await Promise.all([
        ports.predictions.readPairs(handle.model, handle.run, mature),
        ports.predictions.readShadowCounts(handle.model, handle.run),
      ]);
      const judgement = judgeShadow({
        pairs,
        counts,
        policy: policy.shadow,
        task: policy.task,
        classes: policy.classes,
        threshold: policy.threshold,
        elapsedMs: input.elapsedMs,
      });
      const { renewed } = await ports.routes.renewLease(
        handle.model,
        'shadow',
        handle.run,
        policy.rollout.leaseMs,
        handle.fence,
      );
      return { judgement, matureBefore: Number.isFinite(mature) ? mature : null, leaseRenewed: renewed };
    },

    async stopShadow(input: { readonly handle: RolloutHandle; readonly because: Because }): Promise<void> {
      await change(input.handle, { kind: 'clearShadow' }, 'shadow:end', input.because, 'route.clearShadow');
    },

    /** The last record of a rollout, and its claim given back. */
    async endRollout(input: {
      readonly handle: RolloutHandle;
      readonly outcome: string;
      readonly because: Because;
    }): Promise<void> {
      const { handle, because } = input;
      await ports.decisions.record({
        key: `${handle.run}:end`,
        model: handle.model,
        version: handle.version,
        kind: 'rollout.end',
        verdict: because.verdict,
        reasons: because.reasons,
        evidence: { ...because.evidence, outcome: input.outcome, codeVersion: ports.codeVersion },
        actor: because.actor,
        reason: because.reason,
        workflowId: handle.workflowId,
      });
      if (input.outcome !== 'promoted' && input.outcome !== 'passed')
        await ports.gateways.cancelLoad(handle.model, handle.version);
      await ports.claims.release(handle.model, 'rollout', handle.run);
    },

    /** Records a person's decision (approval, abort, …) before it has effect. */
    async recordDecision(input: {
      readonly handle: RolloutHandle;
      readonly key: string;
      readonly kind: string;
      readonly because: Because;
    }): Promise<void> {
      const { handle, because } = input;
      await ports.decisions.record({
        key: `${handle.run}:${input.key}`,
        model: handle.model,
        version: handle.version,
        kind: input.kind,
        verdict: because.verdict,
        reasons: because.reasons,
        evidence: because.evidence,
        actor: because.actor,
        reason: because.reason,
        workflowId: handle.workflowId,
      });
    },
  });

  async function begin(input: BeginRolloutInput): Promise<BeginRolloutResult> {
    const { model, policy, run } = input;
    const fence = await ports.claims.claim(model, 'rollout', run);
    const route = await ports.routes.getRoute(model);
    if (route === null)
      throw new RatchetError('RATCHET_NO_CHAMPION', `model "${model}" has no champion to compare with.`);
    if (route.champion === input.version) {
      throw new RatchetError('RATCHET_BLESSING_MISSING', `version ${input.version} is the champion already.`, {
        hint: 'Roll out another version.',
      });
    }
    const version = await vouch(input, await ports.models.getVersion(model, input.version));
    // Earned on the way: the shadow test's by a shadow test, the approval where the plan has a gate for it.
    const atPromotion = new Set<Blessing>([
      ...(input.kind === 'shadow' ? (['shadowed', 'approved'] as const) : []),
      ...(policy.rollout.approval !== null ? (['approved'] as const) : []),
    ]);
    requireBlessings(
      version,
      policy.blessings.required.filter((b) => !atPromotion.has(b)),
    );
    await ports.gateways.requestLoad(model, input.version);
    await waitUntilReady(model, input.version);
    await ports.decisions.record({
      key: `${run}:begin`,
      model,
      version: input.version,
      kind: `${input.kind}.begin`,
      verdict: null,
      reasons: [],
      evidence: {
        champion: route.champion,
        policy: policy[input.kind === 'shadow' ? 'shadow' : 'rollout'],
        codeVersion: ports.codeVersion,
      },
      actor: input.actor,
      reason: input.reason,
      workflowId: input.workflowId,
    });
    const handle: RolloutHandle = {
      model,
      version: input.version,
      champion: route.champion,
      run,
      workflowId: input.workflowId,
      fence,
      policy,
    };
    return { kind: 'begun', handle, beganAt: ports.clock.now() };
  }

  /** A version trained elsewhere: what the policy lets its trainer vouch for is recorded as vouched, by name. */
  async function vouch(input: BeginRolloutInput, version: VersionRecord): Promise<VersionRecord> {
    if (version.origin.startsWith('retrain/')) return version;
    const has = new Set(version.blessings.map((b) => b.blessing));
    const missing = input.policy.blessings.vouched.filter((b) => !has.has(b));
    for (const blessing of missing) {
      await ports.models.bless(
        input.model,
        input.version,
        { blessing, how: 'vouched', actor: input.actor, reason: input.reason, at: ports.clock.now() },
        { actor: input.actor, reason: input.reason },
      );
    }
    return missing.length === 0 ? version : ports.models.getVersion(input.model, input.version);
  }

  async function waitUntilReady(model: ModelName, version: ModelVersion): Promise<void> {
    await withHeartbeat(2000, async (signal) => {
      const until = ports.clock.now() + READY_TIMEOUT_MS;
      for (;;) {
        signal.throwIfAborted();
        const gateways = await ports.gateways.readiness(model, version);
        const failed = gateways.find((g) => g.state === 'failed');
        if (failed !== undefined) {
          throw new RatchetError(
            'RATCHET_MODEL_LOAD_FAILED',
            `gateway ${failed.gateway} cannot serve version ${version}: ${failed.error ?? 'no reason given'}.`,
          );
        }
        if (gateways.length > 0 && gateways.every((g) => g.state === 'ready')) return;
        if (ports.clock.now() > until) {
          const waiting = gateways.filter((g) => g.state !== 'ready').map((g) => g.gateway);
          throw new RatchetError(
            'RATCHET_VERSION_NOT_LOADED',
            gateways.length === 0
              ? `no live gateway serves model "${model}".`
              : `version ${version} is not loaded on ${waiting.join(', ')} after ${READY_TIMEOUT_MS / 1000} s.`,
          );
        }
        await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
      }
    });
  }
}

/** Without the champion's p99 nothing can be called slow: then the latency guardrail has no data, and no data never passes (I2). */
function withLatencyBaseline(judgement: CanaryJudgement, policy: Policy, slowUs: number | null): CanaryJudgement {
  const guarded = policy.rollout.guardrails.some((g) => g.event === 'slow');
  if (!guarded || slowUs !== null || judgement.verdict !== 'pass') return judgement;
  const reason: Reason = {
    code: 'guardrail.slow.noBaseline',
    text: 'the champion has too few answers to know its p99 latency',
  };
  return { ...judgement, verdict: 'inconclusive', reasons: [reason, ...judgement.reasons] };
}

function requireBlessings(version: VersionRecord, required: readonly Blessing[]): void {
  const has = new Set(version.blessings.map((b) => b.blessing));
  const missing = BLESSINGS.filter((b) => required.includes(b) && !has.has(b));
  if (missing.length === 0) return;
  throw new RatchetError(
    'RATCHET_BLESSING_MISSING',
    `version ${version.version} of "${version.model}" has ${[...has].join(', ') || 'no blessing'}; its policy also needs ${missing.join(', ')}.`,
    { details: { missing } },
  );
}
