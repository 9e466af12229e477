/** The signature of a webhook: HMAC-SHA256 over `<timestamp>.<body>`, so that neither can be changed or sent again later. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Headers of every delivery. */
export const WEBHOOK_HEADERS = {
  /** The notification's id: stable over retries, so that a receiver can drop duplicates. */
  id: 'x-ratchet-id',
  /** The notification's kind, e.g. `rolledBack`. */
  event: 'x-ratchet-event',
  /** Seconds since 1970 at which this delivery was signed. */
  timestamp: 'x-ratchet-timestamp',
  /** `sha256=<hex>`; absent when the channel has no secret. */
  signature: 'x-ratchet-signature',
} as const;

export const signWebhook = (secret: string, timestamp: number, body: string): string =>
  `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;

export interface WebhookVerification {
  readonly secret: string;
  /** The raw body, before any parsing. */
  readonly body: string;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  /** The receiver's clock, seconds since 1970. */
  readonly now: number;
  /** Largest difference of the clocks, seconds. Default 300. */
  readonly toleranceS?: number;
}

/** For receivers: true only for a delivery that was signed with the secret, lately. */
export function verifyWebhook({
  secret,
  body,
  timestamp,
  signature,
  now,
  toleranceS = 300,
}: WebhookVerification): boolean {
  if (timestamp === undefined || signature === undefined || !/^\d{1,12}$/.test(timestamp)) return false;
  const at = Number(timestamp);
  if (!(Math.abs(now - at) <= toleranceS)) return false;
  const expected = Buffer.from(signWebhook(secret, at, body));
  const given = Buffer.from(signature);
  return expected.length === given.length && timingSafeEqual(expected, given);
}
