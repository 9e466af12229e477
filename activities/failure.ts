import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { isRatchetError } from '../core/errors';
import { Context } from './peers';

/**
 * The one place where a fault becomes a Temporal failure: type = code, retryable by the code's row in core/error-codes.ts.
 * Faults we do not know stay retryable: Temporal tries again and the activity's summary shows why.
 */
export function toApplicationFailure(error: unknown): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (isRatchetError(error)) {
    return ApplicationFailure.create({
      type: error.code,
      message: `${error.message} ${error.hint}`,
      nonRetryable: !error.retryable,
      details: [error.details],
      cause: error,
    });
  }
  return error instanceof Error ? error : new Error(String(error));
}

type AnyActivity = (input: never) => Promise<unknown>;

/** Maps faults of every activity in a table; the functions keep their types. */
export function guarded<T extends Record<string, AnyActivity>>(activities: T): T {
  const entries = Object.entries(activities).map(([name, activity]) => [
    name,
    async (input: never): Promise<unknown> => {
      try {
        return await activity(input);
      } catch (error) {
        throw toApplicationFailure(error);
      }
    },
  ]);
  return Object.fromEntries(entries) as T;
}

/** Heartbeats on a timer while `work` runs; gives it the signal that ends when the activity is cancelled. */
export async function withHeartbeat<R>(
  everyMs: number,
  work: (signal: AbortSignal, beat: (details: unknown) => void) => Promise<R>,
): Promise<R> {
  const context = Context.current();
  let last: unknown = context.info.heartbeatDetails;
  const timer = setInterval(() => context.heartbeat(last), everyMs);
  try {
    return await work(context.cancellationSignal, (details) => {
      last = details;
      context.heartbeat(details);
    });
  } finally {
    clearInterval(timer);
  }
}
