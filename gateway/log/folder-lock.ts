import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RatchetError } from '../../core/errors';

/**
 * One gateway a data folder: two would drain and delete each other's segments. The lock names a process by its id and its
 * start time (where /proc tells it), so that an id used again after a crash or in a new container does not hold it.
 */
export class FolderLock {
  private constructor(private readonly path: string) {}

  /** Throws RATCHET_SETUP when a living process holds the folder. */
  static acquire(folder: string): FolderLock {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'gateway.lock');
    const mine = identify(process.pid);
    for (let attempt = 0; ; attempt++) {
      try {
        writeFileSync(path, mine, { flag: 'wx', mode: 0o600 });
        return new FolderLock(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 3) throw error;
      }
      const holder = readHolder(path);
      if (holder !== null && holder !== mine && isAlive(holder)) {
        throw new RatchetError(
          'RATCHET_SETUP',
          `The gateway data folder ${folder} is in use by process ${holder.split(' ')[0]}.`,
          {
            hint: 'Give each gateway on this machine its own folder (RATCHET_CACHE_DIR).',
          },
        );
      }
      rmSync(path, { force: true });
    }
  }

  release(): void {
    rmSync(this.path, { force: true });
  }
}

function identify(pid: number): string {
  return `${pid} ${startTime(pid) ?? ''}`.trim();
}

/** Field 22 of /proc/<pid>/stat, ticks since boot; null where there is no /proc. */
function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function readHolder(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

function isAlive(holder: string): boolean {
  const pid = Number(holder.split(' ')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return !holder.includes(' ') || holder === identify(pid);
}
