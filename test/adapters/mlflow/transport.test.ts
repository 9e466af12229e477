import { fromEnv, MlflowTransport, type MlflowTransportOptions } from '../../../adapters/mlflow';
import type { RatchetError } from '../../../core/errors';
import { ScriptedServer } from './scripted-server';

const server = new ScriptedServer();
let address = '';
const pauses: number[] = [];

beforeAll(async () => {
  address = await server.start();
});
afterAll(() => server.stop());
beforeEach(() => {
  pauses.length = 0;
});

function transport(options: MlflowTransportOptions = {}, uri = address): MlflowTransport {
  const sleep = (ms: number): Promise<void> => {
    pauses.push(ms);
    return Promise.resolve();
  };
  return new MlflowTransport(uri, { attempts: 3, sleep, random: () => 0.5, ...options });
}

async function faultOf(call: Promise<unknown>): Promise<RatchetError> {
  try {
    await call;
  } catch (error) {
    return error as RatchetError;
  }
  throw new Error('the call was expected to reject');
}

const OK = { status: 200, body: '{"ok":true}' };
const get = (t: MlflowTransport): Promise<unknown> => t.json('GET', 'mlflow/runs/get', { query: { run_id: 'r1' } });

describe('MLflow transport › refusals', () => {
  it('maps 401 in plain text to RATCHET_MLFLOW_UNAUTHORIZED with the words of the server, after 1 try', async () => {
    const body = 'You are not authenticated. Please see the documentation.';
    server.play({ status: 401, body, headers: { 'content-type': 'text/plain' } });
    const fault = await faultOf(get(transport()));
    expect(fault.code).toBe('RATCHET_MLFLOW_UNAUTHORIZED');
    expect(fault.message).toBe(`MLflow answered 401 to GET mlflow/runs/get: ${body}`);
    expect(fault.hint).toContain('MLFLOW_TRACKING_TOKEN');
    expect(fault.retryable).toBe(false);
    expect(server.seen).toHaveLength(1);
  });

  it('maps 403 in plain text (Host header check) to RATCHET_MLFLOW_FORBIDDEN, after 1 try', async () => {
    const body = 'Invalid Host header - possible DNS rebinding attack detected';
    server.play({ status: 403, body, headers: { 'content-type': 'text/plain' } });
    const fault = await faultOf(get(transport()));
    expect(fault.code).toBe('RATCHET_MLFLOW_FORBIDDEN');
    expect(fault.message).toBe(`MLflow answered 403 to GET mlflow/runs/get: ${body}`);
    expect(fault.hint).toContain('--allowed-hosts');
    expect(server.seen).toHaveLength(1);
  });

  it('maps 400 to RATCHET_MLFLOW_REQUEST with error code and message of the server, after 1 try', async () => {
    server.play({ status: 400, body: '{"error_code":"INVALID_PARAMETER_VALUE","message":"Invalid run_id"}' });
    const fault = await faultOf(get(transport()));
    expect(fault.code).toBe('RATCHET_MLFLOW_REQUEST');
    expect(fault.message).toBe('MLflow answered 400 to GET mlflow/runs/get: Invalid run_id');
    expect(fault.details).toMatchObject({ status: 400, errorCode: 'INVALID_PARAMETER_VALUE', attempts: 1 });
    expect(server.seen).toHaveLength(1);
  });

  it.each([
    '(sqlite3.IntegrityError) UNIQUE constraint failed: registered_model_aliases.name',
    '(psycopg2.errors.UniqueViolation) duplicate key value violates unique constraint "registered_model_alias_pk"',
    "(pymysql.err.IntegrityError) (1062, \"Duplicate entry 'm-champion' for key 'PRIMARY'\")",
  ])('repeats a 400 whose cause is another writer of the same row: %s', async (message) => {
    const raced = { status: 400, body: JSON.stringify({ error_code: 'BAD_REQUEST', message }) };
    server.play(raced, OK);
    expect(await get(transport())).toEqual({ ok: true });
    expect(server.seen).toHaveLength(2);
    server.play(raced, raced, raced);
    expect(await faultOf(get(transport()))).toMatchObject({ code: 'RATCHET_MLFLOW_UNAVAILABLE', retryable: true });
  });

  it('repeats no other 400 of the database', async () => {
    const message = '(sqlite3.IntegrityError) NOT NULL constraint failed: registered_model_aliases.version';
    server.play({ status: 400, body: JSON.stringify({ error_code: 'BAD_REQUEST', message }) });
    expect((await faultOf(get(transport()))).code).toBe('RATCHET_MLFLOW_REQUEST');
    expect(server.seen).toHaveLength(1);
  });

  it('refuses a 200 that is a login page, not JSON', async () => {
    server.play({ status: 200, body: '<html>Sign in</html>', headers: { 'content-type': 'text/html' } });
    const fault = await faultOf(get(transport()));
    expect(fault.code).toBe('RATCHET_MLFLOW_REQUEST');
    expect(fault.message).toBe('the answer 200 to GET mlflow/runs/get is text/html, expected JSON');
  });
});

