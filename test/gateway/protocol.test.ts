import type { Gateway } from '../../gateway';
import { parseApiKeys } from '../../gateway';
import { CONTRACT, FakeWorld, goodBody, infer, MODEL, send, until } from './fakes';

describe('the Open Inference Protocol', () => {
  const world = new FakeWorld();
  let gateway: Gateway;
  let url: string;

  beforeAll(async () => {
    world.route();
    gateway = world.gateway();
    ({ url } = await gateway.start());
  });
  afterAll(() => gateway.stop());

  it('binds to loopback and says live and ready', async () => {
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await send(url, '/v2/health/live')).body).toEqual({ live: true });
    expect((await send(url, '/v2/health/ready')).status).toBe(200);
    expect((await send(url, `/v2/models/${MODEL}/ready`)).body).toEqual({ name: MODEL, ready: true });
    expect((await send(url, '/v2')).body).toMatchObject({ name: 'temporal-ratchet' });
  });

  it('describes inputs and outputs of the model', async () => {
    const { body } = await send(url, `/v2/models/${MODEL}`);
    expect(body).toMatchObject({
      name: MODEL,
      versions: ['1'],
      inputs: [
        { name: 'distance', datatype: 'FP32', shape: [-1] },
        { name: 'carrier', datatype: 'BYTES', shape: [-1] },
      ],
      outputs: [
        { name: 'label', datatype: 'BYTES' },
        { name: 'probability', datatype: 'FP64' },
      ],
    });
  });

  it('answers label, probability, id and the extensions, a row an entry', async () => {
    const { body } = await send(url, `/v2/models/${MODEL}/infer`, { ...goodBody(2), id: 'mine' });
    expect(body).toMatchObject({
      id: 'mine',
      model_name: MODEL,
      model_version: '1',
      parameters: { versions: ['1', '1'], arms: ['champion', 'champion'], generation: 1 },
      outputs: [
        { name: 'label', datatype: 'BYTES', shape: [2], data: ['ontime', 'ontime'] },
        { name: 'probability', datatype: 'FP64', shape: [2], data: [0.1, 0.1] },
      ],
    });
    const ids = (body['parameters'] as { prediction_ids: string[] }).prediction_ids;
    expect(new Set(ids).size).toBe(2);
    const embedded = parseInt(ids[0]!.slice(0, 8) + ids[0]!.slice(9, 13), 16);
    expect([embedded, ids[0]![14]]).toEqual([world.now, '7']);
  });

  it('logs event time, key, features in contract order and null for missing', async () => {
    const { ids } = await infer(url, { key: 'tail-N14228', occurred_at: '2013-12-01T05:15:00-05:00' });
    const body = goodBody(1, { keys: [42], occurred_at: [1_385_892_900_000] });
    (body['inputs'] as { data: unknown[] }[])[0]!.data = [null];
    const second = await send(url, `/v2/models/${MODEL}/infer`, body);
    expect(second.status).toBe(200);
    await until(() => world.written.some((r) => r.key === '42'), 'both rows drained');
    expect(world.written.find((r) => r.id === ids[0])).toMatchObject({
      arm: 'champion',
      version: '1',
      key: 'tail-N14228',
      occurredAt: Date.UTC(2013, 11, 1, 10, 15),
      receivedAt: world.now,
      numbers: [700],
      strings: ['UA'],
      score: 0.1,
      label: 'ontime',
      error: null,
      run: null,
      generation: 1,
    });
    expect(world.written.find((r) => r.key === '42')).toMatchObject({ numbers: [null], occurredAt: 1_385_892_900_000 });
  });

  it.each([
    ['dataframe_split', { dataframe_split: { columns: ['carrier', 'distance'], data: [['UA', 700]] } }],
    ['dataframe_records', { dataframe_records: [{ carrier: 'UA', distance: 700 }] }],
    ['inputs by column', { inputs: { carrier: ['UA'], distance: [700] } }],
    ['instances by position', { instances: [[700, 'UA']] }],
    ['instances by name', { instances: [{ carrier: 'UA', distance: 700 }] }],
  ])('takes MLflow %s at /invocations, with and without the model name', async (_, body) => {
    for (const path of ['/invocations', `/invocations/${MODEL}`]) {
      const result = await send(url, path, { ...body, params: { key: path } });
      expect(result.body).toMatchObject({ predictions: [{ label: 'ontime', probability: 0.1 }] });
      await until(() => world.written.some((r) => r.key === path), 'the row is drained');
      expect(world.written.find((r) => r.key === path)).toMatchObject({ numbers: [700], strings: ['UA'] });
    }
  });

  it.each([
    ['no known shape', { rows: [] }, 'RATCHET_REQUEST_MALFORMED', /exactly one of dataframe_split/],
    [
      'a record without a feature',
      { dataframe_records: [{ carrier: 'UA' }] },
      'RATCHET_FEATURE_COUNT',
      /missing: distance/,
    ],
    [
      'one record of two without it',
      { dataframe_records: [{ carrier: 'UA', distance: 1 }, { carrier: 'UA' }] },
      'RATCHET_FEATURE_TYPE',
      /distance of row 1 is nothing/,
    ],
    ['a row of three values', { instances: [[700, 'UA', 1]] }, 'RATCHET_FEATURE_COUNT', /has 3/],
    ['text in a number column', { instances: [['far', 'UA']] }, 'RATCHET_FEATURE_TYPE', /distance of row 0 is "far"/],
  ])('refuses %s at /invocations', async (_, body, code, message) => {
    const result = await send(url, '/invocations', body);
    expect(result.status).toBe(400);
    expect(result.body).toMatchObject({ code });
    expect(result.body['error']).toMatch(message);
  });

  it('shows its counts at /metrics and its state at /status', async () => {
    const { text } = await send(url, '/metrics');
    expect(text).toMatch(
      new RegExp(`ratchet_gateway_predictions_total\\{model="${MODEL}",version="1",arm="champion"\\} \\d+`),
    );
    expect(text).toContain(`ratchet_gateway_version_ready{model="${MODEL}",version="1"} 1`);
    expect(text).toMatch(/ratchet_gateway_request_seconds_bucket\{model="late-flights",le="\+Inf"\} \d+/);
    const { body } = await send(url, '/status');
    expect(body).toMatchObject({
      ready: true,
      routesRead: true,
      models: [{ model: MODEL, champion: '1', serving: '1', canary: null, cold: false }],
    });
  });
});

