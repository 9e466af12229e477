/**
 * The messages of \`model\`. Handlers stand before the first await, because signal-with-start delivers at once: what comes
 * before the policy is there is kept and taken as soon as it is.
 */
import { ApplicationFailure, log, setHandler } from '@temporalio/workflow';
import type {
  Accepted,
  Decision,
  EvaluationReport,
  PauseRequest,
  RetrainRequest,
  RollbackRequest,
  RolloutRequest,
} from '../core/messages';
import { failureCode, failureText } from './activity-failure';
import { callActivity } from './call-activity';
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
  triggersWaitingSignal,
  type DecisionKind,
  type SetPolicyRequest,
} from './messages';
import { isChildReport, isEvaluationReport, requireRetrainFields } from './model-messages';
import { enqueueRollout, statusOf, type ModelState } from './model-state';
import { addTrigger } from './model-triggers';

const MAX_SEEN = 500;

export interface ModelInbox {
  /** Decisions for the rollout that runs, in order of arrival. */
  readonly forwards: { kind: DecisionKind; decision: Decision }[];
  /** Signals of this run that may come in thousands: the server ends a run's life at 10,000. */
  signals(): number;
  /** Gives the handlers their state; what came early is taken now. */
  begin(state: ModelState): void;
}

export function openModelInbox(name: string, carried: ModelState | undefined): ModelInbox {
  const forwards: { kind: DecisionKind; decision: Decision }[] = [];
  const early: EvaluationReport[] = [];
  const earlySignals: (() => void)[] = [];
  let earlyNudge = false;
  let signals = 0;
  let state = carried;

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
        signals += 1;
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
      { description },
    );
  };

  takeBoth<RetrainRequest>(
    retrainUpdate as never,
    retrainSignal as never,
    'Ask for a retraining. Payload: { id, actor, reason, manual, lookbackMs?, asOf? }.',
    [],
    (request) => {
      addTrigger(name, need(), request, request.manual ? 'person' : 'signal');
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
      need().woken = true;
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
      // What the former policy found in the way, or has judged, says nothing about this one.
      Object.assign(need(), { hold: null, lastSnapshot: null, woken: true });
    } catch (error) {
      const code = failureCode(error);
      if (code === null) throw error;
      throw ApplicationFailure.nonRetryable(failureText(error), code);
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

  setHandler(
    triggersWaitingSignal,
    () => {
      signals += 1;
      if (state === undefined) earlyNudge = true;
      else state.inboxWaiting = true;
    },
    { description: 'Triggers wait in the inbox: take them. No payload.' },
  );
  const takeEvaluationSignal = (report: unknown): void => {
    signals += 1;
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

  return {
    forwards,
    signals: () => signals,
    begin: (begun) => {
      state = begun;
      begun.inboxWaiting ||= earlyNudge;
      begun.evaluations.push(...early.splice(0));
      earlySignals.splice(0).forEach((take) => take());
    },
  };
}
