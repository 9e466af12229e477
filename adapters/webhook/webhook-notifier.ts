import { setTimeout as delay } from 'node:timers/promises';
import type { Clock, Logger, Notification, Notifier } from '../../core/ports';
import type { NotificationPolicy } from '../../core/policy';
import { RatchetError } from '../../core/errors';
import { signWebhook, WEBHOOK_HEADERS } from './signature';

export interface WebhookNotifierOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The secret behind a `secretEnv` of the policy; the composition root reads the environment. Undefined: not set. */
  readonly secretOf: (name: string) => string | undefined;
  /** Longest wait for one answer, milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
  /** Tries a call, at least 1. Default 3; the activity retries on top of that. */
  readonly attempts?: number;
  /** First pause between tries, milliseconds; doubles each time. Default 500. */
  readonly backoffMs?: number;
  readonly fetch?: typeof fetch;
}

type Webhook = NotificationPolicy['webhooks'][number];
type Delivery = { readonly ok: true } | { readonly ok: false; readonly again: boolean; readonly text: string };

/**
 * Posts a notification as JSON to every webhook of the policy, side by side. A 2xx answer is taken; 5xx, 408, 429 and
 * silence are tried again with the same id; other answers and redirects are not. A secret that is named but not set is a
 * failure: an unsigned call in its place would look like a forgery.
 *
 * Rejects RATCHET_NOTIFY_FAILED naming host and status of each webhook that did not take it, never path or query, which
 * may hold a token.
 */
export class WebhookNotifier implements Notifier {
  private readonly timeoutMs: number;
  private readonly attempts: number;
  private readonly backoffMs: number;
  private readonly fetch: typeof fetch;

  constructor(private readonly options: WebhookNotifierOptions) {
    this.timeoutMs = options.timeoutMs ?? 10_000;
    this.attempts = Math.max(1, options.attempts ?? 3);
    this.backoffMs = options.backoffMs ?? 500;
    this.fetch = options.fetch ?? fetch;
  }

  async notify(notification: Notification, channels: NotificationPolicy): Promise<void> {
    const body = JSON.stringify(notification);
    const failures = await Promise.all(channels.webhooks.map((webhook) => this.deliver(webhook, notification, body)));
    const texts = failures.filter((text) => text !== null);
    if (texts.length === 0) return;
    throw new RatchetError(
      'RATCHET_NOTIFY_FAILED',
      `notification ${notification.id} was not taken: ${texts.join('; ')}`,
      {
        details: { notification: notification.id, failures: texts },
      },
    );
  }

  /** null when it was taken, else why not. */
  private async deliver(webhook: Webhook, notification: Notification, body: string): Promise<string | null> {
    const { host } = new URL(webhook.url);
    const secret = webhook.secretEnv === null ? null : this.options.secretOf(webhook.secretEnv);
    if (secret === undefined || secret === '') return `${host}: ${webhook.secretEnv ?? ''} is not set`;
    let last = '';
    for (let attempt = 1; attempt <= this.attempts; attempt++) {
      if (attempt > 1) await delay(this.backoffMs * 2 ** (attempt - 2));
      const delivery = await this.post(webhook.url, this.headersOf(notification, secret, body), body);
      if (delivery.ok) return null;
      last = `${host}: ${delivery.text}`;
      this.options.logger.warn(`webhook: ${last}`, { attempt, notification: notification.id });
      if (!delivery.again) return last;
    }
    return `${last} (${this.attempts} tries)`;
  }

  private headersOf(notification: Notification, secret: string | null, body: string): Record<string, string> {
    const timestamp = Math.floor(this.options.clock.now() / 1000);
    return {
      'content-type': 'application/json',
      'user-agent': 'temporal-ratchet',
      [WEBHOOK_HEADERS.id]: notification.id,
      [WEBHOOK_HEADERS.event]: notification.kind,
      [WEBHOOK_HEADERS.timestamp]: String(timestamp),
      ...(secret === null ? {} : { [WEBHOOK_HEADERS.signature]: signWebhook(secret, timestamp, body) }),
    };
  }

  private async post(url: string, headers: Record<string, string>, body: string): Promise<Delivery> {
    try {
      const signal = AbortSignal.timeout(this.timeoutMs);
      const answer = await this.fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
      // Unread bodies keep the socket.
      await answer.body?.cancel();
      if (answer.ok) return { ok: true };
      const again = answer.status >= 500 || answer.status === 408 || answer.status === 429;
      return { ok: false, again, text: `answered ${answer.status}` };
    } catch (error) {
      return { ok: false, again: true, text: `did not answer (${nameOf(error)})` };
    }
  }
}

/** fetch hides the reason ("fetch failed") in its cause. */
function nameOf(error: unknown): string {
  const { cause, name } = error as { cause?: { code?: unknown }; name?: unknown };
  if (typeof cause?.code === 'string') return cause.code;
  return typeof name === 'string' ? name : 'Error';
}
