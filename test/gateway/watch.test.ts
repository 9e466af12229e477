import { createHmac } from 'node:crypto';
import { openApiDocument, WATCH_ROUTES, watchApi, type WatchRoute } from '../../policy';
import { parseApiKeys } from '../../gateway';
import { VersionCache } from '../../gateway/models/version-cache';
import { DAY, MODEL_NAME, NOW, POLICY, referenceCsv, rows, SECRET, truths, WatchWorld, windowOf } from './watch-world';
import { until } from './fakes';

const AT = `/v1/models/${MODEL_NAME}`;
const CSV = { 'Content-Type': 'text/csv' };

async function withRows(shift = 0): Promise<WatchWorld> {
  const world = new WatchWorld();
  await world.start();
  expect((await world.register()).status).toBe(201);
  expect((await world.post(`${AT}/reference?prediction=score`, referenceCsv(600), CSV)).status).toBe(201);
  expect((await world.post(`${AT}/predictions`, { rows: rows(300, shift) })).status).toBe(202);
  await until(() => world.db.predictions.length === 300, 'the log drains');
  return world;
}

describe('registering a model that is served elsewhere', () => {
  const world = new WatchWorld();
  beforeAll(() => world.start());
  afterAll(() => world.stop());

  it('makes version 1 without a file, and says the same again with 200', async () => {
    const first = await world.register();
    expect(first).toMatchObject({ status: 201, body: { servedBy: 'elsewhere', version: '1', reference: null } });
    expect((await world.register()).status).toBe(200);
    const [version] = await world.watch.models.listVersions(MODEL_NAME);
    expect(version).toMatchObject({ artifactUri: 'external:', golden: { scores: [] }, origin: 'external' });
    expect(version?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('refuses other features under the same version, and keeps the policy that was', async () => {
    const policy = { ...POLICY, features: [{ name: 'age', kind: 'number' }] };
    expect(await world.register({ policy })).toMatchObject({ status: 409, body: { code: 'RATCHET_MODEL_EXISTS' } });
    expect((await world.get(AT)).body['policy']).toMatchObject({ features: POLICY.features });
  });

  it('takes them as version 2, which answers from then on', async () => {
    const policy = { ...POLICY, features: [{ name: 'age', kind: 'number' }] };
    expect(await world.register({ policy, version: '2' })).toMatchObject({ status: 201, body: { version: '2' } });
  });

  it('names every problem of a bad policy, another name in it, and an unknown field', async () => {
    const bad = await world.register({ policy: { ...POLICY, task: 'ranking' } });
    expect(bad).toMatchObject({ status: 400, body: { code: 'RATCHET_POLICY_INVALID' } });
    const other = await world.register({ policy: { ...POLICY, model: 'another' } });
    expect(other.body['error']).toContain('policy.model is "another"');
    expect((await world.register({ polcy: 1 })).body['error']).toContain('polcy');
  });

  it('is never loaded by a gateway that is told to', async () => {
    const cache = new VersionCache(
      world.fakes.dataDir,
      world.watch.models,
      world.fakes.ports.registry,
      world.fakes.logger,
    );
    const record = await world.watch.models.getVersion(MODEL_NAME, '1');
    await expect(cache.file(record)).rejects.toMatchObject({ code: 'RATCHET_VERSION_EXTERNAL' });
    expect(world.fakes.fetches).toBe(0);
  });

  it('is refused where Ratchet serves the model itself', async () => {
    const record = await world.watch.models.getVersion(MODEL_NAME, '1');
    await world.watch.models.saveVersion({ ...record, model: 'ours', artifactUri: 'mlflow-artifacts:/1' });
    expect(await world.put('/v1/models/ours', { policy: POLICY })).toMatchObject({
      status: 409,
      body: { code: 'RATCHET_MODEL_EXISTS' },
    });
  });

  it('pages over 3 models by 2', async () => {
    for (const name of ['a-model', 'b-model']) await world.put(`/v1/models/${name}`, { policy: POLICY });
    const first = await world.get('/v1/models?limit=2');
    const second = await world.get(`/v1/models?limit=2&after=${String(first.body['next'])}`);
    const names = [first, second].map(({ body }) => (body['models'] as { model: string }[]).map((m) => m.model));
    expect(names).toEqual([['a-model', 'b-model'], [MODEL_NAME]]);
    expect(second.body['next']).toBeNull();
  });
});

describe('a window of 300 rows against 600 of the reference', () => {
  it('of the same people has not drifted, and 40 years more have', async () => {
    const same = await withRows();
    const moved = await withRows(40);
    const [calm, drifted] = [await same.get(`${AT}/drift?${windowOf()}`), await moved.get(`${AT}/drift?${windowOf()}`)];
    await Promise.all([same.stop(), moved.stop()]);
    expect(calm.body).toMatchObject({ verdict: 'noDrift', rows: 300, reference: { rows: 600 } });
    expect(drifted.body).toMatchObject({ verdict: 'drift', measurement: { driftedFeatures: ['age'] } });
  });

  it('without a reference is insufficient, never a pass', async () => {
    const world = new WatchWorld();
    await world.start();
    await world.register();
    const { status, body } = await world.get(`${AT}/drift?${windowOf()}`);
    const performance = await world.get(`${AT}/performance?${windowOf()}`);
    await world.stop();
    expect({ status, ...body }).toMatchObject({ status: 200, verdict: 'insufficient', measurement: null });
    expect(performance.body).toMatchObject({ verdict: 'inconclusive', rows: 0, coverage: 0 });
  });

  it('counts 90 % accuracy once the labels of its own ids are there, and the same rows sent again count once', async () => {
    const world = await withRows();
    const labels = await world.post(`${AT}/labels`, { labels: [...truths(300), { id: 'nobody', value: 'stays' }] });
    await world.post(`${AT}/predictions`, { rows: rows(300) });
    await until(() => world.db.predictions.length === 600, 'the second batch drains');
    const { body } = await world.get(`${AT}/performance?${windowOf()}&slices=plan`);
    const quality = await world.get(`${AT}/quality?${windowOf()}`);
    await world.stop();
    const outcomes = (labels.body['outcomes'] as { id: string; outcome: string }[]).map(({ outcome }) => outcome);
    expect(outcomes).toEqual([...new Array<string>(300).fill('accepted'), 'unknown']);
    expect(body).toMatchObject({ rows: 300, labelled: 300, coverage: 1 });
    const measurement = body['measurement'] as { metrics: { name: string; value: number }[]; slices: unknown };
    expect(measurement.metrics.find(({ name }) => name === 'accuracy')?.value).toBeCloseTo(0.9, 12);
    expect(JSON.stringify(measurement.slices)).toContain('silver');
    expect(quality.body).toMatchObject({ rows: 300, report: { rows: 300 } });
  });

  it('is shown as JSON and as the page of the renderer', async () => {
    const world = await withRows(40);
    const page = await world.get(`${AT}/report?${windowOf()}`);
    const data = await world.get(`${AT}/report?format=json&${windowOf()}`);
    const nothing = await world.get(`${AT}/report`);
    await world.stop();
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.text).toContain('<!doctype html>');
    expect(data.body['features']).toHaveLength(2);
    expect(nothing).toMatchObject({ status: 404, body: { code: 'RATCHET_NOT_FOUND' } });
  });
});

describe('what a window, a row, a table or a cursor may be', () => {
  let world: WatchWorld;
  beforeAll(async () => {
    world = await withRows();
  });
  afterAll(() => world.stop());

  it.each([
    ['', 'The parameter from is missing.'],
    ['from=2026-03-01&to=2026-03-02', 'from is "2026-03-01"; it must be ISO 8601 with a zone'],
    ['from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z', 'to (2026-03-01T00:00:00.000Z) must be after from'],
    ['from=2026-03-01T00:00:00+01:00&to=2026-03-02T00:00:00Z', 'write + in a URL as %2B'],
    ['from=0&to=1e999', 'to is "1e999"'],
    ['from=0&to=1800000000000', 'The window is longer than five years.'],
    ['from=1&to=2&form=3', 'There is no parameter form; there is from, to, version.'],
    ['from=1&from=2&to=3', 'The parameter from came more than once.'],
    ['from=1&to=2&version=9', 'has no version 9'],
  ])('?%s: %s', async (query, error) => {
    const { status, body } = await world.get(`${AT}/drift?${query}`);
    expect(body['error']).toContain(error);
    expect(status).toBe(query.includes('version') ? 404 : 400);
  });

  it.each([
    [{ features: { age: 'old', plan: 'gold' }, score: 0.1 }, 'Feature age of row 1 is "old"'],
    [{ features: { agee: 1 }, score: 0.1 }, 'row 1, unknown: agee'],
    [{ features: {}, score: 1.1 }, 'rows.1.score is 1.1'],
    [{ features: {}, label: 'maybe' }, 'rows.1.label is "maybe"; it must be one of stays, leaves'],
    [{ features: {} }, 'rows.1 has neither a label nor a score'],
    [{ features: {}, score: 0.5, occurredAt: '2026-03-01' }, 'rows.1.occurredAt is "2026-03-01"'],
    [{ features: {}, score: 0.5, extra: 1 }, 'extra'],
  ])('refuses all rows for one bad one: %j', async (bad, error) => {
    const good = { features: { age: 30, plan: null }, score: 0.3 };
    const { status, body } = await world.post(`${AT}/predictions`, { rows: [good, bad] });
    expect([status, body['error']]).toEqual([400, expect.stringContaining(error)]);
    expect(world.db.predictions.length).toBe(300);
  });

  it('takes NDJSON and names a bad line', async () => {
    const ndjson = { 'Content-Type': 'application/x-ndjson' };
    const line = JSON.stringify({ id: 'n-1', features: { age: 1 }, score: 0.9, occurredAt: NOW - 10 * 86_400_000 });
    expect(await world.post(`${AT}/predictions`, `${line}\n\n`, ndjson)).toMatchObject({
      status: 202,
      body: { accepted: 1, version: '1', ids: ['n-1'] },
    });
    expect((await world.post(`${AT}/predictions`, `${line}\n{`, ndjson)).body['error']).toBe('Line 2 is not JSON.');
    await until(() => world.db.predictions.length === 301, 'the row drains');
    expect(world.db.predictions.at(-1)).toMatchObject({ label: 'leaves', numbers: [1], strings: [null] });
  });

  it('refuses a reference without a column, with texts for numbers, and without rows', async () => {
    const post = (body: string, query = '') => world.post(`${AT}/reference${query}`, body, CSV);
    expect((await post('age\n1')).body['code']).toBe('RATCHET_COLUMN_MISSING');
    expect((await post('age,plan\nold,gold')).body['code']).toBe('RATCHET_INPUT_INVALID');
    expect((await post('age,plan\n')).status).toBe(400);
    expect((await post('age,plan\n1,gold', '?target=truth')).body['error']).toContain('no column truth');
  });

  it('takes JSON rows with event times and the truth', async () => {
    const given = rows(60).map(({ features, occurredAt }, i) => ({
      ...features,
      at: occurredAt,
      truth: i % 3 === 0 ? 'leaves' : 'stays',
    }));
    const saved = await world.post(`${AT}/reference?time=at&target=truth`, { rows: given });
    expect(saved).toMatchObject({
      status: 201,
      body: { rows: 60, hasEventTime: true, hasTarget: true, hasPrediction: false },
    });
  });

  it('takes only the content types of the route', async () => {
    const { status, body } = await world.post(`${AT}/labels`, 'x', { 'Content-Type': 'text/plain' });
    expect([status, body['error']]).toEqual([400, 'Content-Type is text/plain; it must be application/json.']);
  });

  it.each(['x', 'bnVsbA', 'WzFd'])('a foreign cursor %s is 400', async (cursor) => {
    expect((await world.get(`${AT}/evaluations?before=${cursor}`)).status).toBe(400);
  });
});

it('bodies over a limit are 413 with the limit named', async () => {
  const world = new WatchWorld();
  await world.start({ limits: { maxRowsBytes: 1000, maxReferenceBytes: 2000 } });
  await world.register();
  const [predictions, reference] = [
    await world.post(`${AT}/predictions`, { rows: rows(50) }),
    await world.post(`${AT}/reference`, referenceCsv(500), CSV),
  ];
  await world.stop();
  expect([predictions.status, predictions.body['error']]).toEqual([413, 'The body is larger than 1000 bytes.']);
  expect([reference.status, reference.body['error']]).toEqual([413, 'The body is larger than 2000 bytes.']);
});

describe('triggers from outside', () => {
  const world = new WatchWorld();
  beforeAll(async () => {
    await world.start();
    await world.register();
  });
  afterAll(() => world.stop());

  const signed = (body: string, secret = SECRET): Record<string, string> => {
    const stamp = String(NOW / 1000);
    const mac = createHmac('sha256', secret).update(`${stamp}.${body}`).digest('hex');
    return { 'x-ratchet-timestamp': stamp, 'x-ratchet-signature': `sha256=${mac}` };
  };

  it('are kept before 202, and the same again is 200 duplicate', async () => {
    const body = JSON.stringify({ reason: 'new price list', id: 'price-7' });
    const first = await world.post(`${AT}/triggers/webhook`, body, signed(body));
    expect(first).toMatchObject({ status: 202, body: { added: 1, duplicate: false, ids: ['webhook:price-7'] } });
    expect(world.db.triggers).toHaveLength(1);
    const again = await world.post(`${AT}/triggers/webhook`, body, signed(body));
    expect(again).toMatchObject({ status: 200, body: { added: 0, duplicate: true } });
  });

  it('with a wrong signature, or a secret that is not set, are refused and not kept', async () => {
    const body = JSON.stringify({ reason: 'let me in' });
    const wrong = await world.post(`${AT}/triggers/webhook`, body, signed(body, 'guess'));
    const unset = await world.post(`${AT}/triggers/mlflow`, body, signed(body, ''));
    expect([wrong.body['code'], unset.body['code']]).toEqual(['RATCHET_TRIGGER_UNSIGNED', 'RATCHET_TRIGGER_UNSIGNED']);
    expect([wrong.status, unset.status]).toEqual([401, 401]);
    expect(world.db.triggers).toHaveLength(1);
  });

  it('of a source that the policy does not name, or that nobody knows, are 404', async () => {
    expect((await world.post(`${AT}/triggers/evidently`, {})).body['hint']).toContain('triggers.webhooks');
    expect((await world.post(`${AT}/triggers/pigeon`, {})).status).toBe(404);
  });

  it('page by 2, newest first, each once', async () => {
    for (const id of ['b', 'c', 'd']) {
      const body = JSON.stringify({ reason: id, id });
      await world.post(`${AT}/triggers/webhook`, body, signed(body));
    }
    const first = await world.get(`${AT}/triggers?limit=2`);
    const second = await world.get(`${AT}/triggers?limit=2&before=${String(first.body['next'])}`);
    const ids = [first, second].flatMap(({ body }) => (body['triggers'] as { id: string }[]).map(({ id }) => id));
    expect(ids).toEqual(['webhook:d', 'webhook:c', 'webhook:b', 'webhook:price-7']);
    expect(second.body['next']).toBeNull();
  });
});

it('evaluations page by 2, newest window first', async () => {
  const world = new WatchWorld();
  await world.start();
  await world.register();
  for (const i of [0, 1, 2]) {
    const window = { version: '1', windowStart: i * 1000, windowEnd: (i + 1) * 1000 };
    await world.evaluations.saveEvaluation({
      ...window,
      model: MODEL_NAME,
      report: { ...window, breached: i === 2, driftScore: 0.1 * i, reasons: [] },
      measurement: { rows: 10 },
      workflowId: 'check',
      at: NOW,
    });
  }
  const first = await world.get(`${AT}/evaluations?limit=2`);
  const second = await world.get(`${AT}/evaluations?limit=2&before=${String(first.body['next'])}`);
  const report = await world.get(`${AT}/report?format=json`);
  await world.stop();
  const starts = [first, second].map(({ body }) =>
    (body['evaluations'] as { windowStart: number }[]).map((e) => e.windowStart),
  );
  expect(starts).toEqual([[2000, 1000], [0]]);
  expect(watchApi.evaluationPage.safeParse(first.body).success).toBe(true);
  expect(report.body).toMatchObject({ verdict: 'insufficient', subject: { windowStart: 2000 } });
});

describe('scopes', () => {
  const keys = parseApiKeys('watch:watch-key-000000000,label:label-key-000000000,operate:operate-key-0000000');
  const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

  it('reading needs watch, rows need label, registering and unsigned triggers need operate', async () => {
    const world = new WatchWorld();
    await world.start({ apiKeys: keys });
    const asked = async (key: string) => [
      (await world.get('/v1/models', bearer(key))).status,
      (await world.post(`${AT}/predictions`, { rows: rows(1) }, bearer(key))).status,
      (await world.put(AT, { policy: POLICY }, bearer(key))).status,
      (await world.post(`${AT}/triggers/alertmanager`, { version: '4', alerts: [] }, bearer(key))).status,
    ];
    await world.put(AT, { policy: POLICY }, bearer('operate-key-0000000'));
    const answers = {
      watch: await asked('watch-key-000000000'),
      label: await asked('label-key-000000000'),
      operate: await asked('operate-key-0000000'),
    };
    const open = await world.get('/v1/openapi.json');
    await world.stop();
    expect(answers).toEqual({
      watch: [200, 401, 401, 401],
      label: [401, 202, 401, 401],
      operate: [401, 401, 200, 200],
    });
    expect(open.status).toBe(200);
  });

  it('a hook of your own grants them too, and without its word nothing is open', async () => {
    const world = new WatchWorld();
    await world.start({
      authorize: (request) =>
        Promise.resolve(request.headers['x-session'] === 'mine' ? { scopes: ['watch', 'operate'] } : null),
    });
    const session = { 'x-session': 'mine' };
    const answers = [
      await world.get('/v1/models', session),
      await world.get('/v1/models'),
      await world.get('/status', session),
      await world.get('/status'),
      await world.post(`${AT}/predictions`, { rows: rows(1) }, session),
    ].map(({ status }) => status);
    await world.stop();
    expect(answers).toEqual([200, 401, 200, 401, 401]);
  });
});

describe('the table of routes', () => {
  let world: WatchWorld;
  beforeAll(async () => {
    world = await withRows();
  });
  afterAll(() => world.stop());

  const stamp = String(NOW / 1000);
  const trigger = JSON.stringify({ reason: 'walk' });
  const signature = `sha256=${createHmac('sha256', SECRET).update(`${stamp}.${trigger}`).digest('hex')}`;
  const BODIES: Readonly<Record<string, unknown>> = {
    registerModel: { policy: POLICY },
    addPredictions: { rows: rows(2) },
    addLabels: { labels: truths(2) },
    setReference: { rows: rows(80).map(({ features }) => features) },
    addTrigger: trigger,
  };

  it.each(Object.entries(WATCH_ROUTES) as [string, WatchRoute][])(
    '%s answers as its schema says',
    async (name, route) => {
      const path = route.path.replace('{model}', MODEL_NAME).replace('{source}', 'webhook');
      const windowed = 'from' in route.query ? `?${windowOf(DAY)}${'format' in route.query ? '&format=json' : ''}` : '';
      const body = BODIES[name];
      const headers = { 'x-ratchet-timestamp': stamp, 'x-ratchet-signature': signature };
      const result =
        route.method === 'GET'
          ? await world.get(path + windowed)
          : route.method === 'PUT'
            ? await world.put(path, body)
            : await world.post(path, body, headers);
      const answer = route.answers[result.status];
      expect({ status: result.status, documented: answer !== undefined }).toMatchObject({ documented: true });
      const read = answer?.schema?.safeParse(result.body);
      expect(read?.error?.issues ?? []).toEqual([]);
      expect(read?.success).toBe(true);
    },
  );

  it('a path that it lacks is 404, another method says which to use', async () => {
    expect((await world.get('/v1/nothing')).status).toBe(404);
    expect((await world.post('/v1/models', {})).body['error']).toBe('POST is not taken here; use GET.');
  });

  it('is what OpenAPI 3.1 describes, operation by operation, and what is served', async () => {
    const document = openApiDocument() as { paths: Record<string, Record<string, { operationId: string }>> };
    const described = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map((o) => o.operationId),
    );
    expect(described.sort()).toEqual(Object.keys(WATCH_ROUTES).sort());
    expect((await world.get('/v1/openapi.json')).body).toEqual(JSON.parse(JSON.stringify(document)));
  });
});
