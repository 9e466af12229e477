/**
 * What becomes of a trigger: started now, merged into those that wait for the running work (I4), held until its time, or
 * recorded only. Pure, no clock, safe in workflow code.
 */
import type { RetrainRequest } from '../messages';
import type { EpochMs } from '../model';
import type { InboxTrigger } from '../ports';
import type { Reason } from '../verdict';

/** Triggers that wait. Bounded, yet none is lost: every one is counted, what decides is kept, and the inbox has them all. */
export interface PendingTriggers {
  /** All that were merged. */
  readonly count: number;
  /** Did a person ask? Then it runs in cooldown too. */
  readonly manual: boolean;
  /** The newest 20, oldest first. */
  readonly newest: readonly PendingReason[];
  /** Ids already merged, the newest 100: the same trigger counts once. */
  readonly ids: readonly string[];
  /** The latest event time asked for; null: the watermark. */
  readonly asOf: EpochMs | null;
  /** The latest explicit wish; null: the policy's. */
  readonly lookbackMs: number | null;
  /** Real time at which the first and the newest were merged; null: none yet, or merged before this was kept. */
  readonly firstAt: EpochMs | null;
  readonly newestAt: EpochMs | null;
}

export interface PendingReason {
  readonly id: string;
  readonly actor: string;
  readonly reason: string;
}

/** Triggers that were taken together: all their ids, and the reasons of the newest of them. */
export interface TriggerPage {
  readonly ids: readonly string[];
  /** Oldest first; at most the newest 20. */
  readonly newest: readonly PendingReason[];
  readonly manual: boolean;
  readonly asOf: EpochMs | null;
}

export const KEPT_TRIGGERS = 20;
const KEPT_IDS = 100;
/** Longest text of one reason in workflow state; the inbox has the whole one. */
const KEPT_REASON_CHARS = 300;
/** A debounce that is renewed for ever would never end: so many of it after the first trigger suffice. */
const MAX_DEBOUNCES = 5;

export const NO_TRIGGERS: PendingTriggers = {
  count: 0,
  manual: false,
  newest: [],
  ids: [],
  asOf: null,
  lookbackMs: null,
  firstAt: null,
  newestAt: null,
};

/** `now`: real time of the merge, for the debounce. */
export function mergeTriggers(
  pending: PendingTriggers,
  trigger: RetrainRequest,
  now: EpochMs | null = null,
): PendingTriggers {
  const { id, actor, reason, manual, asOf, lookbackMs } = trigger;
  const page = { ids: [id], newest: [{ id, actor, reason }], manual, asOf: asOf ?? null };
  const merged = mergePage(pending, page, now);
  return merged === pending || lookbackMs === undefined ? merged : { ...merged, lookbackMs };
}

/** Merges many at once. Ids that are known count once. */
export function mergePage(pending: PendingTriggers, page: TriggerPage, now: EpochMs | null): PendingTriggers {
  const known = new Set(pending.ids);
  const fresh = page.ids.filter((id) => !known.has(id));
  if (fresh.length === 0) return pending;
  const newest = page.newest
    .filter((t) => !known.has(t.id))
    .map((t) => ({ ...t, reason: t.reason.slice(0, KEPT_REASON_CHARS) }));
  return {
    count: pending.count + fresh.length,
    manual: pending.manual || page.manual,
    newest: [...pending.newest, ...newest].slice(-KEPT_TRIGGERS),
    ids: [...pending.ids, ...fresh].slice(-KEPT_IDS),
    asOf: page.asOf === null ? pending.asOf : Math.max(page.asOf, pending.asOf ?? page.asOf),
    lookbackMs: pending.lookbackMs,
    firstAt: pending.firstAt ?? now,
    newestAt: now ?? pending.newestAt,
  };
}

/** The page of some triggers as the inbox lists them, oldest first. */
export function pageOf(triggers: readonly InboxTrigger[]): TriggerPage {
  const times = triggers.flatMap((t) => (t.asOf === null ? [] : [t.asOf]));
  return {
    ids: triggers.map((t) => t.id),
    newest: triggers.slice(-KEPT_TRIGGERS).map(({ id, actor, reason }) => ({
      id,
      actor,
      reason: reason.slice(0, KEPT_REASON_CHARS),
    })),
    manual: triggers.some((t) => t.manual),
    asOf: times.length === 0 ? null : Math.max(...times),
  };
}

