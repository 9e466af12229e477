import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  log,
  ParentClosePolicy,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import {
  ActivityFailure,
  defineSearchAttributeKey,
  TypedSearchAttributes,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import { canaryWorkflowId, retrainWorkflowId, rollbackWorkflowId, shadowWorkflowId } from '../core/ids';
import {
  signalName,
  type Accepted,
  type ChildReport,
  type Decision,
  type EvaluationReport,
  type PauseRequest,
  type RetrainRequest,
  type RollbackRequest,
  type RolloutRequest,
} from '../core/messages';
import type { Notification } from '../core/ports';
import { recordEvaluation, startBreaches } from '../core/trigger/breaches';
import { decideTrigger, mergeTriggers, NO_TRIGGERS, pendingText } from '../core/trigger/triggers';
import type { ModelInput } from '../core/workflow-io';
import { callActivity, oneLine } from './call-activity';
import { malformedDecision } from './decision-inbox';
import {
  childEndedSignal,
  DECISIONS,
  decisionSignals,
  evaluationSignal,
  modelStatusQuery,
  pauseAutomationSignal,
  pauseAutomationUpdate,
  resumeAutomationSignal,
  resumeAutomationUpdate,
  retrainSignal,
  retrainUpdate,
  rollbackSignal,
  rollbackUpdate,
  rolloutSignal,
  rolloutUpdate,
  setPolicySignal,
  setPolicyUpdate,
  type DecisionKind,
  type SetPolicyRequest,
} from './messages';
import { isChildReport, isEvaluationReport, requireRetrainFields } from './model-messages';
import { enqueueRollout, statusOf, type ModelState, type WantedRollout } from './model-state';
import { createPresence, showDetails, showTime } from './presence';

/** How often a running child is looked at: one that was terminated is healed after at most this. */
const HEALTH_CHECK_MS = 30_000;
/** How often the champion's age is looked at when the policy has a maximum. */
const AGE_CHECK_MS = 3_600_000;
const MAX_SEEN = 500;

/**
 * The entity of one model, running for ever: holds the policy, counts breaches, opens and closes incidents, merges triggers
 * and starts everything else. Children are abandoned to themselves and report by signal, so it never waits inside one.
 */
export async function model(input: ModelInput): Promise<void> {
  const name = input.model;
  const carried = input.state as ModelState | undefined;
  const presence = createPresence();
  const forwards: { kind: DecisionKind; decision: Decision }[] = [];
  const early: EvaluationReport[] = [];
  /** Signals that came with the start, before the policy was there: taken as soon as it is. */
  const earlySignals: (() => void)[] = [];
  let state = carried;

  // ---- messages: handlers stand before the first await, because signal-with-start delivers at once
  const seenBefore = (id: string): boolean => state?.seen.includes(id) ?? false;
  const remember = (id: string): void => {
    if (state === undefined) return;
    state.seen.push(id);
    if (state.seen.length > MAX_SEEN) state.seen.shift();
  };
  const need = (): ModelState => {
    if (state === undefined)
      throw ApplicationFailure.nonRetryable(
        'the model is still starting: ask again in a moment',
        'RATCHET_DECISION_NOT_AWAITED',
      );
    return state;
  };
  const check = (raw: unknown, fields: readonly string[]): void => {
    need();
    const malformed = malformedDecision({ version: '-', ...(raw as object) });
    const missing = fields.find((f) => typeof (raw as Record<string, unknown>)[f] !== 'string');
    if (malformed !== null || missing !== undefined) {
      throw ApplicationFailure.nonRetryable(
        malformed ?? `"${missing ?? ''}" must be a text`,
        'RATCHET_DECISION_MALFORMED',
      );
    }
    const { id } = raw as { id: string };
    if (seenBefore(id))
      throw ApplicationFailure.nonRetryable(`decision ${id} was taken already`, 'RATCHET_DECISION_DUPLICATE');
  };
  const accepted = (id: string, message: string): Accepted => ({ id, accepted: true, message });

  /** Sets the update with its validator and the signal twin that ignores what the validator would refuse. */
  const takeBoth = <R extends { readonly id: string }>(
    update: Parameters<typeof setHandler>[0],
    signal: Parameters<typeof setHandler>[0],
    description: string,
    fields: readonly string[],
    act: (request: R) => string,
    extra: (request: R) => void = () => undefined,
  ): void => {
    const validator = (request: R): void => {
      check(request, fields);
      extra(request);
    };
    const run = (request: R): Accepted => {
      remember(request.id);
      return accepted(request.id, act(request));
    };
    setHandler(update as never, run as never, { description, validator: validator as never } as never);
    setHandler(
      signal as never,
      ((request: R): void => {
        const take = (): void => {
          try {
            validator(request);
            run(request);
          } catch (error) {
            log.warn(`ignored signal: ${error instanceof Error ? error.message : String(error)}`);
          }
        };
        if (state === undefined) earlySignals.push(take);
        else take();
      }) as never,
      { description } as never,
    );
  };

  takeBoth<RetrainRequest>(
    retrainUpdate as never,
    retrainSignal as never,
    'Ask for a retraining. Payload: { id, actor, reason, manual, lookbackMs?, asOf? }.',
    [],
    (request) => {
      need().triggers = mergeTriggers(need().triggers, request);
      return state?.active === null
        ? 'the retraining starts now'
        : `merged: ${state?.active?.workflowId ?? ''} runs first`;
    },
    requireRetrainFields,
  );
  takeBoth<RolloutRequest>(
    rolloutUpdate as never,
    rolloutSignal as never,
    'Bring a registered version into a rollout. Payload: { id, version, actor, reason }.',
    ['version'],
    (request) => {
      enqueueRollout(need(), request, false);
      return `version ${request.version} enters a rollout`;
    },
  );
  takeBoth<RollbackRequest>(
    rollbackUpdate as never,
    rollbackSignal as never,
    'Back to the previous champion now. Payload: { id, actor, reason }.',
    [],
    (request) => {
      need().rollbacks.push(request);
      return 'the rollback starts now';
    },
  );
  takeBoth<PauseRequest>(
    pauseAutomationUpdate as never,
    pauseAutomationSignal as never,
    'Checks go on, but start nothing. Payload: { id, actor, reason }.',
    [],
    () => {
      need().automationPaused = true;
      return 'automation is paused';
    },
  );
  takeBoth<PauseRequest>(
    resumeAutomationUpdate as never,
    resumeAutomationSignal as never,
    'Checks start retrainings again. Payload: { id, actor, reason }.',
    [],
    () => {
      need().automationPaused = false;
      return 'automation goes on';
    },
  );

  const applyPolicy = async (request: SetPolicyRequest): Promise<Accepted> => {
    remember(request.id);
    try {
      need().policy = await callActivity(
        'savePolicy',
        { model: name, policy: request.policy, actor: request.actor, reason: request.reason },
        `policy of ${name} by ${request.actor}`,
      );
    } catch (error) {
      const cause = error instanceof ActivityFailure ? error.cause : error;
      if (cause instanceof ApplicationFailure)
        throw ApplicationFailure.nonRetryable(cause.message, cause.type ?? 'RATCHET_POLICY_INVALID');
      throw error;
    }
    return accepted(request.id, 'the policy is in force');
  };
  const setPolicyDescription =
    'Replace the policy. All problems are listed and nothing changes. Payload: { id, policy, actor, reason }.';
  setHandler(setPolicyUpdate, applyPolicy, {
    description: setPolicyDescription,
    validator: (request) => check(request, []),
  });
  setHandler(
    setPolicySignal,
    async (request: SetPolicyRequest): Promise<void> => {
      try {
        check(request, []);
        await applyPolicy(request);
      } catch (error) {
        log.warn(`ignored setPolicy: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
    { description: setPolicyDescription },
  );

  const takeEvaluationSignal = (report: unknown): void => {
    if (isEvaluationReport(report)) (state?.evaluations ?? early).push(report);
    else log.warn('ignored a malformed evaluation');
  };
  setHandler(evaluationSignal, takeEvaluationSignal, { description: 'From driftCheck: the evaluation of one window.' });
  const takeChildEnded = (report: unknown): void => {
    if (isChildReport(report)) state?.ended.push(report);
    else log.warn("ignored a malformed child's report");
  };
  setHandler(childEndedSignal, takeChildEnded, { description: 'From a child that ends.' });
  for (const kind of DECISIONS) {
    setHandler(decisionSignals[kind], (decision: Decision) => void forwards.push({ kind, decision }), {
      description: `Forwarded to the rollout that runs: ${kind}. Payload: { id, version, actor, reason }.`,
    });
  }
  setHandler(modelStatusQuery, () => statusOf(name, need()), {
    description: 'Phase, incident, active child, breaches, policy.',
  });

  // ---- start
  presence({ model: name, phase: 'watching', needsHuman: false });
  if (state === undefined) {
    const policy =
      input.policy === undefined
        ? await callActivity('loadPolicy', { model: name, policy: null }, `policy of ${name}`)
        : await callActivity(
            'savePolicy',
            { model: name, policy: input.policy, actor: 'start', reason: 'policy of the start' },
            `policy of ${name}`,
          );
    state = {
      policy,
      breaches: startBreaches(null),
      incident: null,
      cooldownUntil: null,
      automationPaused: false,
      active: null,
      triggers: NO_TRIGGERS,
      rollouts: [],
      evaluations: early,
      ended: [],
      rollbacks: [],
      counters: { retrain: 0, rollback: 0, incident: 0 },
      lastOutcome: null,
      lastEvaluation: null,
      ageCheckedAt: Date.now(),
      seen: [],
    };
    earlySignals.splice(0).forEach((take) => take());
  }
  const s = state;

  // ---- the loop
  for (;;) {
    show(name, s);
    presence({
      phase: statusOf(name, s).phase,
      ...(s.lastEvaluation?.driftScore == null ? {} : { driftScore: s.lastEvaluation.driftScore }),
      ...(s.lastOutcome === null ? {} : { outcome: s.lastOutcome.outcome }),
    });
    const wake = nextWake(s);
    const ready = (): boolean =>
      s.evaluations.length + s.ended.length + s.rollbacks.length + forwards.length > 0 || mayStart(s, Date.now());
    if (wake === null) await condition(ready);
    else await condition(ready, Math.max(1, wake - Date.now()), { summary: 'next look at the running child' });

    for (const report of s.evaluations.splice(0)) await takeEvaluation(name, s, report);
    for (const report of s.ended.splice(0)) await takeEnd(name, s, report);
    for (const request of s.rollbacks.splice(0)) await startRollback(name, s, request);
    for (const { kind, decision } of forwards.splice(0)) await forward(s, kind, decision);
    await heal(name, s);
    await lookAtAge(name, s);
    if (mayStart(s, Date.now())) await startNext(name, s);
    if (workflowInfo().continueAsNewSuggested && forwards.length === 0) {
      await condition(allHandlersFinished);
      // A decision may have come meanwhile: it is forwarded first, for it is not carried over.
      if (forwards.length === 0) await continueAsNew<typeof model>({ model: name, state: s });
    }
  }
}

/** Is there something that may start now? Rollouts first: what was proven should not wait for another training. */
function mayStart(s: ModelState, now: number): boolean {
  if (s.active !== null) return false;
  return s.rollouts.length > 0 || triggerAction(s, now) === 'start';
}

function triggerAction(s: ModelState, now: number): string {
  return decideTrigger({
    breachesFire: s.triggers.count > 0,
    manual: s.triggers.manual,
    active: s.active !== null,
    paused: s.automationPaused,
    automatic: s.policy.triggers.automatic,
    cooldownUntil: s.cooldownUntil,
    now,
  }).action;
}

/** When to look again without a message: a child's health, the end of the cooldown, the champion's age. null: only on messages. */
function nextWake(s: ModelState): number | null {
  const now = Date.now();
  const times = [
    ...(s.active === null ? [] : [now + HEALTH_CHECK_MS]),
    ...(s.cooldownUntil !== null && s.cooldownUntil > now && s.triggers.count > 0 ? [s.cooldownUntil] : []),
    ...(s.policy.triggers.maximumAgeMs === null ? [] : [s.ageCheckedAt + AGE_CHECK_MS]),
  ];
  return times.length === 0 ? null : Math.min(...times);
}

async function takeEvaluation(name: string, s: ModelState, report: EvaluationReport): Promise<void> {
  s.lastEvaluation = report;
  const { state, fire, reason } = recordEvaluation(s.breaches, report, s.policy.triggers);
  s.breaches = state;
  if (!fire) return;
  if (s.incident === null) {
    s.counters.incident += 1;
    const { workflowId, firstExecutionRunId } = workflowInfo();
    const id = `${workflowId}:${firstExecutionRunId}:incident:${s.counters.incident}`;
    const opened = await callActivity(
      'openIncident',
      { id, model: name, reasons: report.reasons },
      `incident: ${reason.text}`,
    );
    s.incident = { id: opened.id, openedAt: opened.openedAt, reasons: report.reasons };
    await notify(name, s, {
      id: `${opened.id}:opened`,
      kind: 'incidentOpened',
      version: report.version,
      title: `${name} got worse`,
      text: reason.text,
      links: {},
    });
  }
  s.triggers = mergeTriggers(s.triggers, {
    id: `${s.incident.id}:${report.windowEnd}`,
    actor: 'driftCheck',
    reason: oneLine(reason.text),
    manual: false,
  });
}

async function takeEnd(name: string, s: ModelState, report: ChildReport): Promise<void> {
  const ours = s.active?.workflowId === report.workflowId && s.active.runId === report.runId;
  if (ours) s.active = null;
  s.lastOutcome = report;
  const rest = (): void => {
    s.cooldownUntil = Date.now() + s.policy.triggers.cooldownMs;
  };
  switch (report.kind) {
    case 'retrain':
      if (report.outcome === 'challenger' && report.version !== null) {
        enqueueRollout(
          s,
          { version: report.version, actor: 'model', reason: `challenger of ${report.workflowId}` },
          false,
        );
      } else if (report.outcome !== 'champion') rest();
      return;
    case 'shadowTest':
      if (report.outcome === 'passed' && report.version !== null) {
        enqueueRollout(s, { version: report.version, actor: 'model', reason: `passed ${report.workflowId}` }, true);
      } else rest();
      return;
    case 'canary':
      rest();
      if (report.outcome === 'promoted') {
        // What checks asked for about the former champion is answered by this one; a person's wish is not.
        if (!s.triggers.manual && s.breaches.version !== report.version) s.triggers = NO_TRIGGERS;
        await closeIncident(name, s, 'healed', report);
      } else
        await notify(name, s, {
          id: `${report.workflowId}:${report.runId}:${report.outcome}`,
          kind: 'rolledBack',
          version: report.version,
          title: `${name} ${report.version ?? ''}: ${report.outcome}`,
          text: report.reasons.map((r) => r.text).join('\n'),
          links: {},
        });
      return;
    case 'rollback':
      rest();
      await notify(name, s, {
        id: `${report.workflowId}:${report.runId}`,
        kind: 'rolledBack',
        version: report.version,
        title: `${name} was rolled back`,
        text: report.reasons.map((r) => r.text).join('\n'),
        links: {},
      });
      return;
  }
}

async function closeIncident(name: string, s: ModelState, outcome: string, report: ChildReport): Promise<void> {
  await notify(name, s, {
    id: `${report.workflowId}:${report.runId}:promoted`,
    kind: 'promoted',
    version: report.version,
    title: `${name} ${report.version ?? ''} is champion`,
    text: report.reasons.map((r) => r.text).join('\n'),
    links: {},
  });
  if (s.incident === null) return;
  const { id } = s.incident;
  await callActivity('closeIncident', { model: name, id, outcome }, `incident closed: ${outcome}`);
  await notify(name, s, {
    id: `${id}:closed`,
    kind: 'incidentClosed',
    version: report.version,
    title: `${name} healed`,
    text: `version ${report.version ?? ''} was promoted`,
    links: {},
  });
  s.incident = null;
}

async function notify(name: string, s: ModelState, notification: Omit<Notification, 'at' | 'model'>): Promise<void> {
  await callActivity(
    'notify',
    { policy: s.policy, notification: { ...notification, model: name } },
    notification.title,
    {
      retry: { maximumAttempts: 3, initialInterval: '500ms' },
    },
  ).catch(() => undefined);
}

async function startNext(name: string, s: ModelState): Promise<void> {
  const rollout = s.rollouts.shift();
  if (rollout !== undefined) return startRollout(name, s, rollout);
  const { triggers } = s;
  s.triggers = NO_TRIGGERS;
  const reason = pendingText(triggers);
  const child = await startNumbered(
    () => retrainWorkflowId(name, (s.counters.retrain += 1)),
    (workflowId) =>
      startChild('retrain', {
        workflowId,
        parentClosePolicy: ParentClosePolicy.ABANDON,
        args: [
          {
            model: name,
            reason,
            actor: triggers.newest.at(-1)?.actor ?? 'model',
            policy: s.policy,
            ...(triggers.lookbackMs === null ? {} : { lookbackMs: triggers.lookbackMs }),
            ...(triggers.asOf === null ? {} : { asOf: triggers.asOf }),
          },
        ],
        staticSummary: oneLine(`retrain ${name}: ${reason}`),
        staticDetails: triggers.newest.map((t) => `- ${t.actor}: ${t.reason}`).join('\n'),
        typedSearchAttributes: attributes(name, null),
      }),
  );
  s.active = {
    kind: 'retrain',
    workflowId: child.workflowId,
    runId: child.firstExecutionRunId,
    version: null,
    startedAt: Date.now(),
  };
}

/** Starts a numbered child. A number that runs already was started by hand: it is theirs, and the next one is ours. */
async function startNumbered<R>(nextId: () => string, launch: (workflowId: string) => Promise<R>): Promise<R> {
  for (;;) {
    const workflowId = nextId();
    try {
      return await launch(workflowId);
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      log.warn(`${workflowId} runs already: the next number is taken`);
    }
  }
}

async function startRollout(name: string, s: ModelState, wanted: WantedRollout): Promise<void> {
  const { kind, version } = wanted;
  const workflowId = kind === 'canary' ? canaryWorkflowId(name, version) : shadowWorkflowId(name, version);
  await began(s, kind, workflowId, version, () =>
    startChild(kind, {
      workflowId,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      args: [{ model: name, version, actor: wanted.actor, reason: wanted.reason, policy: s.policy }],
      staticSummary: oneLine(`${kind} of ${name} version ${version}`),
      staticDetails: `By ${wanted.actor}: ${wanted.reason}`,
      typedSearchAttributes: attributes(name, version),
    }),
  );
}

/** Starts a rollout and remembers it; one of this version that runs already was started by hand, and goes on. */
async function began(
  s: ModelState,
  kind: ChildReport['kind'],
  workflowId: string,
  version: string | null,
  launch: () => Promise<{ readonly firstExecutionRunId: string }>,
): Promise<void> {
  try {
    const child = await launch();
    s.active = { kind, workflowId, runId: child.firstExecutionRunId, version, startedAt: Date.now() };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    log.warn(`could not start ${workflowId}: it runs already`);
    s.lastOutcome = {
      kind,
      workflowId,
      runId: '',
      version,
      outcome: 'refused',
      reasons: [{ code: 'RATCHET_CLAIM_HELD', text: `${workflowId} runs already` }],
    };
  }
}

async function startRollback(name: string, s: ModelState, request: RollbackRequest): Promise<void> {
  // The rollout that runs is told too: it would find itself fenced at its next tick anyway.
  if (s.active?.kind === 'canary' || s.active?.kind === 'shadowTest') {
    await forward(s, 'abort', {
      id: `${request.id}:abort`,
      version: s.active.version ?? '',
      actor: request.actor,
      reason: request.reason,
    });
  }
  await startNumbered(
    () => rollbackWorkflowId(name, (s.counters.rollback += 1)),
    (workflowId) =>
      startChild('rollback', {
        workflowId,
        args: [{ model: name, actor: request.actor, reason: request.reason }],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: oneLine(`roll back ${name}: ${request.reason}`),
        typedSearchAttributes: attributes(name, null),
      }),
  );
}

async function forward(s: ModelState, kind: DecisionKind, decision: Decision): Promise<void> {
  if (s.active === null) {
    log.warn(`no rollout runs: ${kind} is ignored`);
    return;
  }
  try {
    await getExternalWorkflowHandle(s.active.workflowId).signal(signalName(kind), decision);
  } catch (error) {
    log.warn(`could not forward ${kind} to ${s.active.workflowId}: ${String(error)}`);
  }
}

/** A child that ended without a report was terminated: its claim and its weight are taken back. */
async function heal(name: string, s: ModelState): Promise<void> {
  const { active } = s;
  if (active === null || Date.now() - active.startedAt < HEALTH_CHECK_MS) return;
  const seen = await callActivity(
    'describeWorkflow',
    { workflowId: active.workflowId, runId: active.runId },
    `is ${active.workflowId} alive?`,
  );
  if (seen.state === 'running' || s.ended.some((r) => r.workflowId === active.workflowId)) {
    s.active = { ...active, startedAt: Date.now() };
    return;
  }
  await callActivity(
    'healAfter',
    { model: name, workflowId: active.workflowId, runId: active.runId, status: seen.status },
    `heal after ${active.workflowId}: ${seen.status}`,
  );
  await takeEnd(name, s, {
    kind: active.kind,
    workflowId: active.workflowId,
    runId: active.runId,
    version: active.version,
    outcome: 'aborted',
    reasons: [{ code: 'child.gone', text: `${active.workflowId} ended as ${seen.status} without a report` }],
  });
}

async function lookAtAge(name: string, s: ModelState): Promise<void> {
  const { maximumAgeMs } = s.policy.triggers;
  if (maximumAgeMs === null || s.active !== null || Date.now() - s.ageCheckedAt < AGE_CHECK_MS) return;
  s.ageCheckedAt = Date.now();
  const { ageMs } = await callActivity('championAge', { model: name }, 'age of the champion');
  if (ageMs === null || ageMs <= maximumAgeMs) return;
  s.triggers = mergeTriggers(s.triggers, {
    id: `age:${s.ageCheckedAt}`,
    actor: 'model',
    reason: `the champion is ${Math.round(ageMs / 86_400_000)} days old, more than ${Math.round(maximumAgeMs / 86_400_000)}`,
    manual: false,
  });
}

function attributes(name: string, version: string | null): TypedSearchAttributes {
  return new TypedSearchAttributes([
    { key: defineSearchAttributeKey('RatchetModel', 'KEYWORD'), value: name },
    ...(version === null ? [] : [{ key: defineSearchAttributeKey('RatchetVersion', 'KEYWORD'), value: version }]),
  ]);
}

function show(name: string, s: ModelState): void {
  const status = statusOf(name, s);
  showDetails({
    title: `${name}: ${status.phase}`,
    facts: [
      ['incident', s.incident === null ? 'none' : `open since ${showTime(s.incident.openedAt)}`],
      ['running', s.active === null ? 'nothing' : `\`${s.active.workflowId}\``],
      [
        'waiting',
        s.triggers.count + s.rollouts.length === 0
          ? 'nothing'
          : [
              ...s.rollouts.map((w) => `${w.kind} of ${w.version}`),
              ...(s.triggers.count === 0 ? [] : [pendingText(s.triggers)]),
            ].join('; '),
      ],
      ['automation', s.automationPaused ? 'paused' : s.policy.triggers.automatic ? 'on' : 'asks a person'],
      [
        'last outcome',
        s.lastOutcome === null
          ? '–'
          : `${s.lastOutcome.kind} ${s.lastOutcome.outcome} (\`${s.lastOutcome.workflowId}\`)`,
      ],
      ['policy', `preset ${s.policy.preset}`],
    ],
    ...(status.breaches.length === 0
      ? {}
      : {
          table: {
            head: ['window ending', 'breach'],
            rows: status.breaches.slice(-10).map((b) => [showTime(b.windowEnd), b.breached ? 'yes' : 'no']),
          },
        }),
    reasons: s.lastEvaluation?.reasons ?? [],
  });
}
