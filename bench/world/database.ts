import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { removePostgresData, startPostgres } from '../../adapters/embedded';
import { createPool, migrate } from '../../adapters/postgres';
import type { Cleanup } from './run-bench';

export interface BenchDatabase {
  readonly url: string;
  readonly pool: Pool;
  /** Removed with the database. */
  readonly folder: string;
}

/** A migrated PostgreSQL of its own (fsync on, as it comes) in a temporary folder. */
export async function startBenchDatabase(cleanup: Cleanup): Promise<BenchDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-bench-'));
  chmodSync(folder, 0o711); // PostgreSQL may run as another user
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
  const server = await startPostgres({ dataDir: folder });
  cleanup.add(async () => {
    await server.stop();
    removePostgresData(folder);
  });
  const pool = createPool(server.url, { applicationName: 'ratchet-bench', statementTimeoutMs: 600_000 });
  cleanup.add(() => pool.end());
  await migrate(pool);
  return { url: server.url, pool, folder };
}
