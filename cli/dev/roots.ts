/** The worker and the gateway as processes of their own, as they run in production. */
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerProcess } from '../../adapters/embedded';
import { RatchetError } from '../../core/errors';
import { loadEmbedded } from '../lazy';

/** A worker bundles its workflows first: ten seconds on a slow machine. */
const READY_TIMEOUT_MS = 90_000;
/** Running activities get this long to end. */
const WORKER_GRACE_MS = 45_000;

export const ROOTS = ['worker', 'gateway'] as const;
export type RootName = (typeof ROOTS)[number];
const FOLDERS: Readonly<Record<RootName, string>> = { worker: 'workers', gateway: 'gateway' };

/**
 * Starts `workers/main` or `gateway/main` and waits for its ready line. Its log is `<dataDir>/logs/<name>.log`.
 * @throws RATCHET_SETUP with the end of that log when it ends or is not ready in time; it is stopped then.
 */
export async function startRoot(
  name: RootName,
  dataDir: string,
  env: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  const { ServerProcess } = loadEmbedded();
  const script = join(__dirname, '..', '..', FOLDERS[name], 'main.js');
  if (!existsSync(script)) {
    throw new RatchetError('RATCHET_SETUP', `no program at ${script}`, { hint: 'Build first: npm run build.' });
  }
  mkdirSync(dataDir, { recursive: true });
  const root = new ServerProcess({
    name,
    dataDir,
    command: process.execPath,
    args: [script],
    env,
    stopGraceMs: name === 'worker' ? WORKER_GRACE_MS : 15_000,
  });
  const from = existsSync(root.logFile) ? statSync(root.logFile).size : 0;
  await root.start();
  try {
    await root.awaitReady(() => Promise.resolve(hasReadyLine(root.logFile, from)), READY_TIMEOUT_MS);
    return root;
  } catch (error) {
    await root.stop();
    throw error;
  }
}

const hasReadyLine = (file: string, from: number): boolean =>
  readFileSync(file).subarray(from).includes('{"ready":true');
