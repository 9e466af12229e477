import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The version in our own package.json, from the sources as from dist/: stored with every verdict (I5). */
export function packageVersion(): string {
  for (let folder = __dirname; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json');
    if (!existsSync(file)) continue;
    const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
    if (name === 'temporal-ratchet' && version !== undefined) return version;
  }
  return 'unknown';
}
