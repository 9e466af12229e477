#!/usr/bin/env node
/** The `ratchet` command: gives the process to `run` and ends with its exit code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectClient } from './connect';
import { run } from './run';

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());
process.once('SIGTERM', () => interrupt.abort());

void run(
  process.argv.slice(2),
  {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    env: process.env,
    terminal: process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined,
    interrupted: interrupt.signal,
    connect: (flags) => connectClient(flags, process.env),
  },
  packageVersion(),
).then((code) => {
  process.exitCode = code;
});

/** package.json lies one folder up in the sources and two in dist/. */
function packageVersion(): string {
  for (const up of [['..'], ['..', '..']]) {
    try {
      const { version } = JSON.parse(readFileSync(join(__dirname, ...up, 'package.json'), 'utf8')) as {
        version?: string;
      };
      if (version !== undefined) return version;
    } catch {
      continue;
    }
  }
  return '0.0.0';
}
