import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * A process is known by its id and the moment it started: ids are used again. `started` is opaque; compare it for
 * equality only. `undefined` when there is no such process (a zombie counts as none).
 */
export function processStarted(pid: number): string | undefined {
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  if (process.platform === 'linux') {
    const fields = procStat(pid);
    return fields === undefined || fields[0] === 'Z' ? undefined : fields[19];
  }
  try {
    const line = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).trim();
    return line === '' ? undefined : line;
  } catch {
    return undefined;
  }
}

/** Does a process of this group live (zombies not counted)? */
export function isGroupAlive(pgid: number): boolean {
  return groupMembers(pgid).length > 0;
}

/** The environment variable that names the servers we start, so that a leftover child of a dead parent is known as ours. */
export const MARK_VARIABLE = 'RATCHET_PROCESS_MARK';

/** Is a process of this group one that was started with this mark? Always false where the system does not tell (macOS). */
export function groupHasMark(pgid: number, mark: string): boolean {
  if (process.platform !== 'linux') return false;
  return groupMembers(pgid).some((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`${MARK_VARIABLE}=${mark}`);
    } catch {
      return false;
    }
  });
}

function groupMembers(pgid: number): number[] {
  if (process.platform !== 'linux') {
    try {
      process.kill(-pgid, 0);
      return [pgid];
    } catch {
      return [];
    }
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const fields = procStat(pid);
      return fields !== undefined && fields[0] !== 'Z' && Number(fields[2]) === pgid;
    });
}

/** The fields of /proc/<pid>/stat after the command's name, which may itself hold spaces and brackets. */
function procStat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
