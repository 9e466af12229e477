/**
 * The triggers of `model`: what waits is merged in the state (counts and the newest reasons), every single one is kept in the
 * inbox, and before a retraining starts by itself the policy's conditions are asked: low-traffic hours, enough new rows.
 */
import { isCancellation, log, workflowInfo } from '@temporalio/workflow';
import type { RetrainRequest } from '../core/messages';
import type { InboxTrigger } from '../core/ports';
import { dataArrived } from '../core/trigger/data-arrival';
import { triggerSettings } from '../core/trigger/settings';
import {
  budgetUntil,
  BUDGET_SPAN_MS,
  debouncedUntil,
  decideTrigger,
  mergePage,
  mergeTriggers,
  NO_TRIGGERS,
  type PendingTriggers,
  type TriggerAnswer,
} from '../core/trigger/triggers';
import type { Reason } from '../core/verdict';
import { callActivity, oneLine } from './call-activity';
import type { ModelState } from './model-state';

/** Triggers read from the inbox, or written to it, by one activity. */
const PAGE = 500;
/** How soon the source is counted again when too few rows are new. */
const RECOUNT_MS = 15 * 60_000;

/** Under which name this batch of triggers is taken: they go into the same retraining. */
const holderOf = (s: ModelState): string => {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  return `${workflowId}:${firstExecutionRunId}:${s.counters.batch}`;
};

/** Merges a trigger that came by message or from the model itself; the loop writes it to the inbox. */
export function addTrigger(name: string, s: ModelState, request: RetrainRequest, source: InboxTrigger['source']): void {
  const { id, actor, reason, manual, asOf, lookbackMs } = request;
  const merged = mergeTriggers(s.triggers, request, Date.now());
  if (merged === s.triggers) return;
  s.triggers = merged;
  s.unrecorded.push({
    by: holderOf(s),
    trigger: {
      id,
      model: name,
      source,
      actor,
      reason,
      manual,
      asOf: asOf ?? null,
      payload: lookbackMs === undefined ? null : { lookbackMs },
    },
  });
}

/** Ends this batch: what comes now goes into the next retraining. `answeredBy` is told which workflow answers the batch. */
export function closeBatch(s: ModelState): {
  readonly triggers: PendingTriggers;
  readonly answeredBy: (workflowId: string) => void;
} {
  const { triggers } = s;
  const from = holderOf(s);
  s.counters.batch += 1;
  s.triggers = NO_TRIGGERS;
  s.hold = null;
  return {
    triggers,
    answeredBy: (to) => {
      if (triggers.count > 0) s.attributions.push({ from, to });
    },
  };
}

/** Writes to the inbox what came by message, and into which retraining finished batches went. */
export async function keepTriggers(name: string, s: ModelState): Promise<void> {
  while (s.unrecorded.length > 0) {
    const by = s.unrecorded[0]?.by ?? '';
    const end = s.unrecorded.findIndex((entry) => entry.by !== by);
    const batch = s.unrecorded.splice(0, Math.min(PAGE, end === -1 ? s.unrecorded.length : end));
    const triggers = batch.map((entry) => entry.trigger);
    const first = triggers[0];
    await orWarn(
      callActivity(
        'recordTriggers',
        { model: name, triggers, by },
        triggers.length === 1 && first !== undefined
          ? `trigger by ${first.actor}: ${first.reason}`
          : `keep ${triggers.length} triggers`,
      ),
    );
  }
  for (const { from, to } of s.attributions.splice(0)) {
    await orWarn(callActivity('attributeTriggers', { model: name, from, to }, `its triggers: ${to}`));
  }
}

/** A trigger that its store refuses for good must not stop the model: it is merged already. */
async function orWarn(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn(`the trigger inbox refused a write: ${String(error)}`);
  }
}

/**
 * Takes everything that waits in the inbox, page by page. A page is merged before it is marked: a worker that dies between
 * the two reads it again, and its ids count once. Returns what the sources say got worse.
 */
