import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { draftOfKeptRunId, KeptTrackingStore } from '../../../adapters/mlflow';
import { MemoryTrackingStore } from '../../../adapters/memory/tracking';
import type { Logger, RunDraft } from '../../../core/ports';

const DRAFT: RunDraft = { key: 'canary/m/2:run:start', experiment: 'ratchet', name: 'canary 2', startTime: 1000 };

class Lines implements Logger {
  readonly warnings: string[] = [];
  readonly errors: string[] = [];
  debug(): void {}
  info(): void {}
  warn(message: string): void {
    this.warnings.push(message);
  }
  error(message: string): void {
    this.errors.push(message);
  }
}

let folder = '';
let now = 0;
let logger = new Lines();
const open: KeptTrackingStore[] = [];

function keep(inner: MemoryTrackingStore, maxBytes = 1_000_000): KeptTrackingStore {
  const store = new KeptTrackingStore(inner, { folder, logger, now: () => now, maxBytes });
  open.push(store);
  return store;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ratchet-kept-'));
  now = 1_000_000;
  logger = new Lines();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((store) => store.close()));
  rmSync(folder, { recursive: true, force: true });
});

/** What an outage of a whole rollout writes. */
async function writeAll(store: KeptTrackingStore): Promise<string> {
  const { runId } = await store.ensureRun(DRAFT);
  await store.logRun(runId, { params: { weight: 500 }, metrics: [{ key: 'E', value: 1.5, timestamp: 5 }] });
  await store.logArtifact(runId, 'report.html', '<p>é</p>', 'text/html');
  await store.endRun(runId, 'FINISHED', 2000);
  return runId;
}

