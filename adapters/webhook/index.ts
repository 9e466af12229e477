/** `temporal-ratchet/adapters/webhook`: signed notifications over HTTP, and several notifiers as one. */
export { CompositeNotifier } from './composite-notifier';
export { hmacSha256 } from './hmac';
export { signWebhook, verifyWebhook, WEBHOOK_HEADERS, type WebhookVerification } from './signature';
export { WebhookNotifier, type WebhookNotifierOptions } from './webhook-notifier';
