import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const OWNER = 'owner';
const MOST_SLOTS = 64;

/** A sub-folder of this process alone, and those that dead processes left behind. */
export interface JournalSlot {
  readonly folder: string;
  readonly orphans: readonly string[];
}

/**
 * Several workers of one machine may be given the same folder: each takes a numbered sub-folder, marked with its process id,
 * and adopts those whose owner is dead.
 */
export async function claimSlot(base: string): Promise<JournalSlot> {
  await mkdir(base, { recursive: true });
  for (let n = 0; n < MOST_SLOTS; n++) {
    const folder = join(base, String(n));
    await mkdir(folder, { recursive: true });
    if (await take(folder)) return { folder, orphans: await orphansOf(base, folder) };
  }
  throw new Error(`no free slot among ${MOST_SLOTS} in ${base}`);
}

async function take(folder: string): Promise<boolean> {
  if (await isOwned(folder)) return false;
  await rm(join(folder, OWNER), { force: true });
  try {
    await writeFile(join(folder, OWNER), String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') return false;
    throw error;
  }
}

async function orphansOf(base: string, own: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of (await readdir(base)).filter((entry) => /^\d+$/.test(entry))) {
    const folder = join(base, name);
    if (folder !== own && !(await isOwned(folder))) found.push(folder);
  }
  return found;
}

/** By another process that lives. Our own mark counts as free: in a container every start has the same process id. */
async function isOwned(folder: string): Promise<boolean> {
  const pid = Number(await readFile(join(folder, OWNER), 'utf8').catch(() => ''));
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code === 'EPERM';
  }
}