describe('KeptTrackingStore', () => {
  it('passes everything through while MLflow answers, and keeps 0 bytes', async () => {
    const inner = new MemoryTrackingStore();
    const store = keep(inner);
    expect(await writeAll(store)).toBe('run-1');
    expect(await store.flush()).toEqual({ replayed: 0, rejected: 0, waiting: 0 });
    expect(inner.runs.get('run-1')?.status).toBe('FINISHED');
  });

  it.each(['RATCHET_MLFLOW_UNAVAILABLE', 'RATCHET_MLFLOW_UNAUTHORIZED', 'RATCHET_MLFLOW_FORBIDDEN'] as const)(
    'keeps 4 writes under %s without rejecting, and replays them in order into 1 run',
    async (code) => {
      const inner = new MemoryTrackingStore();
      inner.failWith(code);
      const store = keep(inner);
      const runId = await writeAll(store);
      expect(draftOfKeptRunId(runId)).toEqual(DRAFT);
      expect(inner.runs.size).toBe(0);
      expect(logger.warnings).toHaveLength(1);
      inner.failWith(null);
      expect(await store.flush()).toEqual({ replayed: 4, rejected: 0, waiting: 0 });
      expect(inner.runs.size).toBe(1);
      const run = inner.runs.get('run-1');
      expect(run?.status).toBe('FINISHED');
      expect(run?.params.get('weight')).toBe('500');
      expect(Buffer.from(run?.artifacts.get('report.html') ?? []).toString('utf8')).toBe('<p>é</p>');
    },
  );

  it('replays in a later process what a killed one left, its last line cut short', async () => {
    const inner = new MemoryTrackingStore();
    inner.failWith('RATCHET_MLFLOW_UNAVAILABLE');
    await writeAll(keep(inner));
    appendFileSync(join(folder, '0', 'pending.jsonl'), '{"op":"logRun","runId":"ru');
    inner.failWith(null);
    expect(await keep(inner).flush()).toEqual({ replayed: 4, rejected: 0, waiting: 0 });
    expect(inner.runs.get('run-1')?.metrics.get('E')).toHaveLength(1);
  });

  it('leaves the folder of a living process alone and adopts that of a dead one', async () => {
    const inner = new MemoryTrackingStore();
    const line = (key: string): string => `${JSON.stringify({ op: 'ensureRun', draft: { ...DRAFT, key } })}\n`;
    // 0: our parent, which lives; 1: free; 2: a process id that cannot be.
    for (const [slot, owner] of [
      ['0', String(process.ppid)],
      ['2', '4194399'],
    ] as const) {
      mkdirSync(join(folder, slot));
      writeFileSync(join(folder, slot, 'owner'), owner);
      writeFileSync(join(folder, slot, 'pending.jsonl'), line(`slot-${slot}`));
    }
    expect(await keep(inner).flush()).toEqual({ replayed: 1, rejected: 0, waiting: 0 });
    expect([...inner.runs.values()].map((run) => run.draft.key)).toEqual(['slot-2']);
    expect(readFileSync(join(folder, '1', 'owner'), 'utf8')).toBe(String(process.pid));
    expect(readFileSync(join(folder, '0', 'pending.jsonl'), 'utf8')).toBe(line('slot-0'));
  });

  it('is the same when a replay is cut short after its effect and starts over: 1 run, 1 point', async () => {
    const inner = new MemoryTrackingStore();
    inner.failWith('RATCHET_MLFLOW_UNAVAILABLE');
    await writeAll(keep(inner));
    const before = readFileSync(join(folder, '0', 'pending.jsonl'), 'utf8');
    inner.failWith(null);
    await keep(inner).flush();
    appendFileSync(join(folder, '0', 'pending.jsonl'), before);
    expect((await keep(inner).flush()).replayed).toBe(4);
    expect(inner.runs.size).toBe(1);
    expect(inner.runs.get('run-1')?.metrics.get('E')).toHaveLength(1);
  });

  it('a provisional run id works in a process that never saw the outage', async () => {
    const inner = new MemoryTrackingStore();
    inner.failWith('RATCHET_MLFLOW_UNAVAILABLE');
    const { runId } = await keep(inner).ensureRun(DRAFT);
    rmSync(join(folder, '0', 'pending.jsonl'));
    inner.failWith(null);
    await keep(inner).endRun(runId, 'KILLED', 3000);
    expect([...inner.runs.values()].map((run) => [run.draft.key, run.status])).toEqual([[DRAFT.key, 'KILLED']]);
  });

  it('keeps the order: a write after the outage waits until the kept ones are replayed', async () => {
    const inner = new MemoryTrackingStore();
    inner.failWith('RATCHET_MLFLOW_UNAVAILABLE');
    const store = keep(inner);
    const { runId } = await store.ensureRun(DRAFT);
    await store.logRun(runId, { tags: { phase: 'first' } });
    inner.failWith(null);
    await store.logRun(runId, { tags: { phase: 'second' } }); // 0 ms later: kept behind the first
    expect(inner.runs.size).toBe(0);
    now += 5_000;
    await store.logRun(runId, { tags: { phase: 'third' } });
    expect(inner.runs.get('run-1')?.tags.get('phase')).toBe('third');
    expect((await store.flush()).waiting).toBe(0);
  });

  it('puts a write that MLflow refuses for good into rejected.jsonl and goes on with the rest', async () => {
    const inner = new MemoryTrackingStore();
    const store = keep(inner);
    const { runId } = await store.ensureRun(DRAFT);
    await store.logRun(runId, { params: { weight: 500 } });
    await store.logRun(runId, { params: { weight: 900 } });
    await store.endRun(runId, 'FINISHED', 1);
    expect(inner.runs.get(runId)?.status).toBe('FINISHED');
    expect(readFileSync(join(folder, '0', 'rejected.jsonl'), 'utf8')).toContain('cannot become 900');
    expect(logger.errors).toHaveLength(1);
  });

  it('drops, counts and logs what exceeds a bound of 10 bytes', async () => {
    const inner = new MemoryTrackingStore();
    inner.failWith('RATCHET_MLFLOW_UNAVAILABLE');
    const store = keep(inner, 10);
    await writeAll(store);
    expect(store.stats().dropped).toBe(3);
    expect(store.stats().awaySince).toBe(1_000_000);
  });
});
