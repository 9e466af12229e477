/**
 * A policy's trigger section, complete also when the policy was stored or carried before a field existed: what is absent is
 * off, which is how such a policy behaved. Defaults for new policies are the presets' business (policy/), not this one's.
 */
import type { TriggerPolicy } from '../policy';

/** Every newer setting switched off. */
const OFF = {
  cron: [],
  jitterMs: 0,
  timeZone: 'UTC',
  debounceMs: 0,
  clearAfter: 100,
  dailyBudget: null,
  heavyWindow: null,
  minNewLabelledRows: 0,
  skipUnchangedSnapshot: false,
  deployDeadlineMs: null,
  dataArrival: { newRows: null, checkEveryMs: null },
  webhooks: [],
} as const satisfies Partial<TriggerPolicy>;

export function triggerSettings(policy: { readonly triggers: Partial<TriggerPolicy> }): TriggerPolicy {
  return { ...OFF, ...(policy.triggers as TriggerPolicy) };
}
