/**
 * Triggers from outside: what a source sends over HTTP, as triggers for the inbox, or why not. Pure functions of headers, bytes
 * and configuration; the HTTP server and the environment are the caller's.
 */
import type { EpochMs, ModelName } from '../../model';
import type { TriggerWebhookSource } from '../../policy';
import type { InboxTrigger } from '../../ports';

export type { TriggerWebhookSource };

/** Lower-case names, as node:http gives them. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * HMAC-SHA256 of the UTF-8 text under the UTF-8 key. Core has no cryptography: the caller gives
 * `(secret, text, encoding) => createHmac('sha256', secret).update(text).digest(encoding)`.
 */
export type Hmac = (secret: string, text: string, encoding: 'hex' | 'base64') => string;

export interface SourceConfig {
  /** The model of the address that was called. */
  readonly model: ModelName;
  /** null: the policy names none, so the caller has checked an API key of scope `operate`. */
  readonly secret: string | null;
  /** The receiver's clock. */
  readonly now: EpochMs;
  readonly hmac: Hmac;
}

export type ParsedTriggers =
  /** At least one. Keep them in the inbox, then answer 202. */
  | { readonly kind: 'triggers'; readonly triggers: readonly InboxTrigger[] }
  /** Understood, and nothing to do: a resolved alert, a report without drift. Answer 200. */
  | { readonly kind: 'ignored'; readonly reason: string }
  /** Answer with the status of the code (core/error-codes.ts). */
  | {
      readonly kind: 'refused';
      readonly code: 'RATCHET_TRIGGER_INVALID' | 'RATCHET_TRIGGER_UNSIGNED';
      readonly reason: string;
    };

export interface TriggerSource {
  readonly name: TriggerWebhookSource;
  /** One sentence for the reference. */
  readonly description: string;
  /** Never throws. `rawBody`: as it came, before any parsing, for the signature covers every byte. */
  parse(headers: Headers, rawBody: string, config: SourceConfig): ParsedTriggers;
}

export type Json = Readonly<Record<string, unknown>>;

export const invalid = (reason: string): ParsedTriggers => ({
  kind: 'refused',
  code: 'RATCHET_TRIGGER_INVALID',
  reason,
});
export const ignored = (reason: string): ParsedTriggers => ({ kind: 'ignored', reason });

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const objectOf = (value: unknown): Json => (isJson(value) ? value : {});
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
/** The text, or null when it is none or empty. */
export const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
export const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;

/** One value of a header; the first when it came twice. */
export function header(headers: Headers, name: string): string | null {
  const value = headers[name];
  return textOf(typeof value === 'string' ? value : value?.[0]);
}

/** An ISO 8601 time as epoch milliseconds; null when it is none, or the zero time that Go writes for "not yet". */
export function timeOf(value: unknown): EpochMs | null {
  const text = textOf(value);
  const at = text === null ? Number.NaN : Date.parse(text);
  return Number.isFinite(at) && at > 0 ? at : null;
}

/** The parsed body, or why it is none. */
export function parseObject(rawBody: string): { readonly body: Json } | { readonly problem: string } {
  try {
    const body: unknown = JSON.parse(rawBody);
    return isJson(body) ? { body } : { problem: 'the body is not a JSON object' };
  } catch {
    return { problem: 'the body is not JSON' };
  }
}

const MAX_ID = 200;
const MAX_REASON = 2_000;
const MAX_NAMES = 20;
/** Kept of what a source sent, characters of JSON. */
const MAX_PAYLOAD = 4_000;

export function trigger(
  config: SourceConfig,
  source: TriggerWebhookSource,
  fields: {
    /** Of the source; the prefix with its name is added. */
    readonly id: string;
    readonly actor: string;
    readonly reason: string;
    readonly asOf?: EpochMs | null;
    readonly payload?: Json;
  },
): InboxTrigger {
  const { id, actor, reason, asOf = null, payload = null } = fields;
  const whole = `${source}:${id}`;
  return {
    // An id that is cut must still differ from others that begin alike.
    id: whole.length <= MAX_ID ? whole : `${whole.slice(0, MAX_ID - 33)}:${digest(config.hmac, whole)}`,
    model: config.model,
    source,
    actor: actor.slice(0, MAX_ID),
    reason: reason.slice(0, MAX_REASON),
    manual: false,
    asOf,
    payload: payload !== null && JSON.stringify(payload).length > MAX_PAYLOAD ? { cut: true } : payload,
  };
}

/** 32 hex digits that name a text, for ids. No secret: nothing is proven by it. */
export const digest = (hmac: Hmac, text: string): string => hmac('ratchet', text, 'hex').slice(0, 32);

/** "a, b and 3 more". */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).join(', ');
  return names.length <= MAX_NAMES ? shown : `${shown} and ${names.length - MAX_NAMES} more`;
}
