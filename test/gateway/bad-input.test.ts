import type { Gateway } from '../../gateway';
import { FakeWorld, goodBody, infer, MODEL, send, until } from './fakes';

describe('bad input', () => {
  const world = new FakeWorld();
  let gateway: Gateway;
  let url: string;

  beforeAll(async () => {
    world.route();
    gateway = world.gateway({ limits: { maxBodyBytes: 20_000, maxInFlightRows: 100 } });
    ({ url } = await gateway.start());
  });
  afterAll(() => gateway.stop());

  const tensor = (name: string, data: unknown, datatype = 'FP64', shape = [(data as unknown[]).length]): object => ({
    name,
    datatype,
    shape,
    data,
  });
  const carrier = tensor('carrier', ['UA'], 'BYTES');
  const inputs = (...list: object[]): object => ({ inputs: list });

  const refused: readonly [name: string, body: unknown, status: number, code: string, message: RegExp][] = [
    [
      'text in a number column',
      inputs(tensor('distance', ['far']), carrier),
      400,
      'RATCHET_FEATURE_TYPE',
      /Feature distance of row 0 is "far"; it must be a finite number or null/,
    ],
    [
      'a NaN as Python writes it',
      '{"inputs":[{"name":"distance","datatype":"FP64","shape":[1],"data":[NaN]}]}',
      400,
      'RATCHET_FEATURE_TYPE',
      /The body holds NaN/,
    ],
    [
      'an infinity',
      '{"inputs":[{"name":"distance","datatype":"FP64","shape":[1],"data":[1e999]},{"name":"carrier","datatype":"BYTES","shape":[1],"data":["UA"]}]}',
      400,
      'RATCHET_FEATURE_TYPE',
      /distance of row 0/,
    ],
    [
      'a number no float32 holds',
      inputs(tensor('distance', [1e300]), carrier),
      400,
      'RATCHET_FEATURE_TYPE',
      /distance of row 0 is 1e\+300/,
    ],
    [
      'a number in a text column',
      inputs(tensor('distance', [1]), tensor('carrier', [7], 'BYTES')),
      400,
      'RATCHET_FEATURE_TYPE',
      /carrier of row 0 is 7; it must be a text/,
    ],
    [
      'a missing feature',
      inputs(tensor('distance', [1])),
      400,
      'RATCHET_FEATURE_COUNT',
      /takes 2 features, the request has 1 \(missing: carrier\)/,
    ],
    [
      'an unknown feature',
      inputs(tensor('distance', [1]), carrier, tensor('dep_delay', [1])),
      400,
      'RATCHET_FEATURE_COUNT',
      /unknown: dep_delay/,
    ],
    [
      'a renamed feature',
      inputs(tensor('dist', [1]), carrier),
      400,
      'RATCHET_FEATURE_COUNT',
      /missing: distance; unknown: dist/,
    ],
    [
      'unequal lengths',
      inputs(tensor('distance', [1, 2]), carrier),
      400,
      'RATCHET_REQUEST_MALFORMED',
      /carrier has 1 values; the others have 2/,
    ],
    [
      'a shape that does not fit',
      inputs(tensor('distance', [1], 'FP64', [3]), carrier),
      400,
      'RATCHET_REQUEST_MALFORMED',
      /has 1 values; shape \[3\] says 3/,
    ],
    [
      'an input twice',
      inputs(tensor('distance', [1]), tensor('distance', [1]), carrier),
      400,
      'RATCHET_REQUEST_MALFORMED',
      /distance is there twice/,
    ],
    [
      'an unknown datatype',
      inputs(tensor('distance', [1], 'COMPLEX')),
      400,
      'RATCHET_REQUEST_MALFORMED',
      /datatype "COMPLEX"/,
    ],
    [
      'one matrix for a model with text features',
      inputs(tensor('x', [1, 2], 'FP32', [1, 2])),
      400,
      'RATCHET_FEATURE_COUNT',
      /text features/,
    ],
    [
      'no rows',
      inputs(tensor('distance', []), tensor('carrier', [], 'BYTES')),
      400,
      'RATCHET_REQUEST_MALFORMED',
      /no rows/,
    ],
    ['a body that is not JSON', 'distance=1', 400, 'RATCHET_REQUEST_MALFORMED', /not JSON/],
    ['a list as body', '[]', 400, 'RATCHET_REQUEST_MALFORMED', /must be a JSON object/],
    [
      'two keys for one row',
      goodBody(1, { keys: ['a', 'b'] }),
      400,
      'RATCHET_REQUEST_MALFORMED',
      /keys has 2 entries for 1 rows/,
    ],
    [
      'an event time without a zone',
      goodBody(1, { occurred_at: '2013-12-01T10:00:00' }),
      400,
      'RATCHET_REQUEST_MALFORMED',
      /ISO 8601 with a zone/,
    ],
    [
      'a body over the limit',
      `{"x":"${'y'.repeat(30_000)}"}`,
      413,
      'RATCHET_REQUEST_TOO_LARGE',
      /larger than 20000 bytes/,
    ],
    ['more rows than may be in flight', goodBody(101), 413, 'RATCHET_REQUEST_TOO_LARGE', /101 rows; at most 100/],
  ];

  it.each(refused)(
    'answers %s with its code and a hint, and the champion still serves',
    async (_, body, status, code, message) => {
      const result = await send(url, `/v2/models/${MODEL}/infer`, body);
      expect(result.body).toMatchObject({ code });
      expect(result.status).toBe(status);
      expect(result.body['error']).toMatch(message);
      expect(result.body['hint']).toMatch(/\w+/);
      expect((await infer(url)).versions).toEqual(['1']);
    },
  );

  it('answers an unknown model with RATCHET_MODEL_UNKNOWN and 404', async () => {
    const result = await send(url, '/v2/models/nobody/infer', goodBody());
    expect(result.status).toBe(404);
    expect(result.body).toMatchObject({ code: 'RATCHET_MODEL_UNKNOWN', error: 'No model nobody is routed here.' });
    expect((await send(url, '/metrics')).text).not.toContain('nobody');
  });

  it('answers an unknown path and a wrong method with RATCHET_NOT_FOUND', async () => {
    expect((await send(url, '/v3')).body).toMatchObject({ code: 'RATCHET_NOT_FOUND' });
    const get = await send(url, `/v2/models/${MODEL}/infer`);
    expect(get.body).toMatchObject({ code: 'RATCHET_NOT_FOUND', error: 'GET is not taken here; use POST.' });
  });

  it('takes only JSON, which a foreign web page cannot send unasked', async () => {
    const result = await send(url, `/v2/models/${MODEL}/infer`, JSON.stringify(goodBody()), {
      'Content-Type': 'text/plain',
    });
    expect(result.status).toBe(400);
    expect(result.body['error']).toMatch(/Content-Type is text\/plain/);
  });

  it('logs the answered rows and nothing of a refused request', async () => {
    await until(() => world.written.length >= refused.length, 'the answered rows are drained');
    expect(world.written).toHaveLength(refused.length);
    expect(world.written.every((row) => row.error === null && row.score === 0.1)).toBe(true);
  });
});

