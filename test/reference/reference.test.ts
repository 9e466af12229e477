/** docs/ says what the code says. `npm run gen` (which sets RATCHET_WRITE_REFERENCE) writes the pages instead. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ERROR_CODES } from '../../core/error-codes';
import { generatedPages } from './pages';

const DOCS = join(__dirname, '..', '..', 'docs');
const pages = generatedPages();

beforeAll(async () => {
  if (process.env['RATCHET_WRITE_REFERENCE'] !== '1') return;
  for (const [path, text] of Object.entries(pages)) {
    await mkdir(dirname(join(DOCS, path)), { recursive: true });
    await writeFile(join(DOCS, path), text);
  }
});

it.each(Object.keys(pages))('docs/%s is what `npm run gen` writes', async (path) => {
  expect(await readFile(join(DOCS, path), 'utf8')).toBe(pages[path]);
});

it('docs/reference holds no schema that nothing generates', async () => {
  const files = (await readdir(join(DOCS, 'reference'))).filter((file) => file.endsWith('.schema.json'));
  expect(files.filter((file) => !(`reference/${file}` in pages))).toEqual([]);
  expect(files.length).toBeGreaterThanOrEqual(14);
});

describe('docs/errors.md', () => {
  it('has a section for every code, and no section without a code', async () => {
    const text = await readFile(join(DOCS, 'errors.md'), 'utf8');
    const documented = [...text.matchAll(/^## (RATCHET_[A-Z_]+)$/gm)].map((match) => match[1]);
    expect([...documented].sort()).toEqual(Object.keys(ERROR_CODES).sort());
  });

  it.each(Object.entries(ERROR_CODES))(
    '%s says what it means and what to do, as sentences',
    (_, { meaning, fix, http }) => {
      expect(meaning).toMatch(/^[A-Z].*\.$/s);
      expect(fix).toMatch(/^[A-Z].*\.$/s);
      expect(http).toBeGreaterThanOrEqual(400);
    },
  );
});
