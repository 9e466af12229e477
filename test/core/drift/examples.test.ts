/** Runs the `@example` blocks of core/drift: every line `expression // value`, with what its file exports in scope. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(__dirname, '../../../core/drift');

const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

/** Lines of the block after each `@example`, up to the next tag or the end of the comment. */
function examplesOf(source: string): readonly { expression: string; value: string }[] {
  return [...source.matchAll(/@example[^\n]*\n((?:\s*\* (?!@)[^\n]*\n)+)/g)].flatMap(([, block = '']) =>
    block.split('\n').flatMap((line) => {
      const [, expression, value] = /^\s*\* (.+?) \/\/ (.+)$/.exec(line) ?? [];
      return expression === undefined || value === undefined ? [] : [{ expression, value }];
    }),
  );
}

const examples = files.flatMap((file) =>
  examplesOf(readFileSync(join(FOLDER, file), 'utf8')).map((example) => ({ file, ...example })),
);

const evaluate = (scope: Readonly<Record<string, unknown>>, expression: string): unknown =>
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
  new Function(...Object.keys(scope), `return (${expression});`)(...Object.values(scope));

/** Numbers to 12 significant digits, so that an example may be read on any platform. */
const rounded = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value ?? null, (_key, part: unknown) =>
      typeof part === 'number' ? Number(part.toPrecision(12)) : part,
    ),
  );

test.each(examples)('$file: $expression', async ({ file, expression, value }) => {
  const scope = (await import(join(FOLDER, file))) as Readonly<Record<string, unknown>>;
  expect(rounded(evaluate(scope, expression))).toEqual(rounded(evaluate(scope, value)));
});

test('each of the 20 statistics has an example that is run', () => {
  const statistics = [
    'ks',
    'cramer-von-mises',
    'anderson-darling',
    'mann-whitney',
    't-test',
    'energy-distance',
    'wasserstein',
    'psi',
    'kullback-leibler',
    'jensen-shannon',
    'hellinger',
    'chi-square-one-way',
    'chi-square',
    'two-proportions',
    'fisher-exact',
    'g-test',
    'total-variation',
    'largest-difference',
    'binning',
    'methods',
  ];
  const run = new Set(examples.map(({ file }) => file.replace('.ts', '')));
  expect(statistics.filter((name) => !run.has(name))).toEqual([]);
});
