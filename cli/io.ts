/** What a command touches of its process: given, so that tests can look. */
import type { RatchetClient } from '../client';

export interface CliIo {
  out(text: string): void;
  err(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** true: colours and live redraws are welcome. */
  readonly terminal: boolean;
  /** Aborts on Ctrl-C, SIGTERM and SIGHUP. A command that asks for it must end by it; others are ended by the signal. */
  interruption(): AbortSignal;
  connect(options: ConnectionFlags): Promise<RatchetClient>;
  /** Told the exit code of a command that worked and whose answer is not "fine". */
  setExitCode(code: number): void;
}

export interface ConnectionFlags {
  readonly address?: string;
  readonly namespace?: string;
  readonly taskQueue?: string;
  readonly timeout?: number;
}

/** Flags that every command has. */
export interface CommonFlags extends ConnectionFlags {
  readonly json?: boolean;
}

/** Prints an answer: one JSON document with --json, else the text. */
export function answer(io: CliIo, flags: CommonFlags, data: unknown, text: string): void {
  io.out(flags.json === true ? `${JSON.stringify(data, null, 2)}\n` : `${text}\n`);
}
