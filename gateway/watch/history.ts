/** What was found and what came in, page by page, newest first. */
import type { EvaluationRecord } from '../../core/ports';
import { json, type HttpAnswer } from '../http/http-server';
import { malformed } from '../protocol/prediction-request';
import { modelIn, numberIn, textIn, type WatchCall } from './call';
import { afterCursor, cursorOf } from './paging';

/** The inbox shows at most so many of the newest; older ones stay in PostgreSQL. */
const MOST_TRIGGERS = 10_000;

export async function listEvaluations(call: WatchCall): Promise<HttpAnswer> {
  const { evaluations, models } = call.context.ports;
  const { model } = await models.getModel(modelIn(call));
  const limit = numberIn(call, 'limit');
  const all = [...(await evaluations.listEvaluations(model))].sort(newestFirst);
  const before = textIn(call, 'before');
  const place = before === undefined ? null : placeOf(before);
  const rest = place === null ? all : all.filter((record) => isBefore(record, place));
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return json(200, {
    evaluations: page.map(({ version, windowStart, windowEnd, revision, at, workflowId, report, measurement }) => ({
      version,
      windowStart,
      windowEnd,
      revision: revision ?? 1,
      at,
      workflowId,
      report,
      measurement,
    })),
    next: rest.length > limit && last !== undefined ? cursorOf([String(last.windowStart), last.version]) : null,
  });
}

export async function listTriggers(call: WatchCall): Promise<HttpAnswer> {
  const { triggers, models } = call.context.ports;
  const { model } = await models.getModel(modelIn(call));
  const limit = numberIn(call, 'limit');
  const before = textIn(call, 'before');
  const all = await triggers.listTriggers(model, before === undefined ? limit + 1 : MOST_TRIGGERS);
  const start = before === undefined ? 0 : placeAfter(all, afterCursor(before, 1)[0] ?? '');
  const page = all.slice(start, start + limit);
  const last = page.at(-1);
  return json(200, {
    triggers: page.map(({ id, source, actor, reason, manual, asOf, payload, receivedAt, takenBy }) => ({
      id,
      source,
      actor,
      reason,
      manual,
      asOf,
      payload,
      receivedAt,
      takenBy,
    })),
    next: all.length > start + limit && last !== undefined ? cursorOf([last.id]) : null,
  });
}

function placeAfter(all: readonly { readonly id: string }[], id: string): number {
  const at = all.findIndex((trigger) => trigger.id === id);
  if (at < 0) throw malformed('The cursor names a trigger that is not among the newest 10000.');
  return at + 1;
}

const newestFirst = (a: EvaluationRecord, b: EvaluationRecord): number =>
  b.windowStart - a.windowStart || (a.version < b.version ? 1 : a.version > b.version ? -1 : 0);

interface Place {
  readonly start: number;
  readonly version: string;
}

function placeOf(cursor: string): Place {
  const [start, version] = afterCursor(cursor, 2);
  return { start: Number(start), version: version ?? '' };
}

const isBefore = (record: EvaluationRecord, { start, version }: Place): boolean =>
  record.windowStart < start || (record.windowStart === start && record.version < version);
