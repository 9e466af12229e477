import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServingPolicy } from '../../core/policy';
import type { PredictionRecord } from '../../core/ports';
import { RatchetError } from '../../core/errors';
import { SegmentPredictionLog } from '../../gateway';
import { FakeWorld, goodBody, infer, MODEL, send, SERVING, until } from './fakes';
import { temporaryFolder } from '../setup/temporary-folder';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

let nextId = 0;
const row = (): PredictionRecord => ({
  id: `019bbd00-0000-7000-8000-${String(nextId++).padStart(12, '0')}`,
  model: MODEL,
  version: '1',
  arm: 'champion',
  pairId: null,
  receivedAt: 1,
  occurredAt: 1,
  key: null,
  numbers: [0.1],
  strings: ['line\nbreak "quoted" ü'],
  score: 0.1,
  label: 'ontime',
  probabilities: null,
  latencyUs: 1,
  error: null,
  run: null,
  step: null,
  weight: null,
  generation: 1,
});
const rows = (n: number): PredictionRecord[] => Array.from({ length: n }, row);

class Sink {
  up = true;
  loseReplies = 0;
  readonly written: PredictionRecord[] = [];
  readonly batches: number[] = [];
  write(batch: readonly PredictionRecord[]): Promise<void> {
    if (!this.up) return Promise.reject(new RatchetError('RATCHET_POSTGRES_UNAVAILABLE', 'away'));
    this.written.push(...batch);
    this.batches.push(batch.length);
    if (this.loseReplies-- > 0) return Promise.reject(new RatchetError('RATCHET_POSTGRES_UNAVAILABLE', 'reply lost'));
    return Promise.resolve();
  }
}

const newFolder = (): string => temporaryFolder('log');

function open(
  sink: Sink,
  folder = newFolder(),
  serving: Partial<ServingPolicy> = {},
  segmentBytes?: number,
): SegmentPredictionLog {
  return new SegmentPredictionLog({
    folder,
    sink,
    logger: silent,
    serving: { ...SERVING, ...serving },
    drain: { lingerMs: 1, retryMinMs: 5, retryMaxMs: 10 },
    ...(segmentBytes === undefined ? {} : { segmentBytes }),
  });
}

const onDisk = (folder: string): string =>
  readdirSync(folder)
    .map((f) => readFileSync(join(folder, f), 'utf8'))
    .join('');

