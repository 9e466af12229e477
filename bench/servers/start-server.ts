import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Cleanup } from '../world/run-bench';

export interface StartedServer {
  readonly url: string;
  readonly pid: number;
}

/** Starts a server of this folder as a process of its own and waits for its ready line. */
export async function startServer(
  cleanup: Cleanup,
  script: 'ratchet-gateway' | 'naive-gateway',
  args: readonly string[],
  databaseUrl: string,
): Promise<StartedServer> {
  const child = spawn(process.execPath, [join(__dirname, `${script}.js`), ...args], {
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  cleanup.add(async () => {
    child.kill('SIGTERM');
    const patience = setTimeout(() => child.kill('SIGKILL'), 30_000);
    if (child.exitCode === null) await ended;
    clearTimeout(patience);
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as { readonly url?: string };
    if (said.url !== undefined) return { url: said.url, pid: child.pid as number };
  }
  throw new Error(`${script} ended before it was ready`);
}
