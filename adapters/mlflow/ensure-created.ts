import { isTransient } from './fault';
import type { MlflowTransport } from './transport';

/** The tag that carries the idempotency key. */
export const KEY_TAG = 'ratchet.key';

/** A condition of MLflow's search on the key; `quotedKey` comes from `quoted()`. */
export const keyIs = (quotedKey: string): string => `tags.\`${KEY_TAG}\` = ${quotedKey}`;

/**
 * Creates at most one thing a key, although MLflow's creates are not idempotent: look, create, and when the answer of the
 * create was lost look again before another try. It is created only after a search that *answered* "none".
 */
export async function ensureCreated<T>(
  transport: MlflowTransport,
  find: () => Promise<T | null>,
  create: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const found = await find();
    if (found !== null) return found;
    try {
      return await create();
    } catch (error) {
      if (!isTransient(error) || attempt >= transport.maxAttempts) throw error;
      await transport.backoff(attempt);
    }
  }
}
