import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { SetupError } from './setup-error.mjs';

const children = new Set();
let isForwarding = false;
let received;

/**
 * From now on SIGINT, SIGTERM and SIGHUP go to the children, and this process ends after them. On a terminal Ctrl-C
 * reaches them without us: they must not get it twice.
 */
export function forwardSignals() {
  if (isForwarding) return;
  isForwarding = true;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      received ??= signal;
      if (children.size === 0) process.exit(exitCode(null, signal));
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      for (const child of children) child.kill(signal);
    });
  }
}

/** The signal that this process was asked to end by, if any. */
export const receivedSignal = () => received;

/** Runs a program to its end; resolves to its exit code (128 + n after signal n). */
export function runChild(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, options);
    children.add(child);
    child.once('error', (error) => {
      children.delete(child);
      reject(new SetupError(`${command} cannot be run: ${error.message}`));
    });
    child.once('close', (code, signal) => {
      children.delete(child);
      resolve(exitCode(code, signal));
    });
  });
}

/**
 * Runs a program quietly; resolves when it ends with 0, and throws a SetupError with the end of its output otherwise.
 * `onLine` sees each line as it comes.
 */
export async function runQuietly(command, args, { onLine, advice, ...options } = {}) {
  let output = '';
  const collect = (chunk) => {
    output = (output + chunk).slice(-20_000);
    const line = String(chunk).trimEnd().split('\n').pop();
    if (line) onLine?.(line);
  };
  const code = await new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    children.add(child);
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', (error) => {
      children.delete(child);
      reject(new SetupError(`${command} cannot be run: ${error.message}`));
    });
    child.once('close', (exit, signal) => {
      children.delete(child);
      resolve(exitCode(exit, signal));
    });
  });
  if (received !== undefined) process.exit(exitCode(null, received));
  if (code === 0) return output;
  const tail = output.trimEnd().split('\n').slice(-25).join('\n');
  throw new SetupError(
    `${tail}\n\n\`${[command, ...args].join(' ')}\` failed with exit code ${code}.${advice ? ` ${advice}` : ''}`,
  );
}

function exitCode(code, signal) {
  return signal === null || signal === undefined ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0);
}
