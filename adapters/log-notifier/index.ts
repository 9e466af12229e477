/** `temporal-ratchet/adapters/log-notifier`: every notification as one line of the log, whatever channels there are. */
import type { Logger, Notification, Notifier } from '../../core/ports';

const URGENT: readonly Notification['kind'][] = [
  'approvalWanted',
  'approvalReminder',
  'rolledBack',
  'dataInvalid',
  'heldForHuman',
  'incidentOpened',
];

export class LogNotifier implements Notifier {
  constructor(private readonly options: { readonly logger: Logger }) {}

  notify(notification: Notification): Promise<void> {
    const { title, ...fields } = notification;
    const { logger } = this.options;
    if (URGENT.includes(notification.kind)) logger.warn(title, fields);
    else logger.info(title, fields);
    return Promise.resolve();
  }
}
