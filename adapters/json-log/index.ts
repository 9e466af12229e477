/** `temporal-ratchet/adapters/json-log`: the log of our own processes. */
import { LOG_LEVELS, type LogLevel } from '../../core/log-level';
import type { Logger } from '../../core/ports';

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
