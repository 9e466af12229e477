import type { Gateway } from '../../gateway';
import { answers, canaryPart, CONTRACT, FakeWorld, infer, MODEL, send, shadowPart, until } from './fakes';

let world: FakeWorld;
let gateway: Gateway;
let url: string;

beforeEach(() => {
  world = new FakeWorld();
});
afterEach(() => gateway.stop());

async function start(): Promise<void> {
  gateway = world.gateway();
  ({ url } = await gateway.start());
}

const keys = Array.from({ length: 200 }, (_, i) => `key-${i}`);

it('keeps 200 keys sticky and their canary share monotone over 500, 2500 and 10000 basis points', async () => {
  world.route({ canary: canaryPart(500) });
  await start();
  let before = new Set<string>();
  const shares: number[] = [];
  for (const weight of [500, 2500, 10_000]) {
    world.route({ canary: canaryPart(weight) });
    const first = await infer(url, { keys }, keys.length);
    const second = await infer(url, { keys }, keys.length);
    expect(second.arms).toEqual(first.arms);
    const onCanary = new Set(keys.filter((_, i) => first.arms[i] === 'canary'));
    expect([...before].filter((key) => !onCanary.has(key))).toEqual([]);
    shares.push(onCanary.size);
    before = onCanary;
  }
  expect(shares[0]).toBeGreaterThan(0);
  expect(shares[0]).toBeLessThan(30);
  expect(shares[1]).toBeGreaterThan(25);
  expect(shares[1]).toBeLessThan(80);
  expect(shares[2]).toBe(200);
});

it('answers a mixed request in row order, each row by its own arm, and logs run, step and weight for both', async () => {
  world.route({ canary: { ...canaryPart(5000), step: 3 } });
  await start();
  const result = await infer(url, { keys }, keys.length);
  expect(new Set(result.arms)).toEqual(new Set(['champion', 'canary']));
  result.arms.forEach((arm, i) => expect(result.probabilities[i]).toBe(arm === 'canary' ? 0.2 : 0.1));
  await until(() => world.written.length === 200, '200 rows drained');
  for (const row of world.written) {
    expect(row).toMatchObject({
      run: canaryPart(0).run,
      step: 3,
      weight: 5000,
      version: row.arm === 'canary' ? '2' : '1',
    });
  }
});

it('serves the champion alone from the moment the lease ends, and status, metrics and log say so', async () => {
  world.route({ canary: canaryPart(10_000, 5_000) });
  await start();
  world.monotonic += 4_999;
  expect((await infer(url)).versions).toEqual(['2']);
  world.monotonic += 1;
  expect((await infer(url)).versions).toEqual(['1']);
  expect((await send(url, '/status')).body).toMatchObject({
    models: [{ canary: { state: 'leaseEnded', leaseRemainingMs: 0 } }],
  });
  const { text } = await send(url, '/metrics');
  expect(text).toContain(`ratchet_gateway_lease_expiries_total{model="${MODEL}",arm="canary"} 1`);
  expect(text).toContain(`ratchet_gateway_canary_weight{model="${MODEL}"} 0`);
  expect(world.lines.filter((l) => l.message === 'canary lease ended: the champion serves alone')).toHaveLength(1);
});

it('counts a renewed lease from the reading of the renewal, under the same generation', async () => {
  const route = world.route({ canary: canaryPart(10_000, 5_000) });
  await start();
  world.monotonic += 4_000;
  world.repeat({ ...route, canary: canaryPart(10_000, 5_000) });
  world.monotonic += 4_000;
  expect((await infer(url)).versions).toEqual(['2']);
  world.monotonic += 1_001;
  expect((await infer(url)).versions).toEqual(['1']);
});

it('does not let a wall clock that steps back prolong a lease', async () => {
  world.route({ canary: canaryPart(10_000, 5_000) });
  await start();
  world.now -= 3_600_000;
  world.monotonic += 5_001;
  expect((await infer(url)).versions).toEqual(['1']);
});

it('ignores a route of an older generation', async () => {
  const old = world.route();
  await start();
  world.route({ canary: canaryPart(10_000) });
  await until(async () => (await infer(url)).versions[0] === '2', 'the canary serves');
  world.repeat(old);
  expect((await infer(url)).generation).toBe(2);
});

it('serves the champion while the canary is not loaded, and reports it failed with its error', async () => {
  world.registryFile = (version) => Buffer.from(version === '2' ? 'tampered' : `model ${version}`);
  world.route({ canary: canaryPart(10_000) });
  await start();
  expect((await infer(url)).versions).toEqual(['1']);
  await until(() => world.reports.some(([, v]) => v.some((x) => x.version === '2')), 'version 2 is reported');
  expect(world.reports.at(-1)).toMatchObject([
    'gateway-under-test',
    [
      { version: '1', state: 'ready', error: null },
      {
        version: '2',
        state: 'failed',
        error: expect.stringMatching(/^RATCHET_MODEL_DIGEST: The file of late-flights version 2/),
      },
    ],
    { [MODEL]: 1 },
    10_000,
  ]);
});

