/** Last step of a build: outputs of sources that are gone are removed, and the workflow bundle is made. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PROJECT } from './paths.mjs';

const DIST = join(PROJECT, 'dist');
const { include } = JSON.parse(readFileSync(join(PROJECT, 'tsconfig.build.json'), 'utf8'));

for (const folder of include.filter((name) => existsSync(join(DIST, name)))) {
  for (const file of readdirSync(join(DIST, folder), { recursive: true })) {
    const source = file.replace(/\.(?:d\.ts|js|js\.map)$/, '.ts');
    if (source === file || existsSync(join(PROJECT, folder, source))) continue;
    rmSync(join(DIST, folder, file), { force: true });
  }
}

const { writePrebuiltBundle } = createRequire(import.meta.url)(join(DIST, 'workers', 'prebuilt-bundle.js'));
await writePrebuiltBundle();