/** The reasons of all merged triggers in one line: "3 triggers: a; b; c", with "and 12 earlier" when the list was cut. */
export function pendingText(pending: PendingTriggers): string {
  const earlier = pending.count - pending.newest.length;
  const listed = pending.newest.map((t) => `${t.actor}: ${t.reason}`).join('; ');
  const cut = earlier > 0 ? ` and ${earlier} earlier` : '';
  return `${pending.count} trigger${pending.count === 1 ? '' : 's'}: ${listed}${cut}`;
}

/** When the waiting triggers have been quiet for long enough; null: no debounce. */
export function debouncedUntil(
  { firstAt, newestAt }: Pick<PendingTriggers, 'firstAt' | 'newestAt'>,
  debounceMs: number,
): EpochMs | null {
  if (debounceMs <= 0 || firstAt === null || newestAt === null) return null;
  return Math.min(newestAt + debounceMs, firstAt + MAX_DEBOUNCES * debounceMs);
}

export const BUDGET_SPAN_MS = 86_400_000;

/** When the budget allows one more start: 24 h after the oldest start that fills it; null: now. */
export function budgetUntil(starts: readonly EpochMs[], dailyBudget: number | null, now: EpochMs): EpochMs | null {
  if (dailyBudget === null) return null;
  const recent = starts.filter((at) => at > now - BUDGET_SPAN_MS).sort((a, b) => a - b);
  const oldest = recent[recent.length - dailyBudget];
  return oldest === undefined ? null : oldest + BUDGET_SPAN_MS;
}

export interface TriggerQuestion {
  /** The breach counter fired, or another trigger waits. */
  readonly breachesFire: boolean;
  /** A person asked. */
  readonly manual: boolean;
  /** A retraining or rollout of this model runs. */
  readonly active: boolean;
  /** Automation was paused by a person. */
  readonly paused: boolean;
  /** policy.triggers.automatic. */
  readonly automatic: boolean;
  readonly cooldownUntil: EpochMs | null;
  /** See debouncedUntil; left out: none. */
  readonly debouncedUntil?: EpochMs | null;
  /** See budgetUntil; left out: none. */
  readonly budgetUntil?: EpochMs | null;
  /** What an activity found to be in the way (low-traffic hours, too few new rows), and until when; left out: nothing. */
  readonly hold?: { readonly until: EpochMs; readonly reason: Reason } | null;
  readonly now: EpochMs;
}

/**
 * `start`: begin a retraining. `merge`: one runs, keep the trigger for after it. `record`: open or extend the incident, start
 * nothing before `until`. `none`: nothing happened.
 */
export type TriggerAction = 'start' | 'merge' | 'record' | 'none';

export interface TriggerAnswer {
  readonly action: TriggerAction;
  readonly reason: Reason;
  /** `record` only: when to ask again; null: when something happens. */
  readonly until: EpochMs | null;
}

/**
 * What a person asks for runs in cooldown, over the budget, outside the low-traffic hours, while automation is paused, and
 * without an incident; only running work delays it.
 */
export function decideTrigger(question: TriggerQuestion): TriggerAnswer {
  const { breachesFire, manual, active, paused, automatic, now } = question;
  const answer = (action: TriggerAction, code: string, text: string, until: EpochMs | null = null): TriggerAnswer => ({
    action,
    reason: { code, text },
    until,
  });
  if (!breachesFire && !manual) return answer('none', 'trigger.none', 'nothing triggers a retraining');
  if (active) return answer('merge', 'trigger.merged', 'a retraining or rollout runs: the trigger waits for its end');
  if (manual) return answer('start', 'trigger.manual', 'a person asked for a retraining');
  if (paused) return answer('record', 'trigger.paused', 'automation is paused: the trigger is recorded');
  if (!automatic) return answer('record', 'trigger.waitsForHuman', 'the policy leaves the start to a person');
  const waits: readonly (readonly [until: EpochMs | null | undefined, code: string, what: string])[] = [
    [question.cooldownUntil, 'trigger.cooldown', 'cooldown'],
    [question.budgetUntil, 'trigger.budget', 'the daily budget is spent'],
    [question.debouncedUntil, 'trigger.debounce', 'waiting for more triggers'],
  ];
  for (const [until, code, what] of waits) {
    if (until != null && now < until) {
      return answer('record', code, `${what}: ${Math.ceil((until - now) / 1000)} s more`, until);
    }
  }
  const { hold } = question;
  if (hold != null && now < hold.until) return { action: 'record', reason: hold.reason, until: hold.until };
  return answer('start', 'trigger.breaches', 'the triggers ask for a retraining');
}
