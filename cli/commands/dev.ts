import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { EmbeddedStack } from '../../adapters/embedded';
import { answer, type CliIo } from '../io';
import { examples, withJson } from '../options';
import { RatchetClient } from '../../client';
import { loadEmbedded, loadPostgres } from '../lazy';

interface DevFlags {
  readonly dataDir: string;
  readonly servers?: boolean;
  readonly json?: boolean;
}

export function registerDev(program: Command, io: CliIo): void {
  withJson(program.command('dev'))
    .description('start Temporal, MLflow, PostgreSQL, a worker and a gateway on this machine, until Ctrl-C')
    .option('--data-dir <folder>', 'where everything is kept', '.ratchet/dev')
    .option('--servers', 'only the three servers: you start worker and gateway yourself')
    .addHelpText('after', examples('ratchet dev', 'ratchet dev --servers --json'))
    .action(async (flags: DevFlags) => {
      const { startStack } = loadEmbedded();
      const stack = await startStack({
        dataDir: resolve(flags.dataDir),
        onReady: (part, tookMs) => {
          if (flags.json !== true) io.err(`${part} is ready (${(tookMs / 1000).toFixed(1)} s)\n`);
        },
      });
      let children: readonly ChildProcess[] = [];
      try {
        await prepare(stack);
        const env = environmentOf(stack);
        children = flags.servers === true ? [] : startRoots(env);
        const lines = [
          ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
          `Temporal UI: ${stack.temporal.uiUrl}`,
        ];
        answer(
          io,
          flags,
          { ...env, temporalUi: stack.temporal.uiUrl },
          `${lines.join('\n')}\nCtrl-C stops everything.`,
        );
        await Promise.race([interrupted(io.interrupted), ...children.map((child) => once(child, 'exit'))]);
      } finally {
        await stopAll(children);
        await stack.stop();
      }
    });
}

async function prepare(stack: EmbeddedStack): Promise<void> {
  const { migrate } = loadPostgres();
  await migrate(stack.postgres.url);
  const client = await RatchetClient.connect({ address: stack.temporal.address });
  try {
    await client.ensureSearchAttributes();
  } finally {
    await client.close();
  }
}

const environmentOf = (stack: EmbeddedStack): Readonly<Record<string, string>> => ({
  TEMPORAL_ADDRESS: stack.temporal.address,
  DATABASE_URL: stack.postgres.url,
  MLFLOW_TRACKING_URI: stack.mlflow.url,
});

/** The two composition roots, as processes of their own, as they run in production. */
function startRoots(env: Readonly<Record<string, string>>): readonly ChildProcess[] {
  return ['workers', 'gateway']
    .map((folder) => join(__dirname, '..', '..', folder, 'main.js'))
    .filter((file) => existsSync(file))
    .map((file) =>
      spawn(process.execPath, [file], { env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'inherit'] }),
    );
}

const interrupted = (signal: AbortSignal): Promise<unknown> =>
  signal.aborted ? Promise.resolve() : once(signal, 'abort');

async function stopAll(children: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    children.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }),
  );
}
