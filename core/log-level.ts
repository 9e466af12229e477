import { RatchetError } from './errors';

/** From the least to the most urgent. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * The level named by RATCHET_LOG_LEVEL; unset or empty: `info`.
 *
 * @throws RATCHET_INPUT_INVALID naming what was seen.
 */
export function parseLogLevel(text: string | undefined): LogLevel {
  if (text === undefined || text === '') return 'info';
  const level = LOG_LEVELS.find((one) => one === text);
  if (level !== undefined) return level;
  throw new RatchetError(
    'RATCHET_INPUT_INVALID',
    `RATCHET_LOG_LEVEL is "${text}", expected one of ${LOG_LEVELS.join(', ')}.`,
  );
}
