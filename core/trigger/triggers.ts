/**
 * What becomes of a trigger: started now, merged into those that wait for the running work (I4), or recorded only. Pure, no
 * clock, safe in workflow code.
 */
import type { RetrainRequest } from '../messages';
import type { EpochMs } from '../model';
import type { Reason } from '../verdict';

/** Triggers that wait. Bounded, yet none is lost: every one is counted, and what decides is kept. */
export interface PendingTriggers {
  /** All that were merged. */
  readonly count: number;
  /** Did a person ask? Then it runs in cooldown too. */
  readonly manual: boolean;
  /** The newest 20, oldest first. */
  readonly newest: readonly { readonly id: string; readonly actor: string; readonly reason: string }[];
  /** Ids already merged, the newest 100: the same trigger counts once. */
  readonly ids: readonly string[];
  /** The latest event time asked for; null: the watermark. */
  readonly asOf: EpochMs | null;
  /** The latest explicit wish; null: the policy's. */
  readonly lookbackMs: number | null;
}

const KEPT_TRIGGERS = 20;
const KEPT_IDS = 100;

export const NO_TRIGGERS: PendingTriggers = {
  count: 0,
  manual: false,
  newest: [],
  ids: [],
  asOf: null,
  lookbackMs: null,
};

export function mergeTriggers(pending: PendingTriggers, trigger: RetrainRequest): PendingTriggers {
  if (pending.ids.includes(trigger.id)) return pending;
  const { id, actor, reason } = trigger;
  const latest = (a: EpochMs | null, b: EpochMs | undefined): EpochMs | null =>
    b === undefined ? a : a === null ? b : Math.max(a, b);
  return {
    count: pending.count + 1,
    manual: pending.manual || trigger.manual,
    newest: [...pending.newest, { id, actor, reason }].slice(-KEPT_TRIGGERS),
    ids: [...pending.ids, id].slice(-KEPT_IDS),
    asOf: latest(pending.asOf, trigger.asOf),
    lookbackMs: trigger.lookbackMs ?? pending.lookbackMs,
  };
}

/** The reasons of all merged triggers in one line: "3 triggers: a; b; c", with "and 12 earlier" when the list was cut. */
export function pendingText(pending: PendingTriggers): string {
  const earlier = pending.count - pending.newest.length;
  const listed = pending.newest.map((t) => `${t.actor}: ${t.reason}`).join('; ');
  const cut = earlier > 0 ? ` and ${earlier} earlier` : '';
  return `${pending.count} trigger${pending.count === 1 ? '' : 's'}: ${listed}${cut}`;
}

export interface TriggerQuestion {
  /** The breach counter fired. */
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
  readonly now: EpochMs;
}

/**
 * `start`: begin a retraining. `merge`: one runs, keep the trigger for after it. `record`: open or extend the incident, start
 * nothing. `none`: nothing happened.
 */
export type TriggerAction = 'start' | 'merge' | 'record' | 'none';

/** What a person asks for runs in cooldown, while automation is paused, and without an incident; only running work delays it. */
export function decideTrigger(question: TriggerQuestion): { readonly action: TriggerAction; readonly reason: Reason } {
  const { breachesFire, manual, active, paused, automatic, cooldownUntil, now } = question;
  const answer = (action: TriggerAction, code: string, text: string): { action: TriggerAction; reason: Reason } => ({
    action,
    reason: { code, text },
  });
  if (!breachesFire && !manual) return answer('none', 'trigger.none', 'nothing triggers a retraining');
  if (active) return answer('merge', 'trigger.merged', 'a retraining or rollout runs: the trigger waits for its end');
  if (manual) return answer('start', 'trigger.manual', 'a person asked for a retraining');
  if (paused) return answer('record', 'trigger.paused', 'automation is paused: the trigger is recorded');
  if (!automatic) return answer('record', 'trigger.waitsForHuman', 'the policy leaves the start to a person');
  if (cooldownUntil !== null && now < cooldownUntil) {
    return answer('record', 'trigger.cooldown', `cooldown for ${Math.ceil((cooldownUntil - now) / 1000)} s more`);
  }
  return answer('start', 'trigger.breaches', 'the windows in breach ask for a retraining');
}
