import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setHandler,
  workflowInfo,
  type ActivityOptions,
} from '@temporalio/workflow';
import type { Because, RolloutHandle } from '../activities/rollout';
import type { RolloutStatus } from '../core/messages';
import { nextDeadline } from '../core/rollout/canary-clocks';
import { refuseMessage } from '../core/rollout/canary-messages';
import type { CanaryAction, CanaryState, CanaryStepDecision, CanaryTick } from '../core/rollout/canary-state';
import { decideStep, startCanary } from '../core/rollout/decide-step';
import type { Segment } from '../core/rollout/evidence';
import type { CanaryJudgement } from '../core/rollout/judge-canary';
import type { Reason } from '../core/verdict';
import type { RolloutInput, RolloutResult } from '../core/workflow-io';
import { FENCED, failureCode, failureText } from './activity-failure';
import { callActivity } from './call-activity';
import { beginUnlessAborted } from './begin-rollout';
import { approvalCommands, canaryStatus, resumedStatus, showCanary } from './canary-page';
import { notifyPeople } from './canary-notice';
import { measureUnlessTold } from './canary-tick';
import { openInbox, type InboxDecision } from './decision-inbox';
import { DECISIONS, rolloutStatusQuery } from './messages';
import { createPresence, showDetails, showTime, showWeight } from './presence';
import { reportToModel } from './report-to-model';

/** One transaction of milliseconds, with an idempotency key: when its worker died in it, another one tries again soon. */
const ROUTE_WRITE: ActivityOptions = { startToCloseTimeout: '10 seconds' };

/** Carried over continue-as-new: absolute deadlines, evidence so far, decision ids (DESIGN §4). */
interface Carried {
  readonly handle: RolloutHandle;
  readonly machine: CanaryState;
  readonly slowUs: number | null;
  readonly seen: readonly string[];
  /** Route changes so far: each has its own idempotency key. */
  readonly changes: number;
  readonly lastReasons: readonly Reason[];
  /** Set in the watch after promotion. */
  readonly promotedAt: number | null;
}

/**
 * Weight steps with durable timers. This function executes; core/rollout/decide-step.ts decides. Guardrails are looked at in
 * ticks inside each step, and a tick races the messages, so that neither waits for the other.
 */
export async function canary(input: RolloutInput): Promise<RolloutResult> {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const carried = input.state as Carried | undefined;
  const run = new CanaryRun(input, workflowId, `${workflowId}:${firstExecutionRunId}`, carried);
  return run.execute();
}

class CanaryRun {
  private readonly presence = createPresence();
  private readonly inbox;
  private handle: RolloutHandle | null;
  private machine: CanaryState | null;
  private slowUs: number | null;
  private changes: number;
  private routeWeight: number;
  private promotedAt: number | null;
  private judgement: CanaryJudgement | null = null;
  /** What `judgement` was made of: recorded beside it. */
  private segments: readonly Segment[] = [];
  private status: RolloutStatus;

  constructor(
    private readonly input: RolloutInput,
    private readonly workflowId: string,
    private readonly run: string,
    carried: Carried | undefined,
  ) {
    this.handle = carried?.handle ?? null;
    this.machine = carried?.machine ?? null;
    this.slowUs = carried?.slowUs ?? null;
    this.changes = carried?.changes ?? 0;
    this.routeWeight = carried?.machine.weight ?? 0;
    this.promotedAt = carried?.promotedAt ?? null;
    this.status =
      carried === undefined
        ? {
            model: input.model,
            version: input.version,
            champion: '',
            phase: 'starting',
            step: -1,
            weight: 0,
            nextDeadline: null,
            needsHuman: false,
            lastReasons: [],
            outcome: null,
          }
        : resumedStatus(carried.handle, carried.machine, carried.lastReasons, Date.now());
    setHandler(rolloutStatusQuery, () => this.status, {
      description: 'Phase, step, weight, reasons and next deadline of this canary.',
    });
    this.inbox = openInbox(
      input.version,
      (decision) => {
        if (this.machine === null || this.handle === null)
          return decision.kind === 'abort'
            ? null
            : ['RATCHET_DECISION_NOT_AWAITED', 'the canary is still starting: only an abort counts now'];
        const refusal = refuseMessage(
          this.machine,
          { kind: decision.kind, decision },
          this.handle.policy.rollout,
          Date.now(),
        );
        return refusal === null ? null : [refusal.code, refusal.message];
      },
      DECISIONS,
      carried?.seen ?? [],
    );
  }

