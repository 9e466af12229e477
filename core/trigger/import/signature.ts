/** Who sent it, and when: signatures of incoming triggers. */
import type { EpochMs } from '../../model';
import {
  header,
  invalid,
  parseObject,
  type Headers,
  type Hmac,
  type Json,
  type ParsedTriggers,
  type SourceConfig,
} from './source';

/** A signed message is taken so long before and after its time: a copy that is sent again later is refused. */
export const REPLAY_WINDOW_MS = 300_000;

export interface SignatureScheme {
  readonly signatureHeader: string;
  readonly timestampHeader: string;
  /** The header that holds the delivery's id, when the signature covers it. */
  readonly idHeader: string | null;
  readonly expected: (hmac: Hmac, secret: string, parts: { id: string; timestamp: string; body: string }) => string;
}

/** Ours, the same as on outgoing notifications (adapters/webhook/signature.ts): `sha256=<hex>` of `<timestamp>.<body>`. */
export const RATCHET_SIGNATURE: SignatureScheme = {
  signatureHeader: 'x-ratchet-signature',
  timestampHeader: 'x-ratchet-timestamp',
  idHeader: null,
  expected: (hmac, secret, { timestamp, body }) => `sha256=${hmac(secret, `${timestamp}.${body}`, 'hex')}`,
};

/** MLflow 3's: `v1,<base64>` of `<delivery id>.<timestamp>.<body>` (mlflow/webhooks/delivery.py of 3.17). */
export const MLFLOW_SIGNATURE: SignatureScheme = {
  signatureHeader: 'x-mlflow-signature',
  timestampHeader: 'x-mlflow-timestamp',
  idHeader: 'x-mlflow-delivery-id',
  expected: (hmac, secret, { id, timestamp, body }) => `v1,${hmac(secret, `${id}.${timestamp}.${body}`, 'base64')}`,
};

/**
 * null when the message was signed with the secret, lately (or the policy names no secret); else the refusal, which never tells
 * how near a wrong signature came.
 */
export function verifySignature(
  scheme: SignatureScheme,
  headers: Headers,
  rawBody: string,
  config: Pick<SourceConfig, 'secret' | 'now' | 'hmac'>,
): Extract<ParsedTriggers, { kind: 'refused' }> | null {
  const { secret, now, hmac } = config;
  if (secret === null) return null;
  const refuse = (reason: string): Extract<ParsedTriggers, { kind: 'refused' }> => ({
    kind: 'refused',
    code: 'RATCHET_TRIGGER_UNSIGNED',
    reason,
  });
  // A secret that is named but not set would let anybody sign.
  if (secret === '') return refuse('the secret of this source is not set on the receiving side');
  const signature = header(headers, scheme.signatureHeader);
  const timestamp = header(headers, scheme.timestampHeader);
  const id = scheme.idHeader === null ? '' : header(headers, scheme.idHeader);
  if (signature === null) return refuse(`the header ${scheme.signatureHeader} is missing`);
  if (id === null) return refuse(`the header ${scheme.idHeader ?? ''} is missing`);
  if (timestamp === null || !/^\d{1,12}$/.test(timestamp))
    return refuse(`the header ${scheme.timestampHeader} must hold seconds since 1970`);
  if (Math.abs(now - Number(timestamp) * 1000) > REPLAY_WINDOW_MS) return refuse(tooOld(now, Number(timestamp)));
  const right = scheme.expected(hmac, secret, { id, timestamp, body: rawBody });
  return constantTimeEqual(right, signature) ? null : refuse('the signature does not match');
}

const tooOld = (now: EpochMs, timestamp: number): string =>
  `the message was signed ${Math.round(Math.abs(now / 1000 - timestamp))} s from now; ${REPLAY_WINDOW_MS / 1000} s are allowed`;

/** Looks at every character whatever differs first, so that the time it takes tells nothing. */
export function constantTimeEqual(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i += 1) difference |= a.charCodeAt(i) ^ (i < b.length ? b.charCodeAt(i) : 0);
  return difference === 0;
}

/** A source's message: its signature looked at first, then its JSON object. `refused`: what to answer instead. */
export function openSigned(
  scheme: SignatureScheme,
  headers: Headers,
  rawBody: string,
  config: Pick<SourceConfig, 'secret' | 'now' | 'hmac'>,
): { readonly body: Json } | { readonly refused: ParsedTriggers } {
  const refused = verifySignature(scheme, headers, rawBody, config);
  if (refused !== null) return { refused };
  const parsed = parseObject(rawBody);
  return 'problem' in parsed ? { refused: invalid(parsed.problem) } : parsed;
}
