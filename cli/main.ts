#!/usr/bin/env node
/** The `ratchet` command: gives the process to `run` and ends with its exit code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectClient } from './connect';
import { packageRoot } from './package-root';
import { run } from './run';

/** A terminal and npm may both deliver one Ctrl-C: only a later one means "at once". */
const SAME_INTERRUPT_MS = 1_000;
let interrupt: AbortController | null = null;

/** From the first call on, Ctrl-C is the caller's business; a command that never asks simply ends by it. */
function interruption(): AbortSignal {
  if (interrupt !== null) return interrupt.signal;
  const controller = new AbortController();
  interrupt = controller;
  let at: number | null = null;
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const) {
    process.on(signal, () => {
      // Exiting by ourselves lets the servers of `dev` be told, which dying of the signal would not.
      if (at !== null && Date.now() - at > SAME_INTERRUPT_MS) process.exit(128 + number);
      at ??= Date.now();
      controller.abort();
    });
  }
  return controller.signal;
}

void run(
  process.argv.slice(2),
  {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    env: process.env,
    terminal: process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined,
    interruption,
    connect: (flags) => connectClient(flags, process.env),
  },
  packageVersion(),
).then((code) => {
  process.exitCode = code;
});

function packageVersion(): string {
  try {
    const text = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
    return (JSON.parse(text) as { version?: string }).version ?? '0.0.0';
  } catch {
    return '0.0.0';
  }
}
