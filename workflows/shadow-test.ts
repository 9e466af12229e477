import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Because, RolloutHandle, ShadowTick } from '../activities/rollout';
import type { RolloutStatus } from '../core/messages';
import type { ShadowPolicy } from '../core/policy';
import type { Reason, Verdict } from '../core/verdict';
import type { RolloutInput, RolloutResult } from '../core/workflow-io';
import { FENCED, failureCode } from './activity-failure';
import { beginUnlessAborted } from './begin-rollout';
import { callActivity } from './call-activity';
import { openInbox } from './decision-inbox';
import { rolloutStatusQuery } from './messages';
import { createPresence, showDetails, showTime, showWeight } from './presence';
import { reportToModel } from './report-to-model';

/** Carried over continue-as-new. */
interface ShadowState {
  readonly handle: RolloutHandle;
  readonly startedAt: number;
  readonly seen: readonly string[];
  readonly paused: boolean;
}

type Ending = {
  readonly outcome: RolloutResult['outcome'];
  readonly verdict: Verdict | null;
  readonly reasons: readonly Reason[];
  readonly by: string;
  readonly why: string;
};

/**
 * Mirrors a share of the traffic to the challenger and judges paired answers as labels mature; ends early when the
 * evidence suffices. Its answers are never returned to anybody.
 */
export async function shadowTest(input: RolloutInput): Promise<RolloutResult> {
  const { workflowId, firstExecutionRunId, runStartTime } = workflowInfo();
  const { model, version } = input;
  const run = `${workflowId}:${firstExecutionRunId}`;
  const presence = createPresence();
  const carried = input.state as ShadowState | undefined;
  let status: RolloutStatus = {
    model,
    version,
    champion: carried?.handle.champion ?? '',
    phase: 'starting',
    step: -1,
    weight: 0,
    nextDeadline: null,
    needsHuman: false,
    lastReasons: [],
    outcome: null,
  };
  setHandler(rolloutStatusQuery, () => status, { description: 'Phase, evidence and deadline of this shadow test.' });
  let paused = carried?.paused ?? false;
  const inbox = openInbox(
    version,
    () => (status.phase === 'ended' ? ['RATCHET_DECISION_STALE', 'the shadow test has ended'] : null),
    ['pause', 'resume', 'abort'],
    carried?.seen ?? [],
  );
  presence({ model, version, phase: 'shadow', needsHuman: false });

  let lastTick: ShadowTick | null = null;
  const finish = async (handle: RolloutHandle, ending: Ending): Promise<RolloutResult> => {
    const because: Because = {
      actor: ending.by,
      reason: ending.why,
      verdict: ending.verdict,
      reasons: ending.reasons,
      evidence: { judgement: lastTick?.judgement ?? null, matureBefore: lastTick?.matureBefore ?? null },
    };
    await CancellationScope.nonCancellable(async () => {
      await callActivity('stopShadow', { handle, because }, `stop the shadow of version ${version}`).catch(
        (error: unknown) => {
          // Another claim owns the route: it decides about the shadow too.
          if (failureCode(error) !== FENCED) throw error;
        },
      );
      if (ending.outcome === 'passed') {
        await callActivity(
          'blessVersion',
          { handle, blessing: 'shadowed', actor: 'ratchet', reason: ending.why },
          'blessing: shadowed',
        );
      }
      await callActivity('endRollout', { handle, outcome: ending.outcome, because }, `record: ${ending.outcome}`);
    });
    status = { ...status, phase: 'ended', outcome: ending.outcome, lastReasons: ending.reasons, nextDeadline: null };
    presence({ phase: 'ended', outcome: ending.outcome });
    showDetails({
      title: `Shadow test of ${model} ${version}: ${ending.outcome}`,
      facts: [['champion', handle.champion]],
      reasons: ending.reasons,
    });
    const result: RolloutResult = { outcome: ending.outcome, version, reasons: ending.reasons };
    await reportToModel(model, { kind: 'shadowTest', version, outcome: ending.outcome, reasons: ending.reasons });
    await callActivity(
      'reportRollout',
      {
        model,
        version,
        champion: handle.champion,
        workflowId,
        run,
        outcome: ending.outcome,
        reasons: ending.reasons,
        slowUs: null,
        startTime: runStartTime.getTime(),
      },
      'report to MLflow',
      { retry: { maximumAttempts: 5 } },
    ).catch(() => undefined);
    await condition(allHandlersFinished);
    return result;
  };

  let state: ShadowState;
  if (carried === undefined) {
    const policy = await callActivity('loadPolicy', { model, policy: input.policy ?? null }, `policy of ${model}`);
    if (policy.shadow === null)
      return neverBegun(model, version, 'refused', [{ code: 'shadow.off', text: 'the policy has no shadow test' }]);
    const begun = await beginUnlessAborted(
      { kind: 'shadow', model, version, policy, run, workflowId, actor: input.actor, reason: input.reason },
      inbox,
    );
    if (begun.kind !== 'begun') return neverBegun(model, version, begun.kind, begun.reasons);
    state = { handle: begun.handle, startedAt: Date.now(), seen: [], paused: false };
  } else {
    state = carried;
  }

  const { handle, startedAt } = state;
  const shadow = handle.policy.shadow as ShadowPolicy;
  let failures = 0;
  try {
    if (carried === undefined) await startShadow(handle, shadow, input);
    for (;;) {
      status = {
        ...status,
        champion: handle.champion,
        phase: paused ? 'paused' : 'shadow',
        weight: 0,
        nextDeadline: startedAt + shadow.maxMs,
      };
      await condition(() => inbox.pending.length > 0, handle.policy.rollout.tickMs);
      const decision = inbox.pending.shift();
      if (decision?.kind === 'abort') {
        const reasons = [{ code: 'aborted', text: `${decision.actor}: ${decision.reason}` }];
        return await finish(handle, {
          outcome: 'aborted',
          verdict: null,
          reasons,
          by: decision.actor,
          why: decision.reason,
        });
      }
      if (decision !== undefined) {
        paused = decision.kind === 'pause';
        continue;
      }
      const tick = await tickOrNull(handle, Date.now() - startedAt);
      failures = tick === null ? failures + 1 : 0;
      if (tick !== null) {
        lastTick = tick;
        showTick(model, version, handle, startedAt, shadow, tick);
        status = { ...status, lastReasons: tick.judgement.reasons };
        if (!tick.leaseRenewed) {
          const reasons = [{ code: 'leaseLost', text: 'the lease of the shadow ended before it was renewed' }];
          return await finish(handle, {
            outcome: 'inconclusive',
            verdict: 'error',
            reasons,
            by: 'ratchet',
            why: 'leaseLost',
          });
        }
        if (tick.judgement.final && !paused) {
          const { verdict, reasons } = tick.judgement;
          const outcome = verdict === 'pass' ? 'passed' : verdict === 'fail' ? 'failed' : 'inconclusive';
          return await finish(handle, { outcome, verdict, reasons, by: 'ratchet', why: `shadow test ${outcome}` });
        }
      } else if (failures > handle.policy.rollout.maxMeasureErrors && Date.now() - startedAt > shadow.maxMs) {
        const reasons = [
          {
            code: 'measure.error',
            text: `${failures} measurements in a row failed until the shadow test's time was over`,
          },
        ];
        return await finish(handle, {
          outcome: 'inconclusive',
          verdict: 'error',
          reasons,
          by: 'ratchet',
          why: 'could not measure',
        });
      }
      if (workflowInfo().continueAsNewSuggested && inbox.pending.length === 0) {
        await condition(allHandlersFinished);
        const next: ShadowState = { handle, startedAt, seen: inbox.seen, paused };
        await continueAsNew<typeof shadowTest>({ ...input, state: next });
      }
    }
  } catch (error) {
    const aborted = (code: string, text: string, by: string): Promise<RolloutResult> =>
      finish(handle, { outcome: 'aborted', verdict: null, reasons: [{ code, text }], by, why: code });
    if (failureCode(error) === FENCED) return aborted('fenced', 'another claim took the route', 'ratchet');
    if (!isCancellation(error)) throw error;
    return CancellationScope.nonCancellable(() => aborted('cancelled', 'the workflow was cancelled', 'temporal'));
  }
}

