/** How a command that failed ends: one line with a hint, and the exit code. */
import { CommanderError } from 'commander';
import { isRatchetError, RatchetError } from '../core/errors';
import { EXIT, exitCodeOf, type ExitCode } from './exit-codes';
import type { CliIo } from './io';

/** Prints the error and returns the exit code. With `--json` it is a JSON document on stdout, so that scripts can read it. */
export function reportFailure(io: CliIo, error: unknown, json: boolean): ExitCode {
  // Commander has printed its own message; help and version are no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
  const known = isRatchetError(error) ? error : unexpected(error);
  if (json) {
    const { code, message, hint, details } = known;
    io.out(`${JSON.stringify({ error: { code, message, hint, details } }, null, 2)}\n`);
  } else {
    io.err(`${line(known)}\n`);
  }
  return exitCodeOf(known.code);
}

const line = ({ code, message, hint }: RatchetError): string => {
  const flat = message.replace(/\s*\n\s*/g, ' ').replace(/[.\s]+$/, '');
  return `ratchet: ${code}: ${flat}. ${hint}`;
};

function unexpected(error: unknown): RatchetError {
  const { code, path, message } = error as { code?: unknown; path?: unknown; message?: unknown };
  if (code === 'ENOENT' && typeof path === 'string') {
    return new RatchetError('RATCHET_INPUT_INVALID', `there is no file ${path}`, {
      hint: 'Correct the path.',
      cause: error,
    });
  }
  return new RatchetError('RATCHET_INTERNAL', typeof message === 'string' ? message : String(error), { cause: error });
}
