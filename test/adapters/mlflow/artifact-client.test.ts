import { ArtifactClient, MlflowTransport } from '../../../adapters/mlflow';
import { ScriptedServer } from './scripted-server';

const server = new ScriptedServer();
let address = '';

beforeAll(async () => {
  address = await server.start();
});
afterAll(() => server.stop());

const client = (): ArtifactClient =>
  new ArtifactClient(
    new MlflowTransport(address, {
      attempts: 2,
      backoffMs: 1,
      auth: { kind: 'basic', username: 'ann', password: 's3cret' },
    }),
  );
const ROOT = 'mlflow-artifacts:/1/abc/artifacts';
const NO_ROUTE = { status: 404, body: '{"error_code":"ENDPOINT_NOT_FOUND","message":"no"}' };
const DONE = { status: 200, body: '' };

describe('ArtifactClient', () => {
  it('asks an older server once for presigned URLs, then uploads 2 files through the proxy', async () => {
    const artifacts = client();
    server.play(NO_ROUTE, DONE, DONE);
    await artifacts.upload(ROOT, 'a b.html', '<p>1</p>', { owner: { run_id: 'abc' } });
    await artifacts.upload(ROOT, 'c.json', '{}', { owner: { run_id: 'abc' } });
    expect(server.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /api/2.0/mlflow/artifacts/presigned-upload-url',
      'PUT /api/2.0/mlflow-artifacts/artifacts/1/abc/artifacts/a%20b.html',
      'PUT /api/2.0/mlflow-artifacts/artifacts/1/abc/artifacts/c.json',
    ]);
    expect(server.seen[1]?.headers['content-type']).toBe('text/html; charset=utf-8');
  });

  it('uses a presigned URL when the server has them, without our credentials', async () => {
    server.play(
      { status: 200, body: JSON.stringify({ presigned_url: `${address}/bucket/x?sig=1`, headers: { 'x-a': 'b' } }) },
      DONE,
    );
    await client().upload(ROOT, 'x', 'body', { owner: { model_id: 'm-1' } });
    expect(server.seen[0]?.headers.authorization).toMatch(/^Basic /);
    expect(server.seen[1]).toMatchObject({ method: 'PUT', url: '/bucket/x?sig=1', body: 'body' });
    expect(server.seen[1]?.headers['x-a']).toBe('b');
    expect(server.seen[1]?.headers.authorization).toBeUndefined();
  });

  it('downloads a file of a run through a presigned URL', async () => {
    server.play(
      { status: 200, body: JSON.stringify({ presigned_url: `${address}/bucket/y` }) },
      { status: 200, body: 'bytes' },
    );
    const bytes = await client().downloadOfRun('abc', ROOT, 'y');
    expect(Buffer.from(bytes).toString('utf8')).toBe('bytes');
  });

  it('lists 2 files and 0 of an empty folder', async () => {
    server.play(
      { status: 200, body: '{"files":[{"path":"a","is_dir":false},{"path":"b","is_dir":true}]}' },
      { status: 200, body: '{}' },
    );
    const artifacts = client();
    expect(await artifacts.list(ROOT)).toHaveLength(2);
    expect(await artifacts.list(ROOT, 'plots')).toEqual([]);
    expect(server.seen[1]?.url).toBe('/api/2.0/mlflow-artifacts/artifacts?path=1%2Fabc%2Fartifacts%2Fplots');
  });

  it.each([
    ['s3://bucket/1/abc/artifacts', 's3:'],
    ['/var/mlruns/1/abc/artifacts', 'a plain path'],
  ])('refuses %s, which the server does not proxy: RATCHET_MLFLOW_REQUEST', async (root, seen) => {
    server.play();
    await expect(client().upload(root, 'x', 'y')).rejects.toMatchObject({
      code: 'RATCHET_MLFLOW_REQUEST',
      message: `artifacts are at ${seen}, expected mlflow-artifacts:`,
    });
    expect(server.seen).toHaveLength(0);
  });
});
