import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { EmbeddedStack } from '../../adapters/embedded';
import { RatchetClient } from '../../client';
import { RatchetError } from '../../core/errors';
import { choosePorts, rememberPorts, type PortName, type Ports } from '../dev/ports';
import { ROOTS, startRoot } from '../dev/roots';
import { answer, type CliIo } from '../io';
import { loadEmbedded, loadPostgres } from '../lazy';
import { examples, withJson } from '../options';
import { packageRoot } from '../package-root';

interface DevFlags {
  readonly dataDir: string;
  readonly servers?: boolean;
  readonly json?: boolean;
  readonly temporalPort?: number;
  readonly temporalUiPort?: number;
  readonly mlflowPort?: number;
  readonly postgresPort?: number;
  readonly gatewayPort?: number;
}

/** How often the processes are looked at: one that ends by itself ends all. */
const LOOK_EVERY_MS = 500;
const TITLES = { postgres: 'PostgreSQL', mlflow: 'MLflow', temporal: 'Temporal', worker: 'worker', gateway: 'gateway' };

export function registerDev(program: Command, io: CliIo): void {
  withJson(program.command('dev'))
    .description('start Temporal, MLflow, PostgreSQL, a worker and a gateway on this machine, until Ctrl-C')
    .option('--data-dir <folder>', 'where everything is kept', join('.ratchet', 'dev'))
    .option('--servers', 'only the three servers: you start worker and gateway yourself')
    .addOption(portOption('--temporal-port', 'Temporal (default: that of last time, else a free one)'))
    .addOption(portOption('--temporal-ui-port', "Temporal's web pages"))
    .addOption(portOption('--mlflow-port', 'MLflow'))
    .addOption(portOption('--postgres-port', 'PostgreSQL'))
    .addOption(portOption('--gateway-port', 'the gateway'))
    .addHelpText(
      'after',
      examples('ratchet dev', '. .ratchet/dev/env && ratchet status', 'ratchet dev --servers --json'),
    )
    .action(async (flags: DevFlags) => await dev(io, flags));
}

async function dev(io: CliIo, flags: DevFlags): Promise<void> {
  const interrupted = io.interruption();
  const dataDir = resolve(flags.dataDir);
  const say = (text: string): void => {
    if (flags.json !== true) io.err(`${text}\n`);
  };
  mkdirSync(dataDir, { recursive: true });
  await endLeftovers(dataDir);
  const { ports, moved } = await choosePorts(dataDir, portsOf(flags));
  for (const name of moved) say(`the port that ${name} had last time is taken: it moved to ${ports[name]}`);
  const pythonEnv = pythonEnvironment();
  const ready = (part: keyof typeof TITLES, tookMs: number): void =>
    say(`${TITLES[part]} is ready (${(tookMs / 1000).toFixed(1)} s)`);
  const stack = await loadEmbedded().startStack({ dataDir, ports, pythonEnv, onReady: ready });
  const running: Running[] = [
    { name: 'postgres', of: stack.postgres },
    { name: 'mlflow', of: stack.mlflow },
    { name: 'temporal', of: stack.temporal },
  ];
  const roots: { stop(): Promise<void> }[] = [];
  try {
    rememberPorts(dataDir, ports);
    const env = { ...environmentOf(stack), RATCHET_GATEWAY_URL: `http://127.0.0.1:${ports.gateway}` };
    await prepare(stack);
    for (const name of flags.servers === true || interrupted.aborted ? [] : ROOTS) {
      const begun = performance.now();
      const root = await startRoot(name, dataDir, rootEnvironment(env, ports, dataDir, pythonEnv));
      roots.push(root);
      running.push({ name, of: root });
      ready(name, performance.now() - begun);
    }
    const envFile = writeEnvFile(dataDir, env);
    const isWhole = flags.servers !== true;
    const found = { ...env, temporalUi: stack.temporal.uiUrl, dataDir, envFile };
    if (!interrupted.aborted) answer(io, flags, found, describe(found, isWhole));
    const gone = await firstToEnd(running, interrupted);
    if (gone !== null) {
      throw new RatchetError('RATCHET_SETUP', `${TITLES[gone.name]} ended by itself, so everything is stopped`, {
        hint: `Read ${gone.of.logFile}, then start again: the data is kept.`,
        details: { server: gone.name, log: gone.of.logFile },
      });
    }
  } finally {
    say('stopping …');
    await Promise.all(roots.map((root) => root.stop()));
    await stack.stop();
  }
}

