import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import ts from 'typescript';

const ROOT = path.resolve(__dirname, '..', '..');
const FENCE = /^```ts\n([\s\S]*?)^```$/gm;

/** Pages with code that a reader copies. */
const pages = ['README.md', ...readdirSync(path.join(ROOT, 'docs', 'how-to')).map((name) => `docs/how-to/${name}`)];

const snippets = pages.flatMap((page) =>
  [...readFileSync(path.join(ROOT, page), 'utf8').matchAll(FENCE)].map((match, i) => ({
    title: `${page}, snippet ${i + 1}`,
    code: match[1] ?? '',
  })),
);

/** Type-checks each snippet as a reader's own project would, with the package's name standing for the sources. */
function problemsOf(files: readonly string[]): readonly string[] {
  const { config } = ts.readConfigFile(path.join(ROOT, 'tsconfig.json'), (name) => readFileSync(name, 'utf8')) as {
    config: { compilerOptions: Record<string, unknown> };
  };
  const { options } = ts.convertCompilerOptionsFromJson(
    {
      ...config.compilerOptions,
      rootDir: '/',
      noEmit: true,
      incremental: false,
      types: ['node'],
      typeRoots: [path.join(ROOT, 'node_modules', '@types')],
      paths: { 'temporal-ratchet/*': [`${ROOT}/*`] },
    },
    ROOT,
  );
  const program = ts.createProgram([...files], options);
  return files.flatMap((file) => {
    const source = program.getSourceFile(file);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) => `${path.basename(file)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
  });
}

describe('the snippets of the README and the how-to pages', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ratchet-snippets-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are there: 1 in the README and at least 3 in all', () => {
    expect(snippets.filter(({ title }) => title.startsWith('README.md'))).toHaveLength(1);
    expect(snippets.length).toBeGreaterThanOrEqual(3);
  });

  it('compile without a problem, strict, against the sources; a wrong argument would be 1 problem', () => {
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
    const files = snippets.map(({ code, title }) => {
      const file = path.join(folder, `${title.replace(/[^a-zA-Z0-9]+/g, '-')}.ts`);
      // Each snippet is a module of its own, also one without an import.
      writeFileSync(file, `${code}\nexport {};\n`);
      return file;
    });
    const wrong = path.join(folder, 'wrong.ts');
    writeFileSync(wrong, "import { ratchet } from 'temporal-ratchet/workers';\nratchet({ role: 'nobody' });\n");
    expect(problemsOf([...files, wrong])).toEqual([expect.stringContaining('wrong.ts: Type \'"nobody"\'')]);
  }, 120_000);
});
