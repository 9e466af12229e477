import { appendFile, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { claimSlot } from './journal-slot';

const PENDING = 'pending.jsonl';
const REJECTED = 'rejected.jsonl';

/**
 * Writes kept in order on disk, one JSON line each. Processes that share `base` have a sub-folder each. A line that a crash cut short is the write that
 * was never acknowledged, so it is dropped on reading.
 */
export class WriteJournal<T> {
  private opened: Promise<void> | null = null;
  private pendingBytes = 0;

  private folder = '';

  constructor(private readonly base: string) {}

  /** Bytes that wait. */
  async bytes(): Promise<number> {
    await this.ready();
    return this.pendingBytes;
  }

  async append(entry: T): Promise<void> {
    await this.ready();
    const line = `${JSON.stringify(entry)}\n`;
    const file = await open(this.path(PENDING), 'a');
    try {
      await file.appendFile(line);
      await file.datasync();
    } finally {
      await file.close();
    }
    this.pendingBytes += Buffer.byteLength(line);
  }

  async read(): Promise<readonly T[]> {
    await this.ready();
    if (this.pendingBytes === 0) return [];
    return parseLines<T>(await readFile(this.path(PENDING), 'utf8'));
  }

  /** Replaces what waits by `entries`, atomically: after a kill the old or the new file is there. */
  async replace(entries: readonly T[]): Promise<void> {
    await this.ready();
    const content = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    await writeFile(this.path(`${PENDING}.new`), content);
    await rename(this.path(`${PENDING}.new`), this.path(PENDING));
    this.pendingBytes = Buffer.byteLength(content);
  }

  /** What the server refused for good, for a person to look at. */
  async reject(entry: T, why: string): Promise<void> {
    await this.ready();
    await appendFile(this.path(REJECTED), `${JSON.stringify({ why, entry })}\n`);
  }

  private ready(): Promise<void> {
    return (this.opened ??= this.prepare());
  }

  private async prepare(): Promise<void> {
    const slot = await claimSlot(this.base);
    this.folder = slot.folder;
    await rm(this.path(`${PENDING}.new`), { force: true });
    const own = await wholeLines(this.path(PENDING));
    let content = own;
    for (const orphan of slot.orphans) content += await wholeLines(join(orphan, PENDING));
    const size = await stat(this.path(PENDING)).then(
      (file) => file.size,
      () => 0,
    );
    this.pendingBytes = Buffer.byteLength(content);
    // Also drops a cut-off last line, which would swallow the next one.
    if (size !== this.pendingBytes) {
      await writeFile(this.path(`${PENDING}.new`), content);
      await rename(this.path(`${PENDING}.new`), this.path(PENDING));
    }
    for (const orphan of slot.orphans) await rm(join(orphan, PENDING), { force: true });
  }

  private path(name: string): string {
    return join(this.folder, name);
  }
}

/** '' when there is no such file. */
async function wholeLines(path: string): Promise<string> {
  const content = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as { code?: unknown }).code === 'ENOENT') return '';
    throw error;
  });
  return content.slice(0, content.lastIndexOf('\n') + 1);
}

function parseLines<T>(content: string): T[] {
  const out: T[] = [];
  for (const line of content.split('\n')) {
    if (line === '') continue;
    try {
      out.push(JSON.parse(line) as T);
    } catch {
      // cut short by a crash
    }
  }
  return out;
}
