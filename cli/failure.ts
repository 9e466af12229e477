/** How a command that failed ends: one line with a hint, and the exit code. */
import { CommanderError } from 'commander';
import { isRatchetError, RatchetError } from '../core/errors';
import { EXIT, exitCodeOf, type ExitCode } from './exit-codes';
import type { CliIo } from './io';

/** Prints the error and returns the exit code. With `--json` it is a JSON document on stdout, so that scripts can read it. */
export function reportFailure(io: CliIo, error: unknown, json: boolean): ExitCode {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.fine;
    // `ratchet` alone: Commander has printed the help.
    if (error.code === 'commander.help') return EXIT.usage;
  }
  const known = isRatchetError(error) ? error : error instanceof CommanderError ? usage(error) : unexpected(error);
  if (json) {
    const { code, message, hint, details } = known;
    io.out(`${JSON.stringify({ error: { code, message, hint, details } }, null, 2)}\n`);
  } else {
    io.err(`${line(known)}\n`);
  }
  return exitCodeOf(known.code);
}

/** More lines than these are the end of a log: its first and last say enough here, `--json` has all. */
const MOST_LINES = 4;

function line({ code, message, hint }: RatchetError): string {
  const lines = message.split(/\s*\n\s*/).filter((text) => text !== '');
  const shown = lines.length > MOST_LINES ? [`${lines[0] ?? ''}:`, '…', lines.at(-1) ?? ''] : lines;
  const flat = shown.join(' ').replace(/[.\s]+$/, '');
  return `ratchet: ${code}: ${flat}. ${hint}`;
}

/** Commander says `error: unknown command 'chekc'\n(Did you mean check?)`. */
function usage(error: CommanderError): RatchetError {
  const [what = '', guess] = error.message.replace(/^error: /, '').split('\n');
  const hint = [...(guess === undefined ? [] : [guess.replace(/^\(|\)$/g, '')]), 'Add --help for the options.'];
  return new RatchetError('RATCHET_USAGE', what, { hint: hint.join(' ') });
}

const unexpected = (error: unknown): RatchetError =>
  new RatchetError('RATCHET_INTERNAL', error instanceof Error ? error.message : String(error), { cause: error });
