import type { Logger } from '../core/ports';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One JSON line a message, to stderr: stdout belongs to the program. */
export function createJsonLogger(
  level: LogLevel,
  write: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
): Logger {
  const from = LOG_LEVELS.indexOf(level);
  const log =
    (at: LogLevel): Logger['info'] =>
    (message, fields = {}) => {
      if (LOG_LEVELS.indexOf(at) < from) return;
      write(JSON.stringify({ time: new Date().toISOString(), level: at, message, ...fields }));
    };
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
}