it.each([
  ['other scores', { scores: [0.2, 0.9] }, /^RATCHET_MODEL_GOLDEN: .*1 of 2 rows agree/],
  ['other labels', { labels: ['late', 'late'] }, /^RATCHET_MODEL_GOLDEN: .*2 of 2 golden rows get another label/],
  [
    'no golden rows',
    { features: { rows: 0, columns: { distance: [], carrier: [] } }, scores: [], labels: [] },
    /^RATCHET_MODEL_GOLDEN: .*no golden rows/,
  ],
])('keeps a version with %s out of traffic', async (_, golden, error) => {
  world.goldenOf.set('2', golden);
  world.route({ canary: canaryPart(10_000) });
  await start();
  expect((await infer(url)).versions).toEqual(['1']);
  const state = gateway.status().versions.find((v) => v.version === '2');
  expect(state).toMatchObject({ state: 'failed', error: expect.stringMatching(error) });
});

it('keeps a canary that takes other features out of traffic and reports it failed', async () => {
  world.contractOf.set('2', { ...CONTRACT, features: [...CONTRACT.features].reverse() });
  world.route({ canary: canaryPart(10_000) });
  await start();
  expect((await infer(url)).versions).toEqual(['1']);
  await until(() => world.reports.some(([, v]) => v.some((x) => x.version === '2')), 'version 2 is reported');
  expect(world.reports.at(-1)?.[1].find((v) => v.version === '2')).toMatchObject({
    state: 'failed',
    error: expect.stringMatching(/^RATCHET_MODEL_CONTRACT/),
  });
});

it('loads a version on request, before any route names it, and frees it when the request is gone', async () => {
  world.route();
  await start();
  world.requested = [{ model: MODEL, version: '7' }];
  await until(() => gateway.status().versions.some((v) => v.version === '7' && v.state === 'ready'), '7 is ready');
  world.requested = [];
  await until(() => world.released.includes('7'), '7 is freed');
  expect((await infer(url)).versions).toEqual(['1']);
});

describe('a failing canary', () => {
  const failures: readonly [string, Parameters<FakeWorld['behaviours']['set']>[1]][] = [
    ['throws', () => Promise.reject(new Error('boom'))],
    ['answers NaN', answers(NaN)],
    ['answers too few rows', () => Promise.resolve([])],
    ['hangs', () => new Promise(() => undefined)],
  ];

  it.each(failures)(
    'that %s is answered by the champion under the same id and logged for both arms',
    async (_, behaviour) => {
      world.behaviours.set('2', behaviour);
      world.route({ canary: canaryPart(10_000) });
      gateway = world.gateway({ limits: { inferenceTimeoutMs: 60 } });
      ({ url } = await gateway.start());
      const result = await infer(url, { key: 'k' });
      expect([result.arms, result.versions, result.probabilities]).toEqual([['champion'], ['1'], [0.1]]);
      await until(() => world.written.length === 2, '2 rows drained');
      expect(world.written).toMatchObject([
        { id: result.ids[0], arm: 'canary', version: '2', error: 'RATCHET_INFERENCE_FAILED', score: null, label: null },
        { id: result.ids[0], arm: 'champion', version: '1', error: null, score: 0.1 },
      ]);
      expect((await send(url, '/metrics')).text).toContain(
        `ratchet_gateway_canary_fallbacks_total{model="${MODEL}",version="2"} 1`,
      );
    },
  );

  it('on one row of three is charged for that row only', async () => {
    world.behaviours.set('2', (features) =>
      features.columns['distance']?.includes(null) ? Promise.reject(new Error('no nulls')) : answers(0.2)(features),
    );
    world.route({ canary: canaryPart(10_000) });
    await start();
    const { body } = await send(url, '/invocations', {
      instances: [
        [1, 'UA'],
        [null, 'UA'],
        [3, 'UA'],
      ],
    });
    expect((body['parameters'] as { arms: string[] }).arms).toEqual(['canary', 'champion', 'canary']);
  });

  it('does not break the requests that share its run', async () => {
    world.behaviours.set('1', (features) =>
      features.columns['distance']?.includes(13) ? Promise.reject(new Error('13')) : answers(0.1)(features),
    );
    world.route();
    await start();
    const results = await Promise.all([12, 13, 14].map((d) => send(url, '/invocations', { instances: [[d, 'UA']] })));
    expect(results.map((r) => r.status)).toEqual([200, 500, 200]);
    expect(results[1]?.body).toMatchObject({ code: 'RATCHET_INFERENCE_FAILED', error: 'The model failed: 13' });
    await until(() => world.written.length === 3, '3 rows drained');
    expect(world.written.filter((r) => r.error !== null)).toMatchObject([{ numbers: [13], arm: 'champion' }]);
  });
});

