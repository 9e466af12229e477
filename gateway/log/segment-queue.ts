import {
  closeSync,
  fdatasync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PredictionRecord } from '../../core/ports';
import { decodeRow } from './row-codec';
import type { RowBatch, RowQueue } from './row-queue';

const sync = promisify(fdatasync);
const NEWLINE = 10;
const CHUNK = 256 * 1024;
const SEGMENT = /^(\d{12})\.jsonl$/;

interface Segment {
  readonly sequence: number;
  readonly path: string;
  /** Bytes written. */
  size: number;
  /** No more is appended: a torn tail is a torn tail. */
  sealed: boolean;
}

interface ActiveSegment {
  readonly segment: Segment;
  readonly fd: number;
  closed: boolean;
}

interface SegmentBatch extends RowBatch {
  readonly segment: Segment;
  readonly end: number;
  readonly torn: number;
}

/**
 * Append-only files of one row a line in a folder of its own. Writing is synchronous: a write of some kilobytes into the
 * page cache takes microseconds, and when it returns a SIGKILL of this process cannot lose it. A segment is deleted when
 * all of it was acknowledged. Segments left by a former process are read first.
 */
export class SegmentQueue implements RowQueue {
  torn = 0;
  waitingBytes = 0;
  private readonly segments: Segment[] = [];
  private active: ActiveSegment | null = null;
  private lastSync: Promise<unknown> = Promise.resolve();
  private sealFault: Error | null = null;
  private nextSequence = 1;
  /** Read position in the oldest segment. */
  private cursor = 0;
  private reader: { readonly segment: Segment; readonly handle: FileHandle } | null = null;

  constructor(
    private readonly folder: string,
    private readonly segmentBytes: number,
  ) {
    mkdirSync(folder, { recursive: true });
    const left = readdirSync(folder)
      .map((name) => SEGMENT.exec(name)?.[1])
      .filter((digits) => digits !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
    for (const sequence of left) {
      const path = this.pathOf(sequence);
      const { size } = statSync(path);
      this.segments.push({ sequence, path, size, sealed: true });
      this.waitingBytes += size;
      this.nextSequence = sequence + 1;
    }
  }

  /** Appends whole lines. Throws the system's error (disk full …) and leaves no half of them behind. */
  write(body: Buffer): void {
    const { segment, fd } = this.openActive();
    try {
      let written = 0;
      while (written < body.length) {
        written += writeSync(fd, body, written, body.length - written, segment.size + written);
      }
    } catch (error) {
      this.cutTail(fd, segment);
      throw error;
    }
    segment.size += body.length;
    this.waitingBytes += body.length;
    if (segment.size >= this.segmentBytes) this.seal();
  }

  /** Resolves when everything written so far is on the disk; rejects with the system's error when that is not certain. */
  async sync(): Promise<void> {
    const { active } = this;
    // One after the other, and after the seals: a descriptor is never closed under a running fdatasync.
    const turn = this.lastSync.then(() => (active === null || active.closed ? undefined : sync(active.fd)));
    this.lastSync = turn.catch(() => undefined);
    await turn;
    if (this.sealFault !== null) {
      const fault = this.sealFault;
      this.sealFault = null;
      throw fault;
    }
  }

  async peek(maxRows: number): Promise<SegmentBatch | null> {
    for (;;) {
      const segment = this.segments[0];
      if (segment === undefined) return null;
      if (this.cursor >= segment.size) {
        if (!segment.sealed) return null;
        await this.dropOldest(segment);
        continue;
      }
      return this.readBatch(segment, maxRows);
    }
  }

  async acknowledge(batch: RowBatch): Promise<void> {
    const { segment, end, bytes, torn } = batch as SegmentBatch;
    this.cursor = end;
    this.waitingBytes -= bytes;
    this.torn += torn;
    if (segment.sealed && this.cursor >= segment.size) await this.dropOldest(segment);
  }

  async close(): Promise<void> {
    await this.closeReader();
    if (this.active === null) return;
    const { segment } = this.active;
    this.seal();
    await this.lastSync;
    if (this.segments[0] === segment && this.cursor >= segment.size) await this.dropOldest(segment);
  }

  private async readBatch(segment: Segment, maxRows: number): Promise<SegmentBatch> {
    const handle = await this.openReader(segment);
    const start = this.cursor;
    let length = Math.min(CHUNK, segment.size - start);
    let chunk = Buffer.alloc(length);
    let filled = (await handle.read(chunk, 0, length, start)).bytesRead;
    let last = chunk.lastIndexOf(NEWLINE, filled - 1);
    // a line longer than a chunk: read on until it ends
    while (last < 0 && start + filled < segment.size) {
      length = Math.min(length * 2, segment.size - start);
      chunk = Buffer.alloc(length);
      filled = (await handle.read(chunk, 0, length, start)).bytesRead;
      if (filled < length) break;
      last = chunk.lastIndexOf(NEWLINE, filled - 1);
    }
    if (last < 0) {
      // no newline up to the end: the record that was being written when the process died
      return { rows: [], bytes: segment.size - start, segment, end: segment.size, torn: 1 };
    }
    return splitLines(chunk, last, maxRows, segment, start);
  }

  private openActive(): ActiveSegment {
    if (this.active === null) {
      const sequence = this.nextSequence++;
      const path = this.pathOf(sequence);
      const fd = openSync(path, 'wx', 0o600);
      const segment: Segment = { sequence, path, size: 0, sealed: false };
      this.segments.push(segment);
      this.active = { segment, fd, closed: false };
    }
    return this.active;
  }

  private seal(): void {
    const { active } = this;
    if (active === null) return;
    this.active = null;
    active.segment.sealed = true;
    this.lastSync = this.lastSync
      .then(() => sync(active.fd))
      .catch((error: unknown) => {
        this.sealFault = error instanceof Error ? error : new Error(String(error));
      })
      .then(() => {
        active.closed = true;
        closeSync(active.fd);
      });
  }

  /** Removes what a failed write left behind. When even that fails the segment is sealed: its tail reads as torn. */
  private cutTail(fd: number, segment: Segment): void {
    try {
      ftruncateSync(fd, segment.size);
    } catch {
      this.seal();
    }
  }

  private async dropOldest(segment: Segment): Promise<void> {
    if (this.segments[0] !== segment) return;
    this.segments.shift();
    this.cursor = 0;
    await this.closeReader();
    unlinkSync(segment.path);
  }

  private async openReader(segment: Segment): Promise<FileHandle> {
    if (this.reader?.segment !== segment) {
      await this.closeReader();
      this.reader = { segment, handle: await open(segment.path, 'r') };
    }
    return this.reader.handle;
  }

  private async closeReader(): Promise<void> {
    const reader = this.reader;
    this.reader = null;
    await reader?.handle.close();
  }

  private pathOf(sequence: number): string {
    return join(this.folder, `${String(sequence).padStart(12, '0')}.jsonl`);
  }
}

function splitLines(chunk: Buffer, last: number, maxRows: number, segment: Segment, start: number): SegmentBatch {
  const rows: PredictionRecord[] = [];
  let torn = 0;
  let from = 0;
  while (from <= last && rows.length < maxRows) {
    const to = chunk.indexOf(NEWLINE, from);
    const row = decodeRow(chunk.toString('utf8', from, to));
    if (row === null) torn += 1;
    else rows.push(row);
    from = to + 1;
  }
  return { rows, bytes: from, segment, end: start + from, torn };
}
