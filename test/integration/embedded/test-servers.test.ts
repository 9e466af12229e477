import { Client } from 'pg';
import { createTestDatabase } from '../../setup/database';

describe('the servers of the test run', () => {
  it('a database of its own is empty, answers, and is gone after drop', async () => {
    const database = await createTestDatabase();
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const tables = await client.query("SELECT 1 FROM information_schema.tables WHERE table_schema = 'public'");
    await client.end();
    await database.drop();
    expect(tables.rowCount).toBe(0);
    const after = new Client({ connectionString: database.url });
    await expect(after.connect()).rejects.toThrow(/does not exist/);
  });

  it('MLflow says it is healthy', async () => {
    const answer = await fetch(`${process.env['RATCHET_TEST_MLFLOW_URL'] ?? ''}/health`);
    expect(answer.status).toBe(200);
  });

  it('Temporal serves the namespace `default`', async () => {
    const answer = await fetch(`${process.env['RATCHET_TEST_TEMPORAL_HTTP_URL'] ?? ''}/api/v1/namespaces/default`);
    expect(answer.status).toBe(200);
  });
});
