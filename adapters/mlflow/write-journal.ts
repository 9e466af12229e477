import { appendFile, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const PENDING = 'pending.jsonl';
const REJECTED = 'rejected.jsonl';

/**
 * Writes kept in order on disk, one JSON line each. One process a folder. A line that a crash cut short is the write that
 * was never acknowledged, so it is dropped on reading.
 */
export class WriteJournal<T> {
  private opened: Promise<void> | null = null;
  private pendingBytes = 0;

  constructor(private readonly folder: string) {}

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
    await mkdir(this.folder, { recursive: true });
    await rm(this.path(`${PENDING}.new`), { force: true });
    const size = await stat(this.path(PENDING)).then(
      (file) => file.size,
      () => 0,
    );
    if (size === 0) return;
    const content = await readFile(this.path(PENDING), 'utf8');
    // A cut-off last line would swallow the next one.
    const whole = content.slice(0, content.lastIndexOf('\n') + 1);
    if (whole.length < content.length) await writeFile(this.path(PENDING), whole);
    this.pendingBytes = Buffer.byteLength(whole);
  }

  private path(name: string): string {
    return join(this.folder, name);
  }
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
