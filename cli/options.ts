/** Options and arguments that several commands share, and how their text is read. */
import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { formatDuration, parseDuration } from '../policy';
import type { CliIo } from './io';

/** Adds what every command has: the connection and --json. */
export function withConnection(command: Command): Command {
  return withJson(command)
    .addOption(new Option('--address <host:port>', 'Temporal server (default: $TEMPORAL_ADDRESS, else 127.0.0.1:7233)'))
    .addOption(new Option('--namespace <name>', 'Temporal namespace (default: $TEMPORAL_NAMESPACE, else default)'))
    .addOption(new Option('--task-queue <name>', "queue of Ratchet's workflows (default: ratchet)"))
    .addOption(
      new Option('--timeout <seconds>', 'how long to wait for an answer').default(30).argParser(positiveNumber),
    );
}

export const withJson = (command: Command): Command =>
  command.addOption(new Option('--json', 'print one JSON document instead of text'));

/** Adds who asks and why. */
export function withActor(command: Command, io: CliIo, defaultReason?: string): Command {
  const reason = new Option('--reason <text>', 'why, kept in the record');
  if (defaultReason === undefined) reason.makeOptionMandatory();
  else reason.default(defaultReason);
  return command
    .addOption(reason)
    .addOption(
      new Option('--actor <name>', 'who asks').default(actorOf(io), `$RATCHET_ACTOR, else the user: ${actorOf(io)}`),
    );
}

/** Adds the version that a decision speaks of. */
export const withVersion = (command: Command): Command =>
  command.addOption(
    new Option('--version <number>', 'the version that it speaks of').argParser(version).makeOptionMandatory(),
  );

/** Adds what makes a decision exact. */
export const withDecision = (command: Command): Command =>
  withVersion(command)
    .addOption(new Option('--id <text>', 'decision id: the same id counts once (default: a new one)'))
    .addOption(new Option('--step <number>', 'the step, 0-based, that it speaks of').argParser(wholeNumber))
    .addOption(new Option('--signal', 'send it as a signal: needs no live worker and gets no answer'));

function actorOf(io: CliIo): string {
  const given = io.env['RATCHET_ACTOR'];
  if (given !== undefined && given !== '') return given;
  try {
    return userInfo().username;
  } catch {
    // A container may run under a uid that has no name.
    return 'unknown';
  }
}

export function version(text: string): string {
  if (/^[1-9]\d{0,8}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected a version number such as 3.');
}

export function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number.');
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a number above 0.');
}

/** `28d` → milliseconds. */
export function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (Number.isInteger(ms) && ms > 0) return ms;
  throw new InvalidArgumentError('Expected a duration such as 30m, 24h or 28d.');
}

/** An ISO 8601 instant → epoch milliseconds. */
export function instantMs(text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : NaN;
  if (Number.isFinite(ms)) return ms;
  throw new InvalidArgumentError('Expected an ISO 8601 time such as 2024-05-01 or 2024-05-01T12:00:00Z.');
}

export { formatDuration };

/** Text below a command's help. */
export const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((text) => `  $ ${text}`).join('\n')}\n`;
