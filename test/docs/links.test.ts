import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..', '..');

const markdownUnder = (folder: string): readonly string[] =>
  readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return markdownUnder(name);
    return name.endsWith('.md') ? [name] : [];
  });

const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...markdownUnder('docs')];

/** GitHub's anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replace(/ /g, '-');

function brokenLinks(page: string, text: string): readonly string[] {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [file = '', anchor] = target.split('#');
    const found = file === '' ? page : path.join(path.dirname(page), file);
    if (!existsSync(path.join(ROOT, found))) return [`${page} → ${target}`];
    if (anchor === undefined || !found.endsWith('.md')) return [];
    const headings = readFileSync(path.join(ROOT, found), 'utf8').match(/^#+ .*$/gm) ?? [];
    return headings.some((line) => anchorOf(line.replace(/^#+ /, '')) === anchor) ? [] : [`${page} → ${target}`];
  });
}

describe('the links of the docs', () => {
  it('lead to files and headings that exist, on at least 20 pages', () => {
    expect(pages.length).toBeGreaterThanOrEqual(20);
    expect(pages.flatMap((page) => brokenLinks(page, readFileSync(path.join(ROOT, page), 'utf8')))).toEqual([]);
  });

  it('would be found out: 1 missing file and 1 missing heading are 2 broken links', () => {
    const text =
      '[a](docs/nowhere.md) [b](docs/glossary.md#no-such-heading) [c](docs/glossary.md) [d](https://example.com)';
    expect(brokenLinks('README.md', text)).toHaveLength(2);
  });

  it('reach every page from docs/README.md or from the page that lists it', () => {
    const linked = new Set(
      pages.flatMap((page) =>
        [...readFileSync(path.join(ROOT, page), 'utf8').matchAll(/\]\(([^)\s#]+\.md)/g)].map(([, target = '']) =>
          path.join(path.dirname(page), target),
        ),
      ),
    );
    expect(pages.filter((page) => page.startsWith('docs/') && page !== 'docs/README.md' && !linked.has(page))).toEqual(
      [],
    );
  });
});

describe('the coverage page', () => {
  it('names only files that exist, at least 60 of them', () => {
    const text = readFileSync(path.join(ROOT, 'docs', 'reference', 'coverage.md'), 'utf8');
    const named = [
      ...new Set([...text.matchAll(/`((?:[a-z-]+\/)+[a-z0-9.-]+\.(?:ts|py|sql|json))`/g)].map(([, name = '']) => name)),
    ];
    expect(named.length).toBeGreaterThanOrEqual(60);
    expect(named.filter((name) => !existsSync(path.join(ROOT, name)))).toEqual([]);
  });
});