  async execute(): Promise<RolloutResult> {
    const { model, version } = this.input;
    this.presence({ model, version, phase: 'canary', needsHuman: false });
    let decision: CanaryStepDecision | null = null;
    if (this.handle === null) {
      const policy = await callActivity(
        'loadPolicy',
        { model, policy: this.input.policy ?? null },
        `policy of ${model}`,
      );
      const { run, workflowId } = this;
      const { actor, reason } = this.input;
      const begun = await beginUnlessAborted(
        { kind: 'canary', model, version, policy, run, workflowId, actor, reason },
        this.inbox,
      );
      if (begun.kind !== 'begun') return this.neverBegun(begun.kind, begun.reasons);
      this.handle = begun.handle;
      decision = startCanary({ version, now: Date.now() }, policy.rollout);
    }
    const handle = this.handle;
    try {
      if (this.promotedAt === null) {
        const ended = await this.steps(handle, decision);
        if (ended.outcome !== 'promoted')
          return await this.end(handle, ended.outcome, ended.action.reasons, ended.action);
        this.promotedAt = Date.now();
      }
      return await this.watch(handle, this.promotedAt);
    } catch (error) {
      if (failureCode(error) === FENCED) return this.fenced(handle, error);
      if (!isCancellation(error)) throw error;
      return CancellationScope.nonCancellable(() => this.cancelled(handle));
    }
  }

  /** From the first weight until the machine has ended. */
  private async steps(
    handle: RolloutHandle,
    first: CanaryStepDecision | null,
  ): Promise<{ outcome: RolloutResult['outcome']; action: CanaryAction }> {
    const { rollout } = handle.policy;
    let decision = first;
    if (decision !== null) await this.carryOut(handle, decision, []);
    for (;;) {
      if (decision !== null && decision.state.outcome !== null)
        return { outcome: decision.state.outcome, action: decision.action };
      const machine = this.machine as CanaryState;
      const now = Date.now();
      const wait = Math.max(1, Math.min(rollout.tickMs, (nextDeadline(machine, now) ?? Infinity) - now));
      await condition(() => this.inbox.pending.length > 0, wait, {
        summary: `step ${machine.step + 1}, ${showWeight(machine.weight)}: next look`,
      });
      const tick = this.inbox.pending.length > 0 || machine.weight === 0 ? null : await this.tick(handle, machine);
      const messages = this.inbox.pending.splice(0);
      decision = decideStep(
        machine,
        { now: Date.now(), tick, messages: messages.map((m) => ({ kind: m.kind, decision: m })) },
        rollout,
      );
      const refused = new Set(decision.refused.map((r) => r.id));
      decision = await this.carryOut(
        handle,
        decision,
        messages.filter((m) => !refused.has(m.id)),
      );
      if (workflowInfo().continueAsNewSuggested && this.inbox.pending.length === 0 && decision.state.outcome === null) {
        await this.continueLater(handle);
      }
    }
  }

  /** Measures, or gives way to a message that arrives meanwhile. null in the judgement: it could not measure. */
  private async tick(handle: RolloutHandle, machine: CanaryState): Promise<CanaryTick | null> {
    const first = await measureUnlessTold(handle, machine, this.slowUs, this.inbox);
    if (first === 'message') return null;
    if (first === null) return { judgement: null, lease: 'notTried' };
    this.slowUs = first.slowUs;
    this.judgement = first.judgement;
    this.segments = first.segments;
    return { judgement: first.judgement, lease: first.leaseRenewed ? 'renewed' : 'lost' };
  }

