/** What became of a wish that the model accepted: a person at a terminal wants to know that it was refused a second later. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ModelView, RatchetClient } from '../client';
import type { ChildReport, ModelStatus } from '../core/messages';

const LOOK_EVERY_MS = 200;

/** Identity of a report: a second refusal of the same rollout has the same id and another run. */
const keyOf = (report: ChildReport | null): string => (report === null ? '' : JSON.stringify(report));

/**
 * Looks at the model until `found` says something, at most `forMs`.
 * @returns null when it said nothing in that time.
 */
export async function awaitOutcome<T>(
  client: RatchetClient,
  model: string,
  before: ModelStatus,
  forMs: number,
  found: (view: ModelView, fresh: ChildReport | null) => T | null,
): Promise<T | null> {
  const known = keyOf(before.lastOutcome);
  for (let left = forMs; left > 0; left -= LOOK_EVERY_MS) {
    const view = await client.status(model);
    const { lastOutcome } = view.model;
    const said = found(view, keyOf(lastOutcome) === known ? null : lastOutcome);
    if (said !== null) return said;
    await delay(LOOK_EVERY_MS);
  }
  return null;
}