export async function takeInbox(name: string, s: ModelState): Promise<readonly Reason[]> {
  if (!s.inboxWaiting) return [];
  const worse: Reason[] = [];
  for (let more = true; more;) {
    s.inboxWaiting = false;
    const taken = await callActivity('readTriggers', { model: name, limit: PAGE }, 'triggers that wait in the inbox');
    if (taken.page.ids.length === 0) break;
    s.triggers = mergePage(s.triggers, taken.page, Date.now());
    worse.push(...taken.worse);
    await callActivity(
      'markTriggersTaken',
      { model: name, ids: taken.page.ids, by: holderOf(s) },
      `${taken.page.ids.length} triggers taken`,
    );
    ({ more } = taken);
  }
  return worse.slice(-20);
}

/** What becomes of the waiting triggers now. */
export function triggerAnswer(s: ModelState, now: number): TriggerAnswer {
  const policy = triggerSettings(s.policy);
  return decideTrigger({
    breachesFire: s.triggers.count > 0,
    manual: s.triggers.manual,
    active: s.active !== null,
    paused: s.automationPaused,
    automatic: policy.automatic,
    cooldownUntil: s.cooldownUntil,
    budgetUntil: budgetUntil(s.starts, policy.dailyBudget, now),
    debouncedUntil: debouncedUntil(s.triggers, policy.debounceMs),
    hold: s.hold,
    now,
  });
}

/**
 * The conditions that only an activity can look at, asked when nothing else is in the way. True: start. False: `hold` says
 * why not, and until when. A person's wish is not held.
 */
export async function mayTrain(name: string, s: ModelState): Promise<boolean> {
  if (s.triggers.manual) return true;
  const { heavyWindow, minNewLabelledRows } = triggerSettings(s.policy);
  if (heavyWindow !== null) {
    const now = Date.now();
    const { at } = await callActivity('nextTrainingStart', { window: heavyWindow, now }, 'low-traffic hours');
    if (at > Date.now()) {
      const hours = `${heavyWindow.from} to ${heavyWindow.to} ${heavyWindow.timeZone}`;
      s.hold = { until: at, reason: { code: 'trigger.heavyWindow', text: `trainings start from ${hours}` } };
      return false;
    }
  }
  if (minNewLabelledRows > 0) {
    const since = s.lastSnapshot?.to ?? null;
    const { rows } = await callActivity('countNewRows', { model: name, policy: s.policy, since }, 'new labelled rows');
    if (rows < minNewLabelledRows) {
      const text = `${rows} new labelled rows since the last training; ${minNewLabelledRows} are needed`;
      const reason = { code: 'trigger.newRows', text, observed: rows, expected: minNewLabelledRows };
      s.hold = { until: Date.now() + RECOUNT_MS, reason };
      return false;
    }
  }
  s.hold = null;
  return true;
}

/** Remembers a start for the daily budget. */
export function countStart(s: ModelState, now: number): void {
  s.starts = [...s.starts.filter((at) => at > now - BUDGET_SPAN_MS), now].slice(-1000);
}

/** When the source is to be counted for new data; null: the policy does not ask. */
export function nextDataCheck(s: ModelState): number | null {
  const { dataArrival } = triggerSettings(s.policy);
  return dataArrival.checkEveryMs === null || s.active !== null ? null : s.dataCheckedAt + dataArrival.checkEveryMs;
}

export async function lookForData(name: string, s: ModelState): Promise<void> {
  const due = nextDataCheck(s);
  if (due === null || Date.now() < due) return;
  s.dataCheckedAt = Date.now();
  const { dataArrival } = triggerSettings(s.policy);
  // After an arrival, or a training, only what is newer than that counts.
  const since = Math.max(s.dataSeenTo ?? 0, s.lastSnapshot?.to ?? 0);
  const probe = await callActivity(
    'countNewRows',
    { model: name, policy: s.policy, since: since === 0 ? null : since },
    'new rows of the training query',
  );
  const { arrived, id, reason } = dataArrived(dataArrival, probe);
  if (!arrived || probe.newest === null) return;
  s.dataSeenTo = probe.newest + 1;
  addTrigger(name, s, { id, actor: 'model', reason: oneLine(reason.text), manual: false }, 'data');
}