describe('labels', () => {
  const world = new FakeWorld();
  let gateway: Gateway;
  let url: string;

  beforeAll(async () => {
    world.route();
    gateway = world.gateway();
    ({ url } = await gateway.start());
  });
  afterAll(() => gateway.stop());
  beforeEach(() => {
    world.labelOutcome = 'accepted';
    world.saved.length = 0;
  });

  const label = (...labels: object[]): Promise<Awaited<ReturnType<typeof send>>> =>
    send(url, `/v2/models/${MODEL}/labels`, { labels });
  const id = '019bbd00-0000-7000-8000-000000000000';

  it('saves a label with its time and answers accepted', async () => {
    const result = await label({ prediction_id: id, value: 'late', observed_at: '2013-12-01T10:00:00Z' });
    expect(result.status).toBe(200);
    expect(result.body['outcomes']).toEqual([{ prediction_id: id, outcome: 'accepted' }]);
    expect(world.saved).toEqual([
      { predictionId: id, value: 'late', observedAt: Date.UTC(2013, 11, 1, 10), correction: false },
    ]);
  });

  it('answers a duplicate label as duplicate, 200', async () => {
    world.labelOutcome = 'duplicate';
    const result = await label({ prediction_id: id, value: 'late' });
    expect(result.status).toBe(200);
    expect(result.body['outcomes']).toEqual([{ prediction_id: id, outcome: 'duplicate' }]);
  });

  it('answers a label for an unknown prediction with 404 and its code', async () => {
    world.labelOutcome = 'unknown';
    const result = await label({ prediction_id: id, value: 'late' });
    expect(result.status).toBe(404);
    expect(result.body).toMatchObject({
      code: 'RATCHET_LABEL_UNKNOWN_PREDICTION',
      error: `No prediction ${id} was made.`,
    });
  });

  it('answers an id that is no prediction id as unknown without asking the store', async () => {
    const result = await label({ prediction_id: 'x', value: 'late' });
    expect(result.status).toBe(404);
    expect(world.saved).toEqual([]);
  });

  it('answers another value for the same prediction with 409 and RATCHET_LABEL_CONFLICT', async () => {
    world.labelOutcome = 'conflict';
    const result = await label({ prediction_id: id, value: 'late' });
    expect([result.status, result.body['code']]).toEqual([409, 'RATCHET_LABEL_CONFLICT']);
  });

  it('saves the good label beside a bad one and says what is wrong with the bad one', async () => {
    const result = await label({ prediction_id: id, value: 'very late' }, { prediction_id: id, value: 'ontime' });
    expect(result.status).toBe(200);
    expect(result.body['outcomes']).toMatchObject([
      {
        outcome: 'invalid',
        code: 'RATCHET_LABEL_INVALID',
        error: 'value is "very late"; it must be one of ontime, late.',
      },
      { outcome: 'accepted' },
    ]);
    expect(world.saved).toHaveLength(1);
  });

  it('answers 503 and RATCHET_POSTGRES_UNAVAILABLE while PostgreSQL is away, and still predicts', async () => {
    world.postgresUp = false;
    const result = await label({ prediction_id: id, value: 'late' });
    expect([result.status, result.body['code']]).toEqual([503, 'RATCHET_POSTGRES_UNAVAILABLE']);
    expect((await infer(url)).versions).toEqual(['1']);
    world.postgresUp = true;
  });
});
