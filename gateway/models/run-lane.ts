import { setTimeout as delay } from 'node:timers/promises';

/** A run that takes longer no longer holds up the others. */
const HOLD_MS = 50;

/**
 * Runs of live traffic go one after the other. Inline models share this thread, so two runs started together would each
 * measure the other's time as well: the arm with little traffic nearly always waits for the arm with much, and would look
 * slow to the latency guardrail although it is not.
 */
export class RunLane {
  private tail: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.tail = this.tail.then(async () => {
        const done = new AbortController();
        const settled = work()
          .then(resolve, reject)
          .finally(() => done.abort());
        const held = delay(HOLD_MS, undefined, { signal: done.signal, ref: false }).catch(() => undefined);
        await Promise.race([settled, held]);
      });
    });
  }
}
