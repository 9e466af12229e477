import { ERROR_CODES, type ErrorCode } from '../../core/error-codes';
import type { EpochMs, ModelContract } from '../../core/model';
import type { LabelInput, LabelOutcome } from '../../core/ports';
import { isPredictionId } from '../prediction-id';
import { isObject, malformed, readTime, type JsonObject } from './prediction-request';

export interface LabelFault {
  readonly outcome: 'invalid' | LabelOutcome;
  readonly code: ErrorCode;
  readonly error: string;
}

/** A label as it may be saved, or why not. `id` echoes what was sent. */
export type DecodedLabel =
  { readonly id: unknown; readonly label: LabelInput } | { readonly id: unknown; readonly fault: LabelFault };

export const MAX_LABELS = 10_000;

/** Rejects RATCHET_REQUEST_MALFORMED for the request; a single bad label is a fault of its own and stops no other. */
export function decodeLabels(body: JsonObject, contract: ModelContract, now: EpochMs): readonly DecodedLabel[] {
  const labels = body['labels'];
  if (!Array.isArray(labels) || labels.length === 0) throw malformed('labels must be a list of at least one label.');
  if (labels.length > MAX_LABELS) throw malformed(`${labels.length} labels in one request; at most ${MAX_LABELS}.`);
  return labels.map((label: unknown) => decodeLabel(label, contract, now));
}

function decodeLabel(given: unknown, contract: ModelContract, now: EpochMs): DecodedLabel {
  if (!isObject(given)) return invalid(null, 'A label must be an object.');
  const id = given['prediction_id'] ?? null;
  if (typeof id !== 'string') return invalid(id, 'prediction_id must be a text.');
  if (!isPredictionId(id)) return { id, fault: unknownPrediction(id) };
  const value = readValue(given['value'], contract);
  if (value === null) {
    return invalid(id, `value is ${show(given['value'])}; it must be ${allowed(contract)}.`);
  }
  const correction = given['correction'] ?? false;
  if (typeof correction !== 'boolean') return invalid(id, 'correction must be true or false.');
  let observedAt = now;
  try {
    if (given['observed_at'] != null) observedAt = readTime('observed_at', given['observed_at']);
  } catch (error) {
    return invalid(id, error instanceof Error ? error.message : String(error));
  }
  return { id, label: { predictionId: id.toLowerCase(), value, observedAt, correction } };
}

function readValue(value: unknown, contract: ModelContract): string | null {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return null;
  const text = String(value);
  if (contract.task === 'regression') return text.trim() !== '' && Number.isFinite(Number(text)) ? text : null;
  return contract.classes.includes(text) ? text : null;
}

const allowed = (contract: ModelContract): string =>
  contract.task === 'regression' ? 'a finite number' : `one of ${contract.classes.join(', ')}`;

const show = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 60);

const invalid = (id: unknown, error: string): DecodedLabel => ({
  id,
  fault: { outcome: 'invalid', code: 'RATCHET_LABEL_INVALID', error },
});

const unknownPrediction = (id: string): LabelFault => ({
  outcome: 'unknown',
  code: 'RATCHET_LABEL_UNKNOWN_PREDICTION',
  error: `No prediction ${id.slice(0, 60)} was made.`,
});

const FAULT_OF: Readonly<Partial<Record<LabelOutcome, (id: string) => LabelFault>>> = {
  unknown: unknownPrediction,
  conflict: (id) => ({
    outcome: 'conflict',
    code: 'RATCHET_LABEL_CONFLICT',
    error: `Prediction ${id} has another label already.`,
  }),
};

export interface LabelAnswer {
  /** 200, or the code's status when no label of the request was taken. */
  readonly status: number;
  readonly outcomes: readonly ('invalid' | LabelOutcome)[];
  readonly body: JsonObject;
}

/** One outcome a label, in order. `outcomes[i].code` says why a label was not taken. */
export function encodeLabels(decoded: readonly DecodedLabel[], saved: readonly LabelOutcome[]): LabelAnswer {
  let next = 0;
  const entries = decoded.map((entry) => {
    const fault = 'fault' in entry ? entry.fault : null;
    const outcome = fault === null ? (saved[next++] ?? 'unknown') : fault.outcome;
    const why = fault ?? FAULT_OF[outcome as LabelOutcome]?.(String(entry.id)) ?? null;
    return {
      prediction_id: entry.id,
      outcome,
      ...(why === null ? {} : { error: why.error, code: why.code, hint: ERROR_CODES[why.code].fix }),
    };
  });
  const first = entries.find((entry) => entry.code !== undefined);
  const noneTaken = entries.every((entry) => entry.code !== undefined);
  const head = noneTaken && first !== undefined ? { error: first.error, code: first.code, hint: first.hint } : {};
  return {
    status: noneTaken && first?.code !== undefined ? ERROR_CODES[first.code].http : 200,
    outcomes: entries.map((entry) => entry.outcome),
    body: { ...head, outcomes: entries },
  };
}