it('takes one [n, F] tensor for a model of numbers, row by row', async () => {
  const world = new FakeWorld();
  world.contract = {
    ...CONTRACT,
    layout: 'matrix',
    features: [
      { name: 'a', kind: 'number' },
      { name: 'b', kind: 'number' },
    ],
  };
  world.route();
  const gateway = world.gateway();
  const { url } = await gateway.start();
  const tensor = { name: 'x', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, null] };
  const flat = await send(url, `/v2/models/${MODEL}/infer`, {
    inputs: [tensor],
    parameters: { keys: ['first', 'second'] },
  });
  expect(flat.status).toBe(200);
  const wide = await send(url, `/v2/models/${MODEL}/infer`, { inputs: [{ ...tensor, shape: [1, 4] }] });
  expect(wide.body).toMatchObject({ code: 'RATCHET_FEATURE_COUNT' });
  await gateway.stop();
  expect(world.written.map((row) => [row.key, row.numbers])).toEqual([
    ['first', [1, 2]],
    ['second', [3, null]],
  ]);
});

describe('API keys', () => {
  const world = new FakeWorld();
  let gateway: Gateway;
  let url: string;

  beforeAll(async () => {
    world.route();
    const apiKeys = parseApiKeys('predict:predict-key-0123456,label+operate:label-key-0123456789');
    gateway = world.gateway({ apiKeys });
    ({ url } = await gateway.start());
  });
  afterAll(() => gateway.stop());

  const infers = (headers: Record<string, string>): ReturnType<typeof send> =>
    send(url, `/v2/models/${MODEL}/infer`, goodBody(), headers);

  it('refuses no key, an unknown key and a key without the scope, with 401', async () => {
    for (const headers of [
      {},
      { 'X-API-Key': 'predict-key-0123457' },
      { Authorization: 'Bearer label-key-0123456789' },
    ]) {
      const result = await infers(headers);
      expect([result.status, result.body['code']]).toEqual([401, 'RATCHET_UNAUTHORIZED']);
      expect(result.body['error']).toMatch(/scope predict/);
    }
  });

  it('takes the key in either header and keeps the scopes apart', async () => {
    expect((await infers({ Authorization: 'Bearer predict-key-0123456' })).status).toBe(200);
    expect((await infers({ 'X-API-Key': 'predict-key-0123456' })).status).toBe(200);
    expect((await send(url, '/status', undefined, { 'X-API-Key': 'predict-key-0123456' })).status).toBe(401);
    expect((await send(url, '/status', undefined, { 'X-API-Key': 'label-key-0123456789' })).status).toBe(200);
  });

  it('leaves health open, for probes', async () => {
    expect((await send(url, '/v2/health/ready')).status).toBe(200);
  });

  it('refuses a malformed key list and a short key', () => {
    expect(() => parseApiKeys('everything:0123456789abcdef')).toThrow(/Entry 1 of the API keys/);
    expect(() => parseApiKeys('predict:short')).toThrow(/API key 1 is shorter than 16/);
  });
});
