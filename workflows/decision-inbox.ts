/**
 * The inbox of a rollout's decisions. An update is refused by its validator with a code and a reason, before history; a
 * signal with the same fault is ignored and counted. An id counts once, also across continue-as-new.
 */
import { ApplicationFailure, log, setHandler } from '@temporalio/workflow';
import type { Accepted, Decision } from '../core/messages';
import { DECISIONS, decisionSignals, decisionUpdates, type DecisionKind } from './messages';

export interface InboxDecision extends Decision {
  readonly kind: DecisionKind;
}

export interface DecisionInbox {
  /** Taken and not yet acted on, in order of arrival. */
  readonly pending: InboxDecision[];
  /** Ids that counted, newest last: carried over continue-as-new. */
  readonly seen: string[];
}

/** Why a decision cannot count now: [error code, text], or null when it can. Cheap and synchronous. */
export type Refusal = (decision: InboxDecision) => readonly [code: string, text: string] | null;

const MAX_SEEN = 500;

const DESCRIPTIONS: Record<DecisionKind, string> = {
  approve: 'Agree to the step that waits for approval. Payload: { id, version, actor, reason }.',
  reject: 'Refuse it: the champion takes all traffic back. Payload: { id, version, actor, reason }.',
  pause: 'Stay at the present weight; guardrails go on. Payload: { id, version, actor, reason }.',
  resume: 'Go on after a pause or a hold. Payload: { id, version, actor, reason }.',
  promoteStep: 'Take the next step now. Payload: { id, version, actor, reason }.',
  promoteFull:
    'Promote now, skipping the remaining steps (they are listed as skipped). Payload: { id, version, actor, reason }.',
  abort: 'End the rollout; the champion takes all traffic back. Payload: { id, version, actor, reason }.',
};

export function openInbox(
  version: string,
  refuse: Refusal,
  accepts: readonly DecisionKind[],
  seen: readonly string[],
): DecisionInbox {
  const inbox: DecisionInbox = { pending: [], seen: [...seen] };

  const problem = (kind: DecisionKind, raw: unknown): readonly [string, string] | null => {
    const malformed = malformedDecision(raw);
    if (malformed !== null) return ['RATCHET_DECISION_MALFORMED', malformed];
    const decision = { ...(raw as Decision), kind };
    if (inbox.seen.includes(decision.id))
      return ['RATCHET_DECISION_DUPLICATE', `decision ${decision.id} was taken already`];
    if (decision.version !== version) {
      return [
        'RATCHET_DECISION_STALE',
        `the decision speaks of version ${decision.version}, this rollout is of version ${version}`,
      ];
    }
    return refuse(decision);
  };

  const take = (kind: DecisionKind, decision: Decision): void => {
    inbox.seen.push(decision.id);
    if (inbox.seen.length > MAX_SEEN) inbox.seen.shift();
    inbox.pending.push({ ...decision, kind });
  };

  for (const kind of DECISIONS) {
    const supported = accepts.includes(kind);
    setHandler(
      decisionUpdates[kind],
      (decision: Decision): Accepted => {
        take(kind, decision);
        return { id: decision.id, accepted: true, message: `${kind} of version ${version} by ${decision.actor}` };
      },
      {
        description: supported ? DESCRIPTIONS[kind] : `Not taken here: ${kind} means nothing to this workflow.`,
        validator: (raw: Decision): void => {
          const fault = supported ? problem(kind, raw) : notTaken(kind);
          if (fault !== null) throw ApplicationFailure.nonRetryable(fault[1], fault[0]);
        },
      },
    );
    setHandler(
      decisionSignals[kind],
      (raw: Decision): void => {
        const fault = supported ? problem(kind, raw) : notTaken(kind);
        if (fault === null) take(kind, raw);
        else log.warn(`ignored signal ${kind}: ${fault[1]}`, { code: fault[0] });
      },
      { description: DESCRIPTIONS[kind] },
    );
  }
  return inbox;
}

const notTaken = (kind: string): readonly [string, string] => [
  'RATCHET_DECISION_NOT_AWAITED',
  `${kind} is not taken by this workflow`,
];

/** null when well formed; else what is wrong, naming the field. */
export function malformedDecision(raw: unknown): string | null {
  if (typeof raw !== 'object' || raw === null)
    return `expected { id, version, actor, reason }, got ${raw === null ? 'null' : typeof raw}`;
  for (const field of ['id', 'version', 'actor', 'reason'] as const) {
    const value = (raw as Record<string, unknown>)[field];
    if (typeof value !== 'string' || value.trim() === '') {
      return `"${field}" must be a text that is not empty, got ${JSON.stringify(value) ?? 'nothing'}`;
    }
  }
  return null;
}
