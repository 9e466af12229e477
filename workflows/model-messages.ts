/** What `model` takes from outside has any shape: a payload that does not fit is ignored or refused, and stops nothing. */
import { ApplicationFailure } from '@temporalio/workflow';
import type { ChildReport, EvaluationReport, RetrainRequest } from '../core/messages';

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (raw: unknown): Fields | null => (typeof raw === 'object' && raw !== null ? (raw as Fields) : null);
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const areReasons = (value: unknown): boolean =>
  Array.isArray(value) && value.every((r) => typeof fieldsOf(r)?.['text'] === 'string');

export function isEvaluationReport(raw: unknown): raw is EvaluationReport {
  const r = fieldsOf(raw);
  return (
    r !== null &&
    isText(r['version']) &&
    Number.isFinite(r['windowStart']) &&
    Number.isFinite(r['windowEnd']) &&
    typeof r['breached'] === 'boolean' &&
    (r['driftScore'] === null || Number.isFinite(r['driftScore'])) &&
    areReasons(r['reasons']) &&
    (r['reference'] == null || isText(r['reference']))
  );
}

const isSnapshot = (s: Fields | null): boolean => s !== null && isText(s['digest']) && Number.isFinite(s['to']);

const KINDS: readonly unknown[] = ['retrain', 'shadowTest', 'canary', 'rollback'] satisfies ChildReport['kind'][];

export function isChildReport(raw: unknown): raw is ChildReport {
  const r = fieldsOf(raw);
  return (
    r !== null &&
    KINDS.includes(r['kind']) &&
    isText(r['workflowId']) &&
    isText(r['runId']) &&
    (r['version'] === null || isText(r['version'])) &&
    isText(r['outcome']) &&
    areReasons(r['reasons']) &&
    (r['snapshot'] === undefined || isSnapshot(fieldsOf(r['snapshot'])))
  );
}

/** @throws RATCHET_DECISION_MALFORMED naming the field. */
export function requireRetrainFields(request: RetrainRequest): void {
  const { manual, lookbackMs, asOf } = request as unknown as Fields;
  const wrong =
    typeof manual !== 'boolean'
      ? '"manual" must be true or false'
      : lookbackMs !== undefined && !(Number.isFinite(lookbackMs) && (lookbackMs as number) > 0)
        ? '"lookbackMs" must be a number of milliseconds above 0'
        : asOf !== undefined && !Number.isFinite(asOf)
          ? '"asOf" must be a time in epoch milliseconds'
          : null;
  if (wrong !== null) throw ApplicationFailure.nonRetryable(wrong, 'RATCHET_DECISION_MALFORMED');
}
