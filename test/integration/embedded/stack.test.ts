import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { SEARCH_ATTRIBUTES } from '../../../core/ids';
import {
  removeStackData,
  resolveBinaries,
  startMlflow,
  startPostgres,
  startTemporal,
} from '../../../adapters/embedded';

const { python, temporalCli } = resolveBinaries();

const query = async (url: string, text: string): Promise<unknown[]> => {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
};

describe('the embedded stack', () => {
  let dataDir: string;
  const cleanUps: (() => Promise<void>)[] = [];

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'ratchet-stack-'));
    chmodSync(dataDir, 0o711);
  });

  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
    removeStackData(dataDir);
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('Temporal killed with SIGKILL comes back on its ports with the workflow it had', async () => {
    const temporal = await startTemporal({ dataDir, cli: temporalCli });
    cleanUps.push(() => temporal.stop());
    const api = `${temporal.httpUrl}/api/v1/namespaces/default`;
    const started = await fetch(`${api}/workflows/kept`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ workflowType: { name: 'any' }, taskQueue: { name: 'nobody' } }),
    });
    expect(started.status).toBe(200);
    const before = { pid: temporal.pid, address: temporal.address };
    await temporal.kill9();
    expect(temporal.isRunning).toBe(false);
    await temporal.restart();
    const found = (await (await fetch(`${api}/workflows/kept`)).json()) as {
      workflowExecutionInfo: { status: string };
    };
    expect(found.workflowExecutionInfo.status).toBe('WORKFLOW_EXECUTION_STATUS_RUNNING');
    expect(temporal.address).toBe(before.address);
    expect(temporal.pid).not.toBe(before.pid);
  });

  it(`Temporal knows the ${Object.keys(SEARCH_ATTRIBUTES).length} search attributes`, async () => {
    const temporal = await startTemporal({ dataDir, cli: temporalCli });
    cleanUps.push(() => temporal.stop());
    const answer = await fetch(`${temporal.httpUrl}/api/v1/namespaces/default/search-attributes`);
    const known = (await answer.json()) as { customAttributes: Record<string, unknown> };
    expect(Object.keys(known.customAttributes)).toEqual(expect.arrayContaining(Object.keys(SEARCH_ATTRIBUTES)));
  });

  it('PostgreSQL keeps its rows through SIGKILL, and through a run whose end nobody saw', async () => {
    const first = await startPostgres({ dataDir });
    cleanUps.push(() => first.stop());
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS n');
    await first.kill9();
    await first.restart();
    expect(await query(first.url, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
    // as if this run had been killed: the next one finds a server whose owner is gone
    const pidFile = join(dataDir, 'run', 'postgres.json');
    writeFileSync(pidFile, JSON.stringify({ ...JSON.parse(readFileSync(pidFile, 'utf8')), ownerPid: 999_999_999 }));
    const second = await startPostgres({ dataDir });
    cleanUps.push(() => second.stop());
    expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
    expect(first.isRunning).toBe(false);
  });

  it('PostgreSQL starts in a folder that other users may not enter', async () => {
    const closed = join(dataDir, 'home', 'checkout');
    mkdirSync(closed, { recursive: true });
    chmodSync(join(dataDir, 'home'), 0o700);
    const postgres = await startPostgres({ dataDir: closed });
    cleanUps.push(async () => {
      await postgres.stop();
      removeStackData(closed);
    });
    expect(await query(postgres.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    expect(existsSync(join(closed, 'postgres.password'))).toBe(true);
  });

  it('a database is created once and found again', async () => {
    const postgres = await startPostgres({ dataDir });
    cleanUps.push(() => postgres.stop());
    const url = await postgres.createDatabase('second "one"');
    expect(await postgres.createDatabase('second "one"')).toBe(url);
    expect(await query(url, 'SELECT current_database() AS name')).toEqual([{ name: 'second "one"' }]);
  });

  it('MLflow whose Python lacks it is a fault that names the log', async () => {
    const start = startMlflow({ dataDir, python: process.execPath });
    await expect(start).rejects.toMatchObject({
      code: 'RATCHET_SETUP',
      message: expect.stringContaining(join(dataDir, 'logs', 'mlflow.log')),
    });
  });

  it('MLflow keeps an experiment through SIGKILL', async () => {
    const mlflow = await startMlflow({ dataDir, python });
    cleanUps.push(() => mlflow.stop());
    const created = await fetch(`${mlflow.url}/api/2.0/mlflow/experiments/create`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'kept' }),
    });
    expect(created.status).toBe(200);
    await mlflow.kill9();
    await mlflow.restart();
    const found = await fetch(`${mlflow.url}/api/2.0/mlflow/experiments/get-by-name?experiment_name=kept`);
    expect(found.status).toBe(200);
  }, 120_000);
});
