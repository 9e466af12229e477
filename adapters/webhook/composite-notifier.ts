import type { Notification, Notifier } from '../../core/ports';
import type { NotificationPolicy } from '../../core/policy';
import { RatchetError } from '../../core/errors';

/** Tells all of them, also when one fails; then rejects with what failed, so that the activity is retried. */
export class CompositeNotifier implements Notifier {
  constructor(private readonly notifiers: readonly Notifier[]) {}

  async notify(notification: Notification, channels: NotificationPolicy): Promise<void> {
    const results = await Promise.allSettled(this.notifiers.map((one) => one.notify(notification, channels)));
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    if (failures.length === 0) return;
    const texts = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure)));
    throw new RatchetError('RATCHET_NOTIFY_FAILED', texts.join('; '), {
      details: { notification: notification.id },
      cause: failures[0],
    });
  }
}