  /** Executes a decision once. Returns the decision that holds afterwards: a refused promotion becomes a rollback. */
  private async carryOut(
    handle: RolloutHandle,
    decision: CanaryStepDecision,
    accepted: readonly InboxDecision[],
  ): Promise<CanaryStepDecision> {
    const { state, action } = decision;
    const approvedNow = state.approvedBy !== null && state.approvedBy !== (this.machine?.approvedBy ?? null);
    this.machine = state;
    this.status = canaryStatus(handle, state, action);
    this.presence({ phase: this.status.phase, needsHuman: this.status.needsHuman });
    showCanary(handle, state, action, this.judgement);
    for (const message of accepted) {
      await callActivity(
        'recordDecision',
        {
          handle,
          key: `decision:${message.id}`,
          kind: message.kind === 'approve' ? 'approval' : `message.${message.kind}`,
          because: {
            actor: message.actor,
            reason: message.reason,
            verdict: null,
            reasons: [],
            evidence: { id: message.id, step: state.step, weight: state.weight },
          },
        },
        `${message.kind} by ${message.actor}`,
      );
    }
    if (approvedNow || (action.kind === 'promote' && action.decision !== null)) {
      const actor = action.decision?.actor ?? state.approvedBy ?? 'ratchet';
      await callActivity(
        'blessVersion',
        { handle, blessing: 'approved', actor, reason: action.reason.text },
        `blessing: approved by ${actor}`,
      );
    }
    const because = this.because(action);
    switch (action.kind) {
      case 'rollback':
      case 'abort':
        await this.rollBack(handle, because);
        return decision;
      case 'promote':
        return this.promote(handle, decision, because);
      case 'askApproval':
        await notifyPeople(
          handle,
          `${this.run}:${this.changes}:${this.machine?.step ?? -1}`,
          'approvalWanted',
          `${handle.model} ${handle.version} waits for approval`,
          [action.reason.text, ...approvalCommands(handle)],
        );
        break;
      case 'remind':
        await notifyPeople(
          handle,
          `${this.run}:${this.changes}:${this.machine?.step ?? -1}`,
          'approvalReminder',
          `${handle.model} ${handle.version} still waits for approval`,
          [action.reason.text, ...approvalCommands(handle)],
        );
        break;
      case 'hold':
        await notifyPeople(
          handle,
          `${this.run}:${this.changes}:${this.machine?.step ?? -1}`,
          'heldForHuman',
          `${handle.model} ${handle.version} is held`,
          [action.reason.text],
        );
        break;
      case 'advance':
      case 'continue':
        break;
    }
    if (state.weight !== this.routeWeight) {
      const lost = await this.setWeight(handle, state, because);
      if (lost !== null) {
        const next = decideStep(
          state,
          { now: Date.now(), tick: { judgement: null, lease: 'lost' }, messages: [] },
          handle.policy.rollout,
        );
        this.routeWeight = 0;
        return this.carryOut(handle, next, []);
      }
    }
    return decision;
  }

  /** null when set; the reason when the lease had ended before the write. */
  private async setWeight(handle: RolloutHandle, state: CanaryState, because: Because): Promise<Reason | null> {
    this.changes += 1;
    try {
      await callActivity(
        'setCanaryWeight',
        { handle, step: state.step, change: this.changes, weight: state.weight, because },
        `weight ${showWeight(state.weight)} to version ${handle.version}`,
        ROUTE_WRITE,
      );
      this.routeWeight = state.weight;
      return null;
    } catch (error) {
      const code = failureCode(error);
      if (code !== 'RATCHET_LEASE_LOST') throw error;
      return { code: 'leaseLost', text: 'the lease ended before the weight was set' };
    }
  }

  private async promote(
    handle: RolloutHandle,
    decision: CanaryStepDecision,
    because: Because,
  ): Promise<CanaryStepDecision> {
    try {
      await callActivity(
        'promoteVersion',
        { handle, because },
        `version ${handle.version} becomes champion`,
        ROUTE_WRITE,
      );
      return decision;
    } catch (error) {
      if (isCancellation(error)) throw error;
      const reasons: Reason[] = [{ code: failureCode(error) ?? 'RATCHET_INTERNAL', text: failureText(error) }];
      await this.rollBack(handle, { ...because, verdict: 'error', reasons });
      const state: CanaryState = { ...decision.state, outcome: 'rolledBack', weight: 0 };
      this.machine = state;
      return {
        ...decision,
        state,
        action: { ...decision.action, kind: 'rollback', weight: 0, reason: reasons[0] as Reason, reasons },
      };
    }
  }

  /** Nothing may stop it; a fence means that somebody newer has already decided the route. */
  private async rollBack(handle: RolloutHandle, because: Because): Promise<void> {
    await CancellationScope.nonCancellable(async () => {
      try {
        await callActivity('rollBackCanary', { handle, because }, `full weight back to version ${handle.champion}`, {
          ...ROUTE_WRITE,
          retry: { initialInterval: '100ms', maximumInterval: '2 seconds' },
        });
      } catch (error) {
        if (failureCode(error) !== FENCED) throw error;
      }
      this.routeWeight = 0;
    });
  }