interface Running {
  readonly name: keyof typeof TITLES;
  readonly of: { readonly isRunning: boolean; readonly logFile: string };
}

/** What a killed run left would hold the ports of last time. @throws RATCHET_SETUP when that run is alive. */
async function endLeftovers(dataDir: string): Promise<void> {
  const { ServerProcess } = loadEmbedded();
  for (const name of ['worker', 'gateway', 'temporal', 'mlflow', 'postgres']) {
    await new ServerProcess({ name, dataDir, command: '', args: [] }).stopLeftover();
  }
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

type Environment = Readonly<Record<string, string>>;

const environmentOf = (stack: EmbeddedStack): Environment => ({
  TEMPORAL_ADDRESS: stack.temporal.address,
  TEMPORAL_NAMESPACE: stack.temporal.namespace,
  DATABASE_URL: stack.postgres.url,
  MLFLOW_TRACKING_URI: stack.mlflow.url,
});

const rootEnvironment = (env: Environment, ports: Ports, dataDir: string, pythonEnv: string): Environment => ({
  ...env,
  RATCHET_GATEWAY_PORT: String(ports.gateway),
  RATCHET_CACHE_DIR: join(dataDir, 'gateway'),
  RATCHET_WORK_DIR: join(dataDir, 'work'),
  RATCHET_PYTHON: process.env['RATCHET_PYTHON'] ?? join(pythonEnv, 'bin', 'python'),
});

/** The locked Python environment of the working folder, else of this package. */
function pythonEnvironment(): string {
  const own = resolve('.ratchet', 'python');
  return existsSync(own) ? own : join(packageRoot(), '.ratchet', 'python');
}

/** For `. env` in another terminal. It holds the password of the database, so only its owner may read it. */
function writeEnvFile(dataDir: string, env: Environment): string {
  const file = join(dataDir, 'env');
  writeFileSync(
    file,
    Object.entries(env)
      .map(([name, value]) => `export ${name}='${value}'\n`)
      .join(''),
    {
      mode: 0o600,
    },
  );
  return file;
}

function describe(found: Environment, isWhole: boolean): string {
  return [
    '',
    `Temporal    ${found['TEMPORAL_ADDRESS'] ?? ''}   pages: ${found['temporalUi'] ?? ''}`,
    `MLflow      ${found['MLFLOW_TRACKING_URI'] ?? ''}`,
    `PostgreSQL  ${found['DATABASE_URL'] ?? ''}`,
    ...(isWhole ? [`Gateway     ${found['RATCHET_GATEWAY_URL'] ?? ''}`] : []),
    `Data, logs  ${found['dataDir'] ?? ''}`,
    '',
    `In another terminal:  . ${found['envFile'] ?? ''}`,
    'Ctrl-C stops everything and keeps the data.',
  ].join('\n');
}

/** The one that ended by itself; null after Ctrl-C. */
async function firstToEnd(running: readonly Running[], interrupted: AbortSignal): Promise<Running | null> {
  while (!interrupted.aborted) {
    const gone = running.find(({ of }) => !of.isRunning);
    if (gone !== undefined) return gone;
    await delay(LOOK_EVERY_MS, undefined, { signal: interrupted }).catch(() => undefined);
  }
  return null;
}

const portOption = (flag: string, what: string): Option =>
  new Option(`${flag} <port>`, `port of ${what}`).argParser((text: string) => {
    const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
    if (port >= 1 && port <= 65_535) return port;
    throw new InvalidArgumentError('Expected 1 to 65535.');
  });

function portsOf(flags: DevFlags): Partial<Record<PortName, number>> {
  const { temporalPort, temporalUiPort, mlflowPort, postgresPort, gatewayPort } = flags;
  return {
    ...(temporalPort === undefined ? {} : { temporal: temporalPort }),
    ...(temporalUiPort === undefined ? {} : { temporalUi: temporalUiPort }),
    ...(mlflowPort === undefined ? {} : { mlflow: mlflowPort }),
    ...(postgresPort === undefined ? {} : { postgres: postgresPort }),
    ...(gatewayPort === undefined ? {} : { gateway: gatewayPort }),
  };
}
