import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The checkout, from the sources as well as from dist/. */
export function projectRoot(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
