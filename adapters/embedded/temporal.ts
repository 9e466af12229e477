import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { SEARCH_ATTRIBUTES } from '../../core/ids';
import { choosePort, freePorts } from './free-ports';
import { ServerProcess } from './server-process';

const HOST = '127.0.0.1';
const READY_TIMEOUT_MS = 60_000;
const TYPE_NAMES = { KEYWORD: 'Keyword', DOUBLE: 'Double', BOOL: 'Bool' } as const;

/**
 * Without these the dev server takes 1 s for any shorter timer, and spends ~35 ms on each workflow task
 * (reference/stack.md §8). Unknown keys are ignored silently, so a server that renames them is only slower.
 */
const DYNAMIC_CONFIG = [
  'history.timerProcessorMaxTimeShift="10ms"',
  'history.transferProcessorMaxPollRPS=1000',
  'history.timerProcessorMaxPollRPS=1000',
  'history.visibilityProcessorMaxPollRPS=1000',
];

export interface StartTemporalOptions {
  readonly dataDir: string;
  /** The `temporal` command line. */
  readonly cli: string;
  /** Free ones by default. */
  readonly port?: number;
  readonly uiPort?: number;
  readonly httpPort?: number;
  readonly metricsPort?: number;
  /** Kept with its history between runs. Default `<dataDir>/temporal/temporal.db`. */
  readonly dbFile?: string;
}

/** A running Temporal dev server: namespace `default`, on 127.0.0.1, with Ratchet's search attributes. */
export interface EmbeddedTemporal {
  /** `host:port` of the gRPC frontend. */
  readonly address: string;
  readonly namespace: 'default';
  readonly uiUrl: string;
  /** REST API: start, signal, update, query. */
  readonly httpUrl: string;
  readonly metricsUrl: string;
  readonly logFile: string;
  /** Changes with a restart. */
  readonly pid: number;
  readonly isRunning: boolean;
  stop(): Promise<void>;
  /** SIGKILL, as a crash would. */
  kill9(): Promise<void>;
  /** Starts it again (stopping it first where needed) on the same ports and database; returns when it is ready. */
  restart(): Promise<void>;
}

/**
 * Starts the dev server and waits until it serves its namespace.
 * @throws RATCHET_SETUP with the end of its log when it does not become ready, or a wanted port is taken.
 */
export async function startTemporal(options: StartTemporalOptions): Promise<EmbeddedTemporal> {
  const [port, uiPort, httpPort, metricsPort] = await choosePorts(options);
  const dataDir = resolve(options.dataDir);
  const dbFile = resolve(options.dbFile ?? join(dataDir, 'temporal', 'temporal.db'));
  mkdirSync(dirname(dbFile), { recursive: true });
  const isOldDatabase = existsSync(dbFile);
  const process = new ServerProcess({
    name: 'temporal',
    dataDir,
    command: options.cli,
    args: startArguments({ port, uiPort, httpPort, metricsPort, dbFile }),
  });
  const isReady = async (): Promise<boolean> =>
    (await fetch(`http://${HOST}:${httpPort}/api/v1/namespaces/default`, { signal: AbortSignal.timeout(2_000) })).ok;
  const start = async (): Promise<void> => {
    await process.start();
    try {
      await process.awaitReady(isReady, READY_TIMEOUT_MS);
      if (isOldDatabase) await createSearchAttributes(options.cli, `${HOST}:${port}`);
    } catch (error) {
      await process.stop();
      throw error;
    }
  };
  await start();
  return {
    address: `${HOST}:${port}`,
    namespace: 'default',
    uiUrl: `http://${HOST}:${uiPort}`,
    httpUrl: `http://${HOST}:${httpPort}`,
    metricsUrl: `http://${HOST}:${metricsPort}/metrics`,
    logFile: process.logFile,
    get pid() {
      return process.pid;
    },
    get isRunning() {
      return process.isRunning;
    },
    stop: () => process.stop(),
    kill9: () => process.kill9(),
    restart: async () => {
      await process.stop();
      await start();
    },
  };
}

async function choosePorts(options: StartTemporalOptions): Promise<[number, number, number, number]> {
  const free = await freePorts(4);
  const choose = (wanted: number | undefined, index: number, what: string): Promise<number> =>
    choosePort(wanted ?? free[index], what);
  return [
    await choose(options.port, 0, 'Temporal'),
    await choose(options.uiPort, 1, "Temporal's UI"),
    await choose(options.httpPort, 2, "Temporal's HTTP API"),
    await choose(options.metricsPort, 3, "Temporal's metrics"),
  ];
}

interface StartArguments {
  readonly port: number;
  readonly uiPort: number;
  readonly httpPort: number;
  readonly metricsPort: number;
  readonly dbFile: string;
}

function startArguments(at: StartArguments): string[] {
  const attributes = Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => [
    '--search-attribute',
    `${name}=${TYPE_NAMES[type]}`,
  ]);
  return [
    ...['server', 'start-dev', '--ip', HOST, '--ui-ip', HOST],
    ...['--port', String(at.port), '--ui-port', String(at.uiPort)],
    ...['--http-port', String(at.httpPort), '--metrics-port', String(at.metricsPort)],
    ...['--db-filename', at.dbFile, '--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal'],
    ...['--ui-disable-news-fetch', '--log-level', 'warn'],
    ...attributes,
    ...DYNAMIC_CONFIG.flatMap((value) => ['--dynamic-config-value', value]),
  ];
}

/** A database made by an earlier version ignores `--search-attribute`; creating one that exists is no error. */
async function createSearchAttributes(cli: string, address: string): Promise<void> {
  const flags = Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => [
    '--name',
    name,
    '--type',
    TYPE_NAMES[type],
  ]);
  await promisify(execFile)(cli, ['operator', 'search-attribute', 'create', '--address', address, ...flags]);
}
