import { ERROR_CODES, type ErrorCode } from './error-codes';

export interface RatchetErrorOptions {
  /** What to do about it, an imperative sentence. Default: the code's own advice. */
  readonly hint?: string;
  /** Plain JSON for machines: what was seen, what was expected. Never secrets. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The one base class of every fault (outcomes are values, never thrown). The message says what was seen and what was
 * expected; `code` is stable and listed in docs/errors.md; `hint` says what to do.
 * Compare by `code`, or by {@link isRatchetError}: errors cross realms, so `instanceof` can lie.
 */
export class RatchetError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** May the same call succeed later without anybody changing anything? */
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: RatchetErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RatchetError';
    this.code = code;
    this.hint = options.hint ?? ERROR_CODES[code].fix;
    this.details = options.details ?? {};
    this.retryable = ERROR_CODES[code].retryable;
  }
}

export function isRatchetError(error: unknown): error is RatchetError {
  return (
    error instanceof Error &&
    typeof (error as { code?: unknown }).code === 'string' &&
    (error as RatchetError).code in ERROR_CODES
  );
}

/** Ends a switch over a union; the compiler proves it is never reached. */
export function assertNever(value: never): never {
  throw new RatchetError('RATCHET_INTERNAL', `unexpected value ${JSON.stringify(value)}`);
}
