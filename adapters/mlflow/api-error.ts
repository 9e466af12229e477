import { isRatchetError } from '../../core/errors';
import type { ErrorCode } from '../../core/error-codes';

/**
 * What the `mlflow-js` shaped clients reject with. `name`, `status` and the message `Error <doing>: <server's message>`
 * are as in that package; `code` and `cause` say more. `status` is 0 when no answer came, 400 when an argument is missing.
 */
export class ApiError extends Error {
  readonly status: number;
  readonly code: ErrorCode;

  constructor(message: string, status: number, code: ErrorCode = 'RATCHET_MLFLOW_REQUEST', cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
  }
}

/**
 * Runs one client call: refuses missing or NaN required arguments before anything is sent, and turns faults of the
 * transport into {@link ApiError}. `doing` completes "Error …: ".
 */
export async function calling<T>(
  doing: string,
  required: Readonly<Record<string, unknown>>,
  call: () => Promise<T>,
): Promise<T> {
  for (const [name, value] of Object.entries(required)) {
    if (value === undefined || value === null || Number.isNaN(value)) {
      throw new ApiError(`Error ${doing}: ${name} is required, got ${String(value)}`, 400, 'RATCHET_INPUT_INVALID');
    }
  }
  try {
    return await call();
  } catch (error) {
    if (!isRatchetError(error)) throw error;
    const { status, serverMessage } = error.details;
    const said = typeof serverMessage === 'string' && serverMessage !== '' ? serverMessage : error.message;
    throw new ApiError(`Error ${doing}: ${said}`, typeof status === 'number' ? status : 0, error.code, error);
  }
}
