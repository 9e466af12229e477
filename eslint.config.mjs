// Style and, above all, who may import whom (DESIGN §3). Formatting is prettier's.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import js from '@eslint/js';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const FOLDERS = [
  'core',
  'policy',
  'adapters',
  'workflows',
  'activities',
  'workers',
  'client',
  'gateway',
  'cli',
  'examples',
  'bench',
  'test',
];

/**
 * What the files of a folder may import: of our folders, and of packages (a regular expression; undefined: any).
 * `types`: folders of which only types may be imported. Dynamic imports are not checked: that is how the command line
 * reaches the composition roots.
 */
const MAY_IMPORT = {
  core: { folders: [], packages: 'nothing' },
  policy: { folders: ['core'], packages: '(?:zod$|node:crypto$)' },
  adapters: { folders: ['core'], packages: undefined },
  workflows: { folders: ['core'], types: ['activities'], packages: '@temporalio/(?:workflow|common)(?:/|$)' },
  activities: { folders: ['core', 'policy'], packages: '(?:@temporalio/(?:activity|common)(?:/|$)|node:)' },
  client: { folders: ['core', 'policy'], packages: '(?:@temporalio/(?:client|common)(?:/|$)|uuidv7$|node:)' },
  gateway: { folders: ['core', 'policy'], packages: '(?:node:|uuidv7$)' },
  cli: { folders: ['core', 'policy', 'client'], types: ['adapters', 'workers', 'gateway'], packages: undefined },
  workers: {
    folders: FOLDERS.filter((name) => !['test', 'cli', 'examples', 'bench'].includes(name)),
    packages: undefined,
  },
  examples: { folders: FOLDERS.filter((name) => !['test', 'bench'].includes(name)), packages: undefined },
  bench: { folders: FOLDERS.filter((name) => name !== 'test'), packages: undefined },
};

/** Composition roots wire adapters and read the environment; nothing imports them statically. */
const COMPOSITION_ROOTS = ['workers/main.ts', 'gateway/main.ts', 'cli/main.ts'];

const ADAPTERS = readdirSync(join(import.meta.dirname, 'adapters'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

const DEPTHS = [1, 2, 3, 4];

/** The rule a depth of a folder's files: `../policy` means another folder in core/ids.ts and our own in core/gate/x.ts. */
function importRules(folder, { folders, types = [], packages }) {
  const forbidden = FOLDERS.filter((name) => name !== folder && !folders.includes(name) && !types.includes(name));
  return DEPTHS.map((depth) => {
    const outside = (names) => `^(?:\\.\\./){${depth}}(?:${names.join('|')})(?:/|$)`;
    const patterns = [
      { regex: outside(forbidden), message: `${folder}/ may not import this folder (DESIGN §3).` },
      {
        regex: '^(?:\\.\\./)+(?:workers|gateway|cli)/main$',
        message: 'Nothing imports a composition root statically.',
      },
    ];
    if (types.length > 0) {
      patterns.push({ regex: outside(types), allowTypeImports: true, message: 'Only `import type` here (DESIGN §3).' });
    }
    if (packages !== undefined) {
      patterns.push({ regex: `^(?!\\.|${packages})`, message: `${folder}/ may not import this package (DESIGN §3).` });
    }
    return {
      files: [`${folder}/${'*/'.repeat(depth - 1)}*.ts`],
      ignores: COMPOSITION_ROOTS,
      rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
    };
  });
}

/** core/ is pure: time arrives as an argument, randomness as a seed, everything else through a port. */
const PURE = {
  'no-restricted-globals': [
    'error',
    'process',
    'fetch',
    'performance',
    'crypto',
    'setTimeout',
    'setInterval',
    'setImmediate',
    'console',
    'Buffer',
    'require',
  ],
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: 'Time arrives as an argument.' },
    { object: 'Math', property: 'random', message: 'Randomness arrives as a seed.' },
  ],
  'no-restricted-syntax': [
    'error',
    { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Time arrives as an argument.' },
    { selector: "CallExpression[callee.name='Date']", message: 'Time arrives as an argument.' },
    { selector: 'ImportExpression', message: 'core/ imports nothing at run time.' },
  ],
};

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.ratchet/', 'coverage/', 'docs/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      // `import('pg')` as a type is how a peer that is loaded lazily gets its type
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // an async function may satisfy a port that answers with a promise without awaiting anything
      '@typescript-eslint/require-await': 'off',
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-default-export': 'error',
      'no-warning-comments': ['error', { terms: ['fixme', 'xxx'] }],
    },
  },
  ...Object.entries(MAY_IMPORT).flatMap(([folder, allowed]) => importRules(folder, allowed)),
  {
    // An adapter knows its own peer, not another adapter.
    files: ['adapters/*/**/*.ts'],
    rules: {
      'import-x/no-restricted-paths': [
        'error',
        {
          basePath: import.meta.dirname,
          zones: ADAPTERS.map((name) => ({
            target: `./adapters/${name}`,
            from: './adapters',
            except: [`./${name}`, './require-peer.ts'],
            message: 'An adapter does not import another adapter.',
          })),
        },
      ],
    },
  },
  { files: ['core/**/*.ts'], rules: PURE },
  // zod's inferred types are the point: writing them out would say everything twice
  { files: ['policy/**/*.ts'], rules: { '@typescript-eslint/explicit-module-boundary-types': 'off' } },
  { files: ['test/setup/**/*.ts'], rules: { 'import-x/no-default-export': 'off' } },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      // fakes and answers of servers are read loosely where the test asserts on them
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-restricted-imports': 'off',
    },
  },
  { files: ['setup/**/*.mjs', '*.mjs'], languageOptions: { globals: globals.node } },
  { files: ['**/*.js', '**/*.cjs'], languageOptions: { globals: { ...globals.node }, sourceType: 'commonjs' } },
);