  /** After promotion `previous` stays loaded, and a champion that fails goes back. */
  private async watch(handle: RolloutHandle, promotedAt: number): Promise<RolloutResult> {
    const { rollout } = handle.policy;
    const until = promotedAt + rollout.watchMs;
    const reasons: Reason[] = [...this.status.lastReasons];
    this.status = { ...this.status, phase: 'watching', weight: 10_000, nextDeadline: until, needsHuman: false };
    this.presence({ phase: 'watching', needsHuman: false });
    while (Date.now() < until) {
      const wait = Math.max(1, Math.min(rollout.tickMs, until - Date.now()));
      await condition(() => false, wait, { summary: `watch until ${showTime(until)}` });
      const seen = await callActivity('tickWatch', { handle, since: promotedAt }, 'is the new champion failing?', {
        retry: { maximumAttempts: 3 },
        scheduleToCloseTimeout: '1 minute',
      }).catch(() => null);
      if (seen !== null && !seen.stillChampion) {
        return this.end(
          handle,
          'rolledBack',
          [{ code: 'rollback.asked', text: 'somebody rolled it back during the watch' }],
          null,
        );
      }
      if (seen !== null && seen.judgement.verdict === 'fail') {
        const because: Because = {
          actor: 'ratchet',
          reason: 'watch',
          verdict: 'fail',
          reasons: seen.judgement.reasons,
          evidence: { watch: seen.judgement },
        };
        await CancellationScope.nonCancellable(() =>
          callActivity(
            'restoreChampion',
            { handle, because },
            `version ${handle.champion} is champion again`,
            ROUTE_WRITE,
          ),
        );
        return this.end(handle, 'rolledBack', seen.judgement.reasons, null);
      }
      if (workflowInfo().continueAsNewSuggested) await this.continueLater(handle);
    }
    return this.end(handle, 'promoted', reasons, null);
  }

  private async end(
    handle: RolloutHandle,
    outcome: RolloutResult['outcome'],
    reasons: readonly Reason[],
    action: CanaryAction | null,
  ): Promise<RolloutResult> {
    const { model, version } = handle;
    const because: Because =
      action === null
        ? {
            actor: 'ratchet',
            reason: outcome,
            verdict: null,
            reasons,
            evidence: { judgement: this.judgement, segments: this.segments },
          }
        : this.because(action);
    await callActivity('endRollout', { handle, outcome, because }, `record: ${outcome}`);
    this.status = {
      ...this.status,
      phase: 'ended',
      outcome,
      lastReasons: reasons,
      nextDeadline: null,
      needsHuman: false,
    };
    this.presence({ phase: 'ended', outcome, needsHuman: false });
    await reportToModel(model, { kind: 'canary', version, outcome, reasons });
    // The traffic is right already; the registry and the report may take as long as MLflow needs.
    await callActivity('projectAliases', { model, noLongerChallenger: version }, 'MLflow aliases follow the route');
    await callActivity(
      'reportRollout',
      {
        model,
        version,
        champion: handle.champion,
        workflowId: this.workflowId,
        run: this.run,
        outcome,
        reasons,
        slowUs: this.slowUs,
        startTime: workflowInfo().runStartTime.getTime(),
      },
      'report to MLflow',
      { retry: { maximumAttempts: 5 } },
    ).catch(() => undefined);
    await condition(allHandlersFinished);
    return { outcome, version, reasons };
  }

  private async cancelled(handle: RolloutHandle): Promise<RolloutResult> {
    const reasons: Reason[] = [{ code: 'cancelled', text: 'the workflow was cancelled' }];
    if (this.promotedAt !== null) return this.end(handle, 'promoted', reasons, null);
    await this.rollBack(handle, { actor: 'temporal', reason: 'cancelled', verdict: null, reasons, evidence: {} });
    return this.end(handle, 'aborted', reasons, null);
  }

  /** A rollback by hand, or a newer rollout, took the claim: whoever has it decides what is served. */
  private async fenced(handle: RolloutHandle, error: unknown): Promise<RolloutResult> {
    const text = `another claim took the route: ${failureText(error)}`;
    return this.end(handle, 'rolledBack', [{ code: 'fenced', text }], null);
  }

  private async neverBegun(outcome: 'refused' | 'aborted', reasons: readonly Reason[]): Promise<RolloutResult> {
    const { model, version } = this.input;
    this.status = { ...this.status, phase: 'ended', outcome, lastReasons: reasons };
    this.presence({ phase: 'ended', outcome });
    showDetails({ title: `Canary of ${model} ${version}: ${outcome}`, facts: [], reasons });
    await reportToModel(model, { kind: 'canary', version, outcome, reasons });
    return { outcome, version, reasons };
  }

  private async continueLater(handle: RolloutHandle): Promise<void> {
    await condition(allHandlersFinished);
    const state: Carried = {
      handle,
      machine: this.machine as CanaryState,
      slowUs: this.slowUs,
      seen: this.inbox.seen,
      changes: this.changes,
      lastReasons: this.status.lastReasons,
      promotedAt: this.promotedAt,
    };
    await continueAsNew<typeof canary>({ ...this.input, state });
  }

  private because(action: CanaryAction): Because {
    return {
      actor: action.decision?.actor ?? 'ratchet',
      reason: action.reason.text,
      verdict: this.judgement?.verdict ?? null,
      reasons: action.reasons,
      evidence: {
        judgement: this.judgement,
        segments: this.segments,
        step: this.machine?.step ?? -1,
        slowUs: this.slowUs,
        skipped: action.skipped,
      },
    };
  }
}
