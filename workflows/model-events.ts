/** What \`model\` does when something has happened: an evaluation, the end of a child, a child that vanished, old age. */
import { workflowInfo } from '@temporalio/workflow';
import type { ChildReport, EvaluationReport } from '../core/messages';
import type { ModelVersion } from '../core/model';
import type { Notification } from '../core/ports';
import { recordEvaluation } from '../core/trigger/breaches';
import { triggerSettings } from '../core/trigger/settings';
import type { Reason } from '../core/verdict';
import { callActivity, oneLine } from './call-activity';
import { deployDeadline, enqueueRollout, type ModelState } from './model-state';
import { addTrigger, closeBatch, nextDataCheck, triggerAnswer } from './model-triggers';

/** How often a running child is looked at: one that was terminated is healed after at most this. */
const HEALTH_CHECK_MS = 30_000;
/** How often the champion's age is looked at when the policy has a maximum. */
const AGE_CHECK_MS = 3_600_000;

/**
 * When to look again without a message: a child's health, the end of what holds the triggers back, the champion's age, new
 * data, the incident's deadline. null: only on messages.
 */
export function nextWake(s: ModelState): number | null {
  const now = Date.now();
  const deadline = s.deadlineTold ? null : deployDeadline(s);
  const times = [
    s.active === null ? null : now + HEALTH_CHECK_MS,
    triggerAnswer(s, now).until,
    s.policy.triggers.maximumAgeMs === null ? null : s.ageCheckedAt + AGE_CHECK_MS,
    nextDataCheck(s),
    deadline,
  ].filter((time) => time !== null);
  return times.length === 0 ? null : Math.min(...times);
}

/** Counts a breach; when they suffice, opens the incident (one a model) and adds a trigger. */
export async function takeEvaluation(name: string, s: ModelState, report: EvaluationReport): Promise<void> {
  s.lastEvaluation = report;
  const { state, fire, reason } = recordEvaluation(s.breaches, report, triggerSettings(s.policy));
  s.breaches = state;
  if (!fire) return;
  const incident = await openIncident(name, s, report.version, reason.text, report.reasons);
  addTrigger(
    name,
    s,
    { id: `${incident}:${report.windowEnd}`, actor: 'driftCheck', reason: oneLine(reason.text), manual: false },
    'check',
  );
}

/** What a source outside says got worse opens the incident too: from then on the deadline runs. */
export async function takeWorse(name: string, s: ModelState, worse: readonly Reason[]): Promise<void> {
  const last = worse.at(-1);
  if (last !== undefined) await openIncident(name, s, null, last.text, worse);
}

/** One incident a model: the open one, or a new one, of which people are told. Returns its id. */
async function openIncident(
  name: string,
  s: ModelState,
  version: ModelVersion | null,
  text: string,
  reasons: readonly Reason[],
): Promise<string> {
  if (s.incident !== null) return s.incident.id;
  s.counters.incident += 1;
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const id = `${workflowId}:${firstExecutionRunId}:incident:${s.counters.incident}`;
  const opened = await callActivity('openIncident', { id, model: name, reasons }, `incident: ${text}`);
  s.incident = { id: opened.id, openedAt: opened.openedAt, reasons };
  s.incidentSince = Date.now();
  s.deadlineTold = false;
  await notify(name, s, {
    id: `${opened.id}:opened`,
    kind: 'incidentOpened',
    version,
    title: `${name} got worse`,
    text,
    links: {},
  });
  return opened.id;
}

/** The incident is older than the policy allows from drift to deployment: people are told, once. It stays open. */
export async function watchDeadline(name: string, s: ModelState): Promise<void> {
  const deadline = deployDeadline(s);
  if (s.incident === null || deadline === null || s.deadlineTold || Date.now() < deadline) return;
  s.deadlineTold = true;
  const hours = Math.round(((triggerSettings(s.policy).deployDeadlineMs ?? 0) / 3_600_000) * 10) / 10;
  const doing = s.active === null ? 'nothing runs' : `${s.active.workflowId} runs`;
  await notify(name, s, {
    id: `${s.incident.id}:deadline`,
    kind: 'deployDeadlineMissed',
    version: s.breaches.version,
    title: `${name}: no better version after ${hours} h`,
    text: [
      `The incident has been open for ${hours} h without a deployment; ${doing}.`,
      ...s.incident.reasons.map((r) => r.text),
    ].join('\n'),
    links: {},
  });
}

/** What comes after a child: the next step of the loop, the end of the incident, or a rest. */
export async function takeEnd(name: string, s: ModelState, report: ChildReport): Promise<void> {
  const ours = s.active?.workflowId === report.workflowId && s.active.runId === report.runId;
  if (ours) s.active = null;
  s.lastOutcome = report;
  if (report.kind === 'retrain' && report.snapshot !== undefined) s.lastSnapshot = report.snapshot;
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
        if (!s.triggers.manual && s.breaches.version !== report.version) {
          closeBatch(s).answeredBy(s.lastRetrain ?? report.workflowId);
        }
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
      if (report.outcome !== 'rolledBack') return;
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
  s.incidentSince = null;
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

/** A child that ended without a report was terminated: its claim and its weight are taken back. */
export async function heal(name: string, s: ModelState): Promise<void> {
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

export async function lookAtAge(name: string, s: ModelState): Promise<void> {
  const { maximumAgeMs } = s.policy.triggers;
  if (maximumAgeMs === null || s.active !== null || Date.now() - s.ageCheckedAt < AGE_CHECK_MS) return;
  s.ageCheckedAt = Date.now();
  const { ageMs } = await callActivity('championAge', { model: name }, 'age of the champion');
  if (ageMs === null || ageMs <= maximumAgeMs) return;
  const reason = `the champion is ${Math.round(ageMs / 86_400_000)} days old, more than ${Math.round(maximumAgeMs / 86_400_000)}`;
  // One that waits already says all there is to say.
  if (s.triggers.newest.some((t) => t.id.startsWith('age:'))) return;
  addTrigger(name, s, { id: `age:${s.ageCheckedAt}`, actor: 'model', reason, manual: false }, 'schedule');
}
