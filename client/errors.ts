/** Every error of Temporal's client becomes a RatchetError with a code and a hint. */
import {
  isGrpcServiceError,
  ScheduleNotFoundError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure, WorkflowNotFoundError } from '@temporalio/common';
import { ERROR_CODES, type ErrorCode } from '../core/error-codes';
import { isRatchetError, RatchetError } from '../core/errors';

/** Of gRPC, as numbers: @grpc/grpc-js is no dependency of ours. */
const GRPC = {
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  FAILED_PRECONDITION: 9,
  UNAVAILABLE: 14,
} as const;

/**
 * @param doing what was tried, in words: "approve version 3 of late-flights"
 * @returns the refusal of a workflow under its own code (an update's ApplicationFailure carries it as `type`); an absent
 * workflow as RATCHET_WORKFLOW_NOT_FOUND; a server or worker that does not answer as RATCHET_TEMPORAL_UNAVAILABLE.
 */
export function toRatchetError(error: unknown, doing: string): RatchetError {
  if (isRatchetError(error)) return error;
  const refusal = applicationFailure(error);
  if (refusal !== null) return refusal;
  if (error instanceof WorkflowNotFoundError || error instanceof ScheduleNotFoundError) return notFound(doing, error);
  if (error instanceof WorkflowExecutionAlreadyStartedError) {
    return new RatchetError('RATCHET_CLAIM_HELD', `cannot ${doing}: ${error.workflowId} runs already`, {
      cause: error,
    });
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return noWorker(doing, error);
  const grpc = grpcOf(error);
  if (grpc === null)
    return new RatchetError('RATCHET_INTERNAL', `cannot ${doing}: ${messageOf(error)}`, { cause: error });
  if (grpc.code === GRPC.NOT_FOUND) return notFound(doing, error);
  if (grpc.code === GRPC.INVALID_ARGUMENT && /search attribute/i.test(grpc.details)) {
    return new RatchetError('RATCHET_SETUP', `cannot ${doing}: ${grpc.details}`, {
      hint: 'Run `ratchet migrate`, which registers the search attributes.',
      cause: error,
    });
  }
  if (grpc.code === GRPC.FAILED_PRECONDITION || /no poller|no worker/i.test(grpc.details))
    return noWorker(doing, error);
  return new RatchetError('RATCHET_TEMPORAL_UNAVAILABLE', `cannot ${doing}: ${grpc.details || messageOf(error)}`, {
    cause: error,
  });
}

/** Runs a call to Temporal; whatever it throws comes out as a RatchetError. */
export async function calling<T>(doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toRatchetError(error, doing);
  }
}

/** The innermost ApplicationFailure of the chain whose type is one of our codes. */
function applicationFailure(error: unknown): RatchetError | null {
  let found: RatchetError | null = null;
  for (const cause of chain(error)) {
    if (!(cause instanceof ApplicationFailure) || typeof cause.type !== 'string' || !(cause.type in ERROR_CODES))
      continue;
    const [details] = cause.details ?? [];
    const known = typeof details === 'object' && details !== null ? (details as Record<string, unknown>) : {};
    const hint = typeof known['hint'] === 'string' ? { hint: known['hint'] } : {};
    found = new RatchetError(cause.type as ErrorCode, cause.message, { ...hint, details: known, cause: error });
  }
  return found;
}

function grpcOf(error: unknown): { readonly code: number; readonly details: string } | null {
  for (const cause of chain(error)) {
    if (isGrpcServiceError(cause)) return { code: cause.code, details: cause.details };
    // A connection that was never made: Connection.connect wraps it in a plain error.
    if (/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|Failed to connect|DEADLINE_EXCEEDED/.test(messageOf(cause))) {
      return { code: GRPC.UNAVAILABLE, details: messageOf(cause) };
    }
  }
  return null;
}

function* chain(error: unknown): Generator<unknown> {
  let current = error;
  for (let depth = 0; depth < 10 && current instanceof Error; depth++) {
    yield current;
    current = current.cause;
  }
}

const notFound = (doing: string, cause: unknown): RatchetError =>
  new RatchetError('RATCHET_WORKFLOW_NOT_FOUND', `cannot ${doing}: no such workflow runs`, { cause });

const noWorker = (doing: string, cause: unknown): RatchetError =>
  new RatchetError('RATCHET_TEMPORAL_UNAVAILABLE', `cannot ${doing}: no worker answered in time`, {
    hint: 'Start a worker on the task queue, or send it as a signal: that needs no worker.',
    cause,
  });

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
