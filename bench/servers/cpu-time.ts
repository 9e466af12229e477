import { readFileSync } from 'node:fs';

/** Linux reports process times in ticks of USER_HZ, which is 100 on every platform that Node runs on. */
const TICK_US = 10_000;

/**
 * Microseconds of CPU that a process has used so far, all its threads; null where there is no /proc. On a machine with other work this says
 * more than the time that passed.
 */
export function cpuTimeUs(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // the program's name may hold blanks: count from behind it; utime and stime are fields 14 and 15
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_US;
  } catch {
    return null;
  }
}