describe.each(['os', 'durable'] as const)('the prediction log in mode %s', (log) => {
  it('has the rows in its segment when append resolves, and drains them unchanged', async () => {
    const sink = new Sink();
    sink.up = false;
    const folder = newFolder();
    const under = open(sink, folder, { log });
    const given = rows(3);
    await under.append(given);
    expect(
      onDisk(folder)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(given);
    sink.up = true;
    await under.flush(2_000);
    expect(sink.written).toEqual(given);
    expect(under.stats()).toMatchObject({ appended: 3, drained: 3, dropped: 0, waitingBytes: 0, torn: 0, fault: null });
    await under.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('writes the appends of one turn together and loses none of 500', async () => {
    const sink = new Sink();
    const under = open(sink, newFolder(), { log }, 4_096);
    const given = rows(500);
    await Promise.all(given.map((r) => under.append([r])));
    await under.flush(2_000);
    expect(sink.written.map((r) => r.id)).toEqual(given.map((r) => r.id));
    await under.close();
  });
});

it('drains what a killed process left, and counts its torn last record', async () => {
  const folder = newFolder();
  const sink = new Sink();
  sink.up = false;
  const killed = open(sink, folder);
  const given = rows(10);
  await killed.append(given);
  // SIGKILL in the middle of the next write
  const [segment] = readdirSync(folder);
  appendFileSync(join(folder, segment ?? ''), JSON.stringify(row()).slice(0, 40));
  const later = new Sink();
  const restarted = open(later, folder);
  const more = rows(2);
  await restarted.append(more);
  await restarted.flush(2_000);
  expect(later.written.map((r) => r.id)).toEqual([...given, ...more].map((r) => r.id));
  expect(restarted.stats()).toMatchObject({ appended: 2, drained: 12, torn: 1, waitingBytes: 0 });
  await restarted.close();
  expect(readdirSync(folder)).toEqual([]);
  await killed.close();
});

it('writes a batch again whose reply was lost: at least once', async () => {
  const sink = new Sink();
  sink.loseReplies = 1;
  const under = open(sink);
  const given = rows(5);
  await under.append(given);
  await under.flush(2_000);
  expect(sink.batches).toEqual([5, 5]);
  expect(new Set(sink.written.map((r) => r.id)).size).toBe(5);
  expect(under.stats().drained).toBe(5);
  await under.close();
});

describe('a full log', () => {
  const bytesOf = (n: number): number => Buffer.byteLength(JSON.stringify(row())) * n + n;

  it('refuses with RATCHET_LOG_FULL by policy refuse, and takes rows again when PostgreSQL is back', async () => {
    const sink = new Sink();
    sink.up = false;
    const under = open(sink, newFolder(), { onLogFull: 'refuse', maxLogBytes: bytesOf(10) });
    await under.append(rows(10));
    await expect(under.append(rows(1))).rejects.toMatchObject({ code: 'RATCHET_LOG_FULL', retryable: true });
    expect(under.stats()).toMatchObject({ appended: 10, dropped: 0 });
    sink.up = true;
    await under.flush(2_000);
    await under.append(rows(1));
    await under.flush(2_000);
    expect(sink.written).toHaveLength(11);
    await under.close();
  });

  it('sheds by policy shed and counts exactly 7 dropped rows', async () => {
    const sink = new Sink();
    sink.up = false;
    const under = open(sink, newFolder(), { onLogFull: 'shed', maxLogBytes: bytesOf(10) });
    await under.append(rows(10));
    await under.append(rows(4));
    await under.append(rows(3));
    expect(under.stats()).toMatchObject({ appended: 10, dropped: 7 });
    sink.up = true;
    await under.flush(2_000);
    expect(sink.written).toHaveLength(10);
    await under.close();
  });

  it('counts rows of the running turn against the bound', async () => {
    const sink = new Sink();
    sink.up = false;
    const under = open(sink, newFolder(), { maxLogBytes: bytesOf(3) });
    const results = await Promise.allSettled(rows(5).map((r) => under.append([r])));
    expect(results.map((r) => r.status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
    await under.close();
  });
});

it('keeps nothing on disk in mode memory and shows its loss window in waitingBytes', async () => {
  const sink = new Sink();
  sink.up = false;
  const folder = newFolder();
  const under = open(sink, folder, { log: 'memory' });
  await under.append(rows(5));
  expect(readdirSync(folder)).toEqual([]);
  expect(under.stats().waitingBytes).toBeGreaterThan(0);
  sink.up = true;
  await under.flush(2_000);
  expect(sink.written).toHaveLength(5);
  expect(under.stats().waitingBytes).toBe(0);
  await under.close();
});

describe('over HTTP', () => {
  it('has every answered row on disk before the answer arrives, with PostgreSQL away', async () => {
    const world = new FakeWorld();
    world.route();
    const gateway = world.gateway();
    const { url } = await gateway.start();
    world.postgresUp = false;
    for (let i = 0; i < 20; i++) {
      const { ids } = await infer(url, {}, 2);
      const text = onDisk(join(world.dataDir, 'log', MODEL));
      for (const id of ids) expect(text).toContain(id);
    }
    world.postgresUp = true;
    await until(() => world.written.length === 40, '40 rows drained');
    await gateway.stop();
    expect(new Set(world.written.map((r) => r.id)).size).toBe(40);
  });

  it('answers 503 with Retry-After when the log is full, and acknowledges nothing that it does not keep', async () => {
    const world = new FakeWorld();
    world.route();
    world.serving = { ...SERVING, maxLogBytes: 2_000 };
    const gateway = world.gateway();
    const { url } = await gateway.start();
    world.postgresUp = false;
    const acknowledged: string[] = [];
    let refused = 0;
    for (let i = 0; i < 20; i++) {
      const result = await send(url, `/v2/models/${MODEL}/infer`, goodBody());
      if (result.status === 200) {
        acknowledged.push(...(result.body['parameters'] as { prediction_ids: string[] }).prediction_ids);
        continue;
      }
      refused += 1;
      expect([result.status, result.body['code'], result.headers.get('Retry-After')]).toEqual([
        503,
        'RATCHET_LOG_FULL',
        '1',
      ]);
    }
    expect(refused).toBeGreaterThan(0);
    expect(acknowledged.length).toBeGreaterThan(0);
    world.postgresUp = true;
    await gateway.stop();
    expect(world.written.map((r) => r.id)).toEqual(acknowledged);
  });
});
