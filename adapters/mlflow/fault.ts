import { isRatchetError, RatchetError } from '../../core/errors';
import type { ErrorCode } from '../../core/error-codes';

/** What was asked of whom; the URL's query and the credentials stay out of it. */
export interface CallContext {
  readonly what: string;
  readonly server: string;
  readonly attempts: number;
  readonly timeoutMs: number;
}

/** Codes that mean "MLflow is away": the same call may succeed later. */
export const isTransient = (error: unknown): boolean =>
  isRatchetError(error) && error.code === 'RATCHET_MLFLOW_UNAVAILABLE';

/** Did MLflow answer with this error code of its own (`RESOURCE_DOES_NOT_EXIST`, …)? */
export const answered = (error: unknown, ...errorCodes: readonly string[]): boolean =>
  isRatchetError(error) && errorCodes.includes(String(error.details['errorCode']));

/** The fault in a non-2xx answer. Its body is JSON, or plain text (Host header check, auth app, proxies). */
export function faultOfAnswer(
  status: number,
  body: string,
  retryAfter: string | null,
  context: CallContext,
): RatchetError {
  const { errorCode, message } = parseFault(body);
  const said = message === '' ? 'no message' : message;
  const code = status === 400 && lostRace(errorCode, message) ? 'RATCHET_MLFLOW_UNAVAILABLE' : codeOf(status);
  return new RatchetError(code, `MLflow answered ${status} to ${context.what}: ${said}`, {
    details: {
      status,
      errorCode,
      serverMessage: message,
      route: context.what,
      server: context.server,
      attempts: context.attempts,
      // 429 is refused before it is worked on; every other answer may come after the effect.
      ...(status === 429 ? { processed: false } : {}),
      ...retryAfterMs(retryAfter),
    },
  });
}

/** The fault when there was no answer: refused, reset, unresolved, or silent for too long. */
export function faultOfSilence(cause: unknown, context: CallContext): RatchetError {
  // By name and not by class: a DOMException, and errors of another realm, are no instances of our Error.
  const { name } = Object(cause) as { name?: unknown };
  const timedOut = name === 'TimeoutError' || name === 'AbortError';
  const networkCode = networkCodeOf(cause);
  const why = timedOut
    ? `did not answer ${context.what} within ${context.timeoutMs} ms`
    : `cannot be reached for ${context.what} (${networkCode ?? messageOf(cause)})`;
  return new RatchetError(
    'RATCHET_MLFLOW_UNAVAILABLE',
    `MLflow at ${context.server} ${why}; ${context.attempts} ${context.attempts === 1 ? 'try' : 'tries'}`,
    {
      details: {
        status: 0,
        errorCode: timedOut ? 'TIMEOUT' : (networkCode ?? 'NETWORK'),
        route: context.what,
        server: context.server,
        attempts: context.attempts,
        ...(networkCode === 'ECONNREFUSED' || networkCode === 'ENOTFOUND' ? { processed: false } : {}),
      },
      cause,
    },
  );
}

function codeOf(status: number): ErrorCode {
  if (status === 401) return 'RATCHET_MLFLOW_UNAUTHORIZED';
  if (status === 403) return 'RATCHET_MLFLOW_FORBIDDEN';
  if (status === 408 || status === 429 || status >= 500) return 'RATCHET_MLFLOW_UNAVAILABLE';
  return 'RATCHET_MLFLOW_REQUEST';
}

/**
 * MLflow writes "insert or update" as a read and a write, so of two callers at once the second may meet the row of the first.
 * Its store answers that as 400 BAD_REQUEST with the database's words; said again, the same call updates the row.
 */
const lostRace = (errorCode: string | null, message: string): boolean =>
  errorCode === 'BAD_REQUEST' && UNIQUE_VIOLATION.test(message);

/** SQLite, PostgreSQL, MySQL and SQL Server, as SQLAlchemy prints them. */
const UNIQUE_VIOLATION =
  /UNIQUE constraint failed|UniqueViolation|duplicate key value|Duplicate entry|Violation of (PRIMARY|UNIQUE) KEY/;

function parseFault(body: string): { errorCode: string | null; message: string } {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null) {
      const { error_code, message } = parsed as { error_code?: unknown; message?: unknown };
      return {
        errorCode: typeof error_code === 'string' ? error_code : null,
        message: shorten(typeof message === 'string' ? message : body),
      };
    }
  } catch {
    // plain text or HTML
  }
  return { errorCode: null, message: shorten(body.replace(/<[^>]*>/g, ' ')) };
}

const shorten = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= 500 ? line : `${line.slice(0, 500)}…`;
};

function retryAfterMs(header: string | null): { retryAfterMs?: number } {
  const seconds = header === null ? NaN : Number(header);
  return Number.isFinite(seconds) && seconds >= 0 ? { retryAfterMs: seconds * 1000 } : {};
}

function networkCodeOf(error: unknown): string | undefined {
  for (let at: unknown = error; typeof at === 'object' && at !== null; at = (at as { cause?: unknown }).cause) {
    const { code, errors } = at as { code?: unknown; errors?: unknown };
    if (typeof code === 'string') return code;
    // "localhost" resolves to two addresses: undici wraps both refusals in an AggregateError without a code.
    if (Array.isArray(errors) && errors.length > 0) return networkCodeOf(errors[0]);
  }
  return undefined;
}

const messageOf = (error: unknown): string => {
  const { message } = Object(error) as { message?: unknown };
  return typeof message === 'string' ? message : String(error);
};
