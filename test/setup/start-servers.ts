import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedStack, removeStackData, resolveBinaries, startStack } from '../../adapters/embedded';

/** What `stop-servers` needs; jest runs both in one process. */
export interface TestServers {
  readonly stack: EmbeddedStack;
  readonly dataDir: string;
}

const holder = globalThis as { ratchetTestServers?: TestServers };

export const takeTestServers = (): TestServers | undefined => {
  const servers = holder.ratchetTestServers;
  delete holder.ratchetTestServers;
  return servers;
};

/**
 * Starts Temporal, MLflow and PostgreSQL once for all test files of the project `servers`, on free ports with data of
 * their own, and publishes where they are. Servers that the environment names already are used as they are.
 */
export default async function startServers(): Promise<void> {
  const binaries = resolveBinaries({ pythonEnv: join(__dirname, '..', '..', '.ratchet', 'python') });
  process.env['RATCHET_TEST_PYTHON'] = binaries.python;
  process.env['RATCHET_TEST_TIME_SKIPPING_SERVER'] = binaries.temporalTestServer;
  process.env['RATCHET_TEST_TEMPORAL_CLI'] = binaries.temporalCli;
  if (process.env['RATCHET_TEST_DATABASE_URL'] !== undefined) return;
  const dataDir = mkdtempSync(join(tmpdir(), 'ratchet-test-'));
  chmodSync(dataDir, 0o711); // PostgreSQL may run as another user
  const stack = await startStack({ dataDir, pythonEnv: join(__dirname, '..', '..', '.ratchet', 'python') });
  holder.ratchetTestServers = { stack, dataDir };
  process.env['RATCHET_TEST_DATABASE_URL'] = stack.postgres.url;
  process.env['RATCHET_TEST_MLFLOW_URL'] = stack.mlflow.url;
  process.env['RATCHET_TEST_TEMPORAL_ADDRESS'] = stack.temporal.address;
  process.env['RATCHET_TEST_TEMPORAL_HTTP_URL'] = stack.temporal.httpUrl;
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => void stopTestServers().finally(() => process.exit(code)));
  }
}

/** Stops what {@link startServers} started and removes its data. */
export async function stopTestServers(): Promise<void> {
  const servers = takeTestServers();
  if (servers === undefined) return;
  await servers.stack.stop();
  removeStackData(servers.dataDir);
  rmSync(servers.dataDir, { recursive: true, force: true });
}
