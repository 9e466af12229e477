import { isRatchetError, RatchetError } from '../../core/errors';

const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'ENOTFOUND',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ETIMEDOUT',
  'EPIPE',
  'EAI_AGAIN',
  'ENOENT',
]);

/** SQLSTATEs that pass by themselves: shutdown, start-up, too many connections, deadlock, timeout, a standby after fail-over. */
const PASSING = new Set(['57P01', '57P02', '57P03', '57P05', '57014', '40001', '40P01', '25006', '55P03']);
const MISSING_SCHEMA = new Set(['42P01', '3F000', '42703', '42883']);

const DRIVER_LOST =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|connection ended|server closed the connection|client was closed/i;

/** Turns whatever `pg` rejected with into the one error class. `doing` completes the sentence "… failed while <doing>". */
export function postgresError(error: unknown, doing: string): RatchetError {
  if (isRatchetError(error)) return error;
  const code = (error as { code?: unknown } | null)?.code;
  const state = typeof code === 'string' ? code : '';
  // A host with several addresses fails with an AggregateError, whose own message is empty.
  const text = error instanceof Error ? error.message || state || error.name : String(error);
  const details = state === '' ? { doing } : { doing, sqlState: state };
  const options = { cause: error, details };
  if (isConnectionLoss(state, text)) {
    return new RatchetError(
      'RATCHET_POSTGRES_UNAVAILABLE',
      `PostgreSQL does not answer while ${doing}: ${text}`,
      options,
    );
  }
  if (MISSING_SCHEMA.has(state)) {
    return new RatchetError(
      'RATCHET_POSTGRES_SCHEMA',
      `Ratchet's tables are not as expected while ${doing}: ${text}`,
      options,
    );
  }
  if (state.startsWith('28') || state === '3D000') {
    return new RatchetError('RATCHET_SETUP', `PostgreSQL refuses the connection: ${text}`, {
      ...options,
      hint: 'Correct user, password and database name in DATABASE_URL.',
    });
  }
  return new RatchetError('RATCHET_INTERNAL', `PostgreSQL refused a statement while ${doing}: ${text}`, options);
}

function isConnectionLoss(state: string, text: string): boolean {
  return (
    NETWORK.has(state) || PASSING.has(state) || /^(08|53|58)/.test(state) || (state === '' && DRIVER_LOST.test(text))
  );
}
