import { send, until } from '../gateway/fakes';
import { MODEL, ServingWorld } from './serving-world';

const world = new ServingWorld();
beforeAll(() => world.start());
afterAll(() => world.stop());

const tensor = (name: string, data: readonly unknown[], datatype = 'FP64'): object => ({
  name,
  datatype,
  shape: [data.length],
  data,
});
const colour = tensor('colour', ['red'], 'BYTES');
const request = (...inputs: object[]): object => ({ inputs });

describe('a bad request is refused with its code, and the next good one is answered by the champion', () => {
  const bad: readonly [what: string, path: string, body: unknown, status: number, code: string, message: RegExp][] = [
    [
      'text in a number column',
      `/v2/models/${MODEL}/infer`,
      request(tensor('amount', ['12 min']), colour),
      400,
      'RATCHET_FEATURE_TYPE',
      /^Feature amount of row 0 is "12 min"; it must be a finite number or null\.$/,
    ],
    [
      'NaN',
      `/v2/models/${MODEL}/infer`,
      '{"inputs":[{"name":"amount","datatype":"FP64","shape":[1],"data":[NaN]}]}',
      400,
      'RATCHET_FEATURE_TYPE',
      /NaN/,
    ],
    [
      'a feature too few',
      `/v2/models/${MODEL}/infer`,
      request(tensor('amount', [1])),
      400,
      'RATCHET_FEATURE_COUNT',
      /^The model takes 2 features, the request has 1 \(missing: colour\)\.$/,
    ],
    [
      'a feature too many',
      `/v2/models/${MODEL}/infer`,
      request(tensor('amount', [1]), colour, tensor('extra', [1])),
      400,
      'RATCHET_FEATURE_COUNT',
      /unknown: extra/,
    ],
    [
      'a renamed column of a table (MLflow dataframe_split)',
      '/invocations',
      { dataframe_split: { columns: ['amount_eur', 'colour'], data: [[1, 'red']] } },
      400,
      'RATCHET_FEATURE_COUNT',
      /missing: amount; unknown: amount_eur/,
    ],
    [
      'an unknown model',
      '/v2/models/nobody/infer',
      request(tensor('amount', [1]), colour),
      404,
      'RATCHET_MODEL_UNKNOWN',
      /^No model nobody is routed here\.$/,
    ],
  ];

  it.each(bad)('%s', async (_, path, body, status, code, message) => {
    const result = await world.unharmed(() => send(world.url, path, body));
    expect([result.status, result.body['code']]).toEqual([status, code]);
    expect(result.body['error']).toMatch(message);
    expect(result.body['hint']).toEqual(expect.stringMatching(/\w/));
  });
});

describe('labels', () => {
  const label = (predictionId: string, value: string): ReturnType<typeof send> =>
    send(world.url, `/v2/models/${MODEL}/labels`, { labels: [{ prediction_id: predictionId, value }] });

  async function predict(): Promise<string> {
    const answer = await send(world.url, `/v2/models/${MODEL}/infer`, request(tensor('amount', [0.5]), colour));
    const [id = ''] = (answer.body['parameters'] as { readonly prediction_ids: readonly string[] }).prediction_ids;
    await until(() => world.db.predictions.some((row) => row.id === id), 'the prediction is in the log');
    return id;
  }

  it('for a prediction that was never made: 404, and nothing is kept', async () => {
    // a UUIDv7 of 2020: too old to be still on its way
    const id = '01700000-0000-7000-8000-000000000000';
    const result = await world.unharmed(() => label(id, 'yes'));
    expect([result.status, result.body['code']]).toEqual([404, 'RATCHET_LABEL_UNKNOWN_PREDICTION']);
    expect(result.body['error']).toBe(`No prediction ${id} was made.`);
  });

  it('sent twice: accepted, then duplicate with 200, and there is 1 label', async () => {
    const id = await predict();
    expect((await label(id, 'yes')).body['outcomes']).toEqual([{ prediction_id: id, outcome: 'accepted' }]);
    const again = await world.unharmed(() => label(id, 'yes'));
    expect(again.status).toBe(200);
    expect(again.body['outcomes']).toEqual([{ prediction_id: id, outcome: 'duplicate' }]);
  });

  it('with another value: 409, and the first value stays', async () => {
    const id = await predict();
    await label(id, 'yes');
    const other = await world.unharmed(() => label(id, 'no'));
    expect([other.status, other.body['code']]).toEqual([409, 'RATCHET_LABEL_CONFLICT']);
    expect(other.body['error']).toEqual(expect.stringContaining(id));
  });

  it('with a value that is no class: 400 naming the classes', async () => {
    const id = await predict();
    const result = await world.unharmed(() => label(id, 'maybe'));
    expect([result.status, result.body['code']]).toEqual([400, 'RATCHET_LABEL_INVALID']);
    expect(result.body['error']).toBe('value is "maybe"; it must be one of no, yes.');
  });
});
