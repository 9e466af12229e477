import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of this package: its package.json is in it, and in a checkout `.ratchet/`. Sources and dist/ lie at different depths. */
export function packageRoot(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) return __dirname;
  }
}
