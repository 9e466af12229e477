import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

let counter = 0;

/** Writes beside the target and renames: a reader, or a process killed in between, sees the old file or the new one. */
export async function writeAtomically(path: string, body: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.${++counter}.tmp`;
  await writeFile(temporary, body, { mode: 0o600, flush: true });
  await rename(temporary, path);
}
