import type { RolloutHandle } from '../activities/rollout';
import type { Notification } from '../core/ports';
import { callActivity } from './call-activity';

/** Tells people; a lost notification never stops a rollout. `moment` makes the id: the same moment is told once. */
export async function notifyPeople(
  handle: RolloutHandle,
  moment: string,
  kind: Notification['kind'],
  title: string,
  lines: readonly string[],
): Promise<void> {
  const { model, version, policy } = handle;
  const notification = { id: `${moment}:${kind}`, kind, model, version, title, text: lines.join('\n'), links: {} };
  await callActivity('notify', { policy, notification }, title, {
    retry: { maximumAttempts: 3, initialInterval: '500ms' },
  }).catch(() => undefined);
}
