import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from './project-root';
import { progress } from './run-bench';

const run = promisify(execFile);

/**
 * The Python of a peer's own environment under .ratchet/bench-peers, made from its locked requirements when it is absent or
 * they changed. Only for `--peers`: it takes a minute and 1.5 GB.
 */
export async function peerPython(name: string, base: string): Promise<string> {
  const folder = join(projectRoot(), '.ratchet', 'bench-peers', name);
  const python = join(folder, 'bin', 'python');
  const lock = join(projectRoot(), 'bench', 'peers', `${name}-requirements.txt`);
  const stamp = join(folder, '.lock-digest');
  const wanted = createHash('sha256').update(readFileSync(lock)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  progress(`installing ${name} and what it needs`);
  await run(base, ['-m', 'venv', '--clear', folder]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--require-hashes', '-r', lock], { maxBuffer: 2 ** 26 });
  writeFileSync(stamp, wanted);
  return python;
}