describe('MLflow transport › outages', () => {
  it('repeats a 500 and gives up after 3 tries with RATCHET_MLFLOW_UNAVAILABLE', async () => {
    const broken = { status: 500, body: '{"error_code":"INTERNAL_ERROR","message":"database is locked"}' };
    server.play(broken, broken, broken);
    const fault = await faultOf(get(transport()));
    expect(fault.code).toBe('RATCHET_MLFLOW_UNAVAILABLE');
    expect(fault.message).toBe('MLflow answered 500 to GET mlflow/runs/get: database is locked');
    expect(fault.details).toMatchObject({ status: 500, attempts: 3 });
    expect(fault.retryable).toBe(true);
    expect(server.seen).toHaveLength(3);
    expect(pauses).toEqual([250, 500]);
  });

  it('answers when 503, a dropped connection and 408 are followed by 200 within 4 tries', async () => {
    server.play({ status: 503, body: 'upstream away' }, 'reset', { status: 408, body: '' }, OK);
    await expect(get(transport({ attempts: 4 }))).resolves.toEqual({ ok: true });
    expect(server.seen).toHaveLength(4);
  });

  it('waits as long as Retry-After says: 2 s', async () => {
    server.play({ status: 429, body: 'slow down', headers: { 'retry-after': '2' } }, OK);
    await expect(get(transport())).resolves.toEqual({ ok: true });
    expect(pauses).toEqual([2000]);
  });

  it('gives up on a silent server after the timeout of 50 ms, 2 times', async () => {
    server.play('silence', 'silence');
    const fault = await faultOf(get(transport({ attempts: 2, timeoutMs: 50 })));
    expect(fault.code).toBe('RATCHET_MLFLOW_UNAVAILABLE');
    expect(fault.message).toBe(`MLflow at ${address} did not answer GET mlflow/runs/get within 50 ms; 2 tries`);
    expect(fault.details).toMatchObject({ status: 0, errorCode: 'TIMEOUT' });
  });

  it('names the refused connection when no server listens', async () => {
    const gone = new ScriptedServer();
    const uri = await gone.start();
    await gone.stop();
    const fault = await faultOf(get(transport({ attempts: 2 }, uri)));
    expect(fault.code).toBe('RATCHET_MLFLOW_UNAVAILABLE');
    expect(fault.message).toBe(`MLflow at ${uri} cannot be reached for GET mlflow/runs/get (ECONNREFUSED); 2 tries`);
  });

  it('does not repeat a create after a 500, whose effect is unknown, but does after a 429', async () => {
    const create = (): Promise<unknown> =>
      transport().json('POST', 'mlflow/runs/create', { body: {}, retry: 'unprocessed' });
    server.play({ status: 500, body: 'lost' }, OK);
    expect((await faultOf(create())).code).toBe('RATCHET_MLFLOW_UNAVAILABLE');
    expect(server.seen).toHaveLength(1);
    server.play({ status: 429, body: 'wait' }, OK);
    await expect(create()).resolves.toEqual({ ok: true });
  });
});

describe('MLflow transport › address and credentials', () => {
  it('sends Basic auth from the environment, and no password in the fault', async () => {
    const env = {
      MLFLOW_TRACKING_URI: `${address}/`,
      MLFLOW_TRACKING_USERNAME: 'ann',
      MLFLOW_TRACKING_PASSWORD: 's3cret',
    };
    const { trackingUri, ...options } = fromEnv(env);
    server.play({ status: 401, body: 'no' });
    const fault = await faultOf(get(transport(options, trackingUri)));
    expect(server.seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('ann:s3cret').toString('base64')}`);
    expect(JSON.stringify([fault.message, fault.details])).not.toContain('s3cret');
  });

  it('prefers the token, sends the workspace and reads the timeout of 7 s', async () => {
    const options = fromEnv({
      MLFLOW_TRACKING_URI: address,
      MLFLOW_TRACKING_TOKEN: 't0ken',
      MLFLOW_TRACKING_USERNAME: 'ann',
      MLFLOW_WORKSPACE: 'team-a',
      MLFLOW_HTTP_REQUEST_TIMEOUT: '7',
    });
    expect(options.timeoutMs).toBe(7000);
    server.play(OK);
    await get(transport(options));
    expect(server.seen[0]?.headers).toMatchObject({ authorization: 'Bearer t0ken', 'x-mlflow-workspace': 'team-a' });
  });

  it('takes user and password out of the address', async () => {
    server.play(OK);
    const one = transport({}, address.replace('http://', 'http://bob:p%40ss@'));
    await get(one);
    expect(server.seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('bob:p@ss').toString('base64')}`);
    expect(one.trackingUri).toBe(address);
  });

  it.each([
    ['file:///mlruns', 'the MLflow tracking URI is of scheme file:, expected http:// or https://'],
    ['mlruns', 'the MLflow tracking URI is not a URL, expected http:// or https://'],
  ])('refuses the address %s', (uri, message) => {
    expect(() => new MlflowTransport(uri)).toThrow(message);
  });

  it('refuses an environment without MLFLOW_TRACKING_URI and one with a timeout of "soon"', () => {
    expect(() => fromEnv({})).toThrow('MLFLOW_TRACKING_URI is not set');
    expect(() => fromEnv({ MLFLOW_TRACKING_URI: address, MLFLOW_HTTP_REQUEST_TIMEOUT: 'soon' })).toThrow('"soon"');
  });

  it('sends the body of a DELETE', async () => {
    server.play(OK);
    await transport().json('DELETE', 'mlflow/registered-models/alias', { body: { name: 'm', alias: 'champion' } });
    expect(server.seen[0]).toMatchObject({ method: 'DELETE', body: '{"name":"m","alias":"champion"}' });
  });
});
