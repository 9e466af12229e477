import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES } from '../../core/error-codes';

const ROOT = join(__dirname, '..', '..');
const FOLDERS = ['core', 'policy', 'adapters', 'workflows', 'activities', 'workers', 'client', 'gateway', 'cli'];

function sources(): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && join(folder, file) !== join('core', 'error-codes.ts'))
      .map((file) => readFileSync(join(ROOT, folder, file), 'utf8')),
  );
}

const used = new Set(sources().flatMap((text) => text.match(/\bRATCHET_[A-Z_]+\b/g) ?? []));

it.each(Object.keys(ERROR_CODES))('%s is used outside the table', (code) => {
  expect(used).toContain(code);
});
