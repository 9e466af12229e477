import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

/** An empty database of a test file's own. */
export interface TestDatabase {
  readonly url: string;
  /** Ends its sessions and removes it. */
  drop(): Promise<void>;
}

/** Creates an empty database on the server of RATCHET_TEST_DATABASE_URL; callers apply the migrations they need. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env['RATCHET_TEST_DATABASE_URL'];
  if (server === undefined) {
    throw new Error('RATCHET_TEST_DATABASE_URL is not set: run this test in the jest project `servers`');
  }
  const name = `test_${randomBytes(8).toString('hex')}`;
  await execute(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => execute(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
