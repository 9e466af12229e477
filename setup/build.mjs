import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly } from './child.mjs';
import { PROJECT } from './paths.mjs';
import { step } from './progress.mjs';

const STAMP = join(PROJECT, 'dist', '.ratchet-build');
const SETTINGS = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

/** Compiles TypeScript to dist/ when a source or a setting changed since the last build that went through. */
export async function build() {
  const wanted = fingerprint();
  if (read(STAMP) === wanted) return;
  await step('Building', 'about 10 s, less when little changed', async (at) => {
    mkdirSync(join(PROJECT, 'dist'), { recursive: true });
    rmSync(STAMP, { force: true });
    const tsc = join(PROJECT, 'node_modules', 'typescript', 'bin', 'tsc');
    await runQuietly(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--pretty', 'false'], {
      cwd: PROJECT,
      onLine: at,
      advice: 'Correct the type errors above.',
    });
    at('bundling the workflows');
    await runQuietly(process.execPath, [join(PROJECT, 'setup', 'after-compile.mjs')], {
      cwd: PROJECT,
      onLine: at,
      advice: 'See what the workflow bundler says above.',
    });
    writeFileSync(STAMP, wanted);
  });
}

/** Names, sizes and times of every source that the build reads: 10 ms, where asking tsc takes seconds. */
function fingerprint() {
  const hash = createHash('sha256');
  const { include } = JSON.parse(readFileSync(join(PROJECT, 'tsconfig.build.json'), 'utf8'));
  for (const name of SETTINGS) hash.update(readFileSync(join(PROJECT, name)));
  for (const folder of include) addFolder(hash, folder);
  return hash.digest('hex');
}

function addFolder(hash, folder) {
  let entries;
  try {
    entries = readdirSync(join(PROJECT, folder), { withFileTypes: true });
  } catch {
    return; // a folder that tsconfig names may not exist yet
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      addFolder(hash, path);
    } else if (/\.(ts|json)$/.test(entry.name)) {
      const { size, mtimeMs } = statSync(join(PROJECT, path));
      hash.update(`${path}\0${size}\0${mtimeMs}\n`);
    }
  }
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
