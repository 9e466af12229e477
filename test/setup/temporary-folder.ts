import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made: string[] = [];

afterAll(() => made.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A new folder that is removed after the last test of the file that asks. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `ratchet-${name}-`));
  made.push(folder);
  return folder;
}