async function startShadow(handle: RolloutHandle, shadow: ShadowPolicy, input: RolloutInput): Promise<void> {
  const { actor, reason } = input;
  await callActivity(
    'startShadow',
    {
      handle,
      share: shadow.share,
      because: { actor, reason, verdict: null, reasons: [], evidence: { policy: shadow } },
    },
    `shadow: a copy of ${showWeight(shadow.share)} of the traffic`,
  );
}

async function tickOrNull(handle: RolloutHandle, elapsedMs: number): Promise<ShadowTick | null> {
  try {
    return await callActivity('tickShadow', { handle, elapsedMs }, 'paired evidence', {
      startToCloseTimeout: Math.max(5000, handle.policy.rollout.leaseMs),
      scheduleToCloseTimeout: Math.max(5000, handle.policy.rollout.leaseMs),
      retry: { maximumAttempts: 1 },
    });
  } catch (error) {
    if (isCancellation(error) || failureCode(error) === FENCED) throw error;
    return null;
  }
}

async function neverBegun(
  model: string,
  version: string,
  outcome: 'refused' | 'aborted',
  reasons: readonly Reason[],
): Promise<RolloutResult> {
  showDetails({ title: `Shadow test of ${model} ${version}: ${outcome}`, facts: [], reasons });
  createPresence()({ model, version, phase: 'ended', outcome });
  await reportToModel(model, { kind: 'shadowTest', version, outcome, reasons });
  return { outcome, version, reasons };
}

function showTick(
  model: string,
  version: string,
  handle: RolloutHandle,
  startedAt: number,
  shadow: ShadowPolicy,
  tick: ShadowTick,
): void {
  showDetails({
    title: `Shadow test of ${model} ${version}: ${tick.judgement.verdict}`,
    facts: [
      ['champion', handle.champion],
      ['copied', showWeight(shadow.share)],
      ['running since', showTime(startedAt)],
      ['ends at the latest', showTime(startedAt + shadow.maxMs)],
    ],
    reasons: tick.judgement.reasons,
  });
}