describe('the shadow', () => {
  it('answers a copy of each champion row, paired by its id, and never the client', async () => {
    world.route({ shadow: shadowPart() });
    await start();
    const result = await infer(url, { key: 'k', occurred_at: 1_385_892_900_000 }, 3);
    expect(result.versions).toEqual(['1', '1', '1']);
    await until(() => world.written.length === 6, '3 rows and 3 copies drained');
    const copies = world.written.filter((row) => row.arm === 'shadow');
    expect(copies.map((row) => row.pairId)).toEqual(result.ids);
    expect(copies[0]).toMatchObject({
      version: '2',
      score: 0.2,
      run: shadowPart().run,
      occurredAt: 1_385_892_900_000,
      key: 'k',
    });
    expect(copies[0]?.id).not.toBe(result.ids[0]);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('boom'))],
    ['answers NaN', answers(NaN)],
    ['hangs', () => new Promise<never>(() => undefined)],
  ])('that %s leaves answers and champion rows as they are and is logged with its error', async (_, behaviour) => {
    world.behaviours.set('2', behaviour);
    world.route({ shadow: shadowPart() });
    gateway = world.gateway({ limits: { shadowTimeoutMs: 50 } });
    ({ url } = await gateway.start());
    for (let i = 0; i < 5; i++) expect((await infer(url)).probabilities).toEqual([0.1]);
    await until(() => world.written.filter((row) => row.arm === 'shadow').length === 5, '5 copies drained');
    expect(world.written.filter((row) => row.arm === 'champion' && row.error === null)).toHaveLength(5);
    for (const row of world.written.filter((r) => r.arm === 'shadow')) {
      expect(row).toMatchObject({ error: 'RATCHET_INFERENCE_FAILED', score: null });
    }
  });

  it('drops what its queue of 4 cannot hold, counts it, and answers all 20 rows', async () => {
    world.behaviours.set('2', () => new Promise(() => undefined));
    world.route({ shadow: shadowPart() });
    gateway = world.gateway({ limits: { shadowTimeoutMs: 50, shadowCapacity: 4 } });
    ({ url } = await gateway.start());
    expect((await infer(url, {}, 20)).arms).toHaveLength(20);
    await until(() => world.written.filter((row) => row.arm === 'shadow').length === 20, '20 copies accounted for');
    const errors = world.written.filter((row) => row.arm === 'shadow').map((row) => row.error);
    expect(errors.filter((e) => e === 'RATCHET_OVERLOADED')).toHaveLength(16);
    expect(gateway.status().shadow.dropped).toBe(16);
  });

  it('ends with its lease', async () => {
    world.route({ shadow: shadowPart(10_000, 1_000) });
    await start();
    world.monotonic += 1_000;
    await infer(url);
    await until(() => world.written.length > 0, 'the row is drained');
    expect(world.written.map((row) => row.arm)).toEqual(['champion']);
    expect((await send(url, '/status')).body).toMatchObject({ models: [{ shadow: { state: 'leaseEnded' } }] });
  });
});

it('fails no request of 300 while the champion is swapped 20 times under them', async () => {
  world.route({ champion: '1', previous: '2' });
  await start();
  let swaps = 0;
  const swapper = (async () => {
    for (; swaps < 20; swaps++) {
      const champion = swaps % 2 === 0 ? '2' : '1';
      // every fifth champion is new and still has to be loaded
      world.route(
        swaps % 5 === 4
          ? { champion: String(3 + (swaps % 6)), previous: champion }
          : { champion, previous: champion === '1' ? '2' : '1' },
      );
      await new Promise((resolve) => setImmediate(resolve));
      await infer(url);
    }
  })();
  const results = await Promise.all(
    Array.from({ length: 30 }, async () => {
      const seen: string[] = [];
      for (let i = 0; i < 10; i++) seen.push(...(await infer(url)).versions);
      return seen;
    }),
  );
  await swapper;
  expect(results.flat()).toHaveLength(300);
  expect(swaps).toBe(20);
});

it('never lets a released model be asked', async () => {
  world.route({ canary: canaryPart(10_000) });
  await start();
  const before = await infer(url);
  world.route();
  await until(() => world.released.includes('2'), 'the canary is freed');
  const asked = world.batches.filter((b) => b.version === '2').length;
  expect((await infer(url)).versions).toEqual(['1']);
  expect(before.versions).toEqual(['2']);
  expect(world.batches.filter((b) => b.version === '2')).toHaveLength(asked);
});

it('shares one run among requests of one turn, at most 64 rows', async () => {
  world.route();
  await start();
  world.batches.length = 0;
  await Promise.all(Array.from({ length: 100 }, () => infer(url)));
  const rows = world.batches.map((b) => b.rows);
  expect(rows.reduce((a, b) => a + b, 0)).toBe(100);
  expect(Math.max(...rows)).toBeLessThanOrEqual(64);
});
