/** Reading the failure of an activity: its code is the type of the application failure (activities/failure.ts). */
import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';

/** Another claim owns the route: no write of this attempt can succeed again. */
export const FENCED = 'RATCHET_ROUTE_FENCED';

export function failureCode(error: unknown): string | null {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? (cause.type ?? null) : null;
}

export function failureText(error: unknown): string {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
