/** The tarball, installed elsewhere. Needs a build (npm test makes one first). */
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  installAlone,
  installBesidePeers,
  MINUTES,
  ok,
  pack,
  remove,
  ROOT,
  runNode,
  sizeOf,
  temporaryFolder,
} from './consumer';

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
  readonly typesVersions: { readonly '*': Readonly<Record<string, readonly string[]>> };
  readonly bin: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
const SUBPATHS = Object.keys(manifest.exports)
  .filter((key) => key !== './package.json')
  .map((key) => key.slice(2));

/** Parts that can do nothing without a package that a client does not need. All others load without any. */
const NEEDS: Readonly<Record<string, string>> = {
  activities: '@temporalio/activity',
  workers: '@temporalio/activity',
  workflows: '@temporalio/workflow',
  'adapters/postgres': 'pg',
};

// Each test starts programs, some of them tsc.
jest.setTimeout(2 * MINUTES);

let folder: string;
let packed: { readonly tarball: string; readonly files: readonly string[] };
let alone: string;
let besidePeers: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  packed = await pack(folder);
  alone = await installAlone(packed.tarball);
  besidePeers = await installBesidePeers(packed.tarball);
}, 4 * MINUTES);

afterAll(async () => {
  await Promise.all([folder, alone, besidePeers].filter((made) => made !== undefined).map(remove));
});

/** Imports every subpath in one process; answers with the number of exports, or with the error. */
async function importAll(cwd: string): Promise<Record<string, { names?: number; code?: string; hint?: string }>> {
  const script = `
    const seen = {};
    for (const subpath of ${JSON.stringify(SUBPATHS)}) {
      try {
        seen[subpath] = { names: Object.keys(await import('temporal-ratchet/' + subpath)).length };
      } catch ({ code, hint }) {
        seen[subpath] = { code, hint };
      }
    }
    console.log(JSON.stringify(seen));`;
  const { stdout } = await ok(runNode(['--input-type=module', '-e', script], cwd));
  return JSON.parse(stdout) as Awaited<ReturnType<typeof importAll>>;
}

describe('package.json', () => {
  it('exports every adapter and each top folder under its own name, with types for old resolvers too', () => {
    const adapters = readdirSync(join(ROOT, 'adapters'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `adapters/${entry.name}`);
    const top = ['activities', 'client', 'core', 'gateway', 'policy', 'workers', 'workflows'];
    expect(SUBPATHS).toEqual(expect.arrayContaining([...top, ...adapters]));
    expect(Object.keys(manifest.typesVersions['*'])).toEqual(SUBPATHS);
    for (const subpath of SUBPATHS) {
      const types = `dist/${subpath}/index.d.ts`;
      expect(manifest.exports[`./${subpath}`]).toEqual({
        types: `./${types}`,
        default: `./dist/${subpath}/index.js`,
      });
      expect(manifest.typesVersions['*'][subpath]).toEqual([types]);
      expect(packed.files).toEqual(expect.arrayContaining([types, `dist/${subpath}/index.js`]));
    }
  });

  it('packs 3 commands, trainer, migrations and workflow bundle; no tests, sources, maps, examples or benchmarks', () => {
    expect(Object.keys(manifest.bin)).toEqual(['ratchet', 'ratchet-gateway', 'ratchet-worker']);
    expect(packed.files).toEqual(
      expect.arrayContaining([
        ...Object.values(manifest.bin),
        'LICENSE',
        'adapters/postgres/migrations/000001_base.sql',
        'dist/workflow-bundle.js',
        'trainer/ratchet_trainer/__main__.py',
        'trainer/requirements.txt',
      ]),
    );
    const unwanted =
      /(^|\/)(test|examples|bench|docs|setup|node_modules|__pycache__)\/|\.map$|(?<!\.d)\.ts$|tsbuildinfo/;
    expect(packed.files.filter((file) => unwanted.test(file))).toEqual([]);
  });
});

describe('a service that installs the package alone', () => {
  it('has less than 50 MB of node_modules, and no worker, database driver or model runtime', async () => {
    expect(await sizeOf(join(alone, 'node_modules'))).toBeLessThan(50e6);
    const installed = [
      ...readdirSync(join(alone, 'node_modules')),
      ...readdirSync(join(alone, 'node_modules', '@temporalio')).map((name) => `@temporalio/${name}`),
    ];
    expect(installed).toEqual(expect.arrayContaining(['temporal-ratchet', '@temporalio/client', '@temporalio/common']));
    for (const heavy of ['@temporalio/worker', '@temporalio/core-bridge', 'pg', 'onnxruntime-node', 'echarts']) {
      expect(installed).not.toContain(heavy);
    }
  });

  it('loads every subpath but 4, and those name the package to install: RATCHET_PEER_MISSING', async () => {
    const seen = await importAll(alone);
    for (const subpath of SUBPATHS) {
      const peer = NEEDS[subpath];
      expect({ subpath, ...seen[subpath] }).toEqual(
        peer === undefined
          ? { subpath, names: expect.any(Number) }
          : { subpath, code: 'RATCHET_PEER_MISSING', hint: `Run: npm install ${peer}` },
      );
    }
  });

  it.each([
    [
      'adapters/parquet',
      'new m.ParquetSnapshotFiles().write("unused", { rows: 0, features: [], target: [], eventTime: [], cluster: [] })',
      'hyparquet hyparquet-writer',
    ],
    ['adapters/onnx', 'new m.OnnxModelRuntime().load(new Uint8Array(1), {})', 'onnxruntime-node'],
    [
      'adapters/report',
      'new m.EchartsReportRenderer().renderPlots({ importance: { a: 1 }, trials: [], holdout: null })',
      'echarts',
    ],
  ])('%s says what to install at the first call that needs it: (%s) npm install %s', async (subpath, call, peer) => {
    const script = `
      const m = await import('temporal-ratchet/${subpath}');
      try { await ${call}; console.log('{}'); }
      catch ({ code, hint, message }) { console.log(JSON.stringify({ code, hint, message })); }`;
    const { stdout } = await ok(runNode(['--input-type=module', '-e', script], alone));
    expect(JSON.parse(stdout)).toMatchObject({ code: 'RATCHET_PEER_MISSING', hint: `Run: npm install ${peer}` });
  });

  it.each([
    ['ratchet-worker', [], 'npm install @temporalio/worker'],
    ['ratchet-gateway', [], 'npm install pg'],
    ['ratchet', ['migrate', '--no-temporal', '--database', 'postgresql://127.0.0.1:1/none'], 'npm install pg'],
  ])('%s %j ends with a fault that says: %s', async (name, args, advice) => {
    const outcome = await runNode([join('node_modules', '.bin', name), ...args], alone);
    expect(outcome.stderr).toContain(advice);
    expect(outcome.code).toBe(1);
  });

  it('has a `ratchet` that prints its version, 0.1.0', async () => {
    const outcome = await runNode([join('node_modules', '.bin', 'ratchet'), '--version'], alone);
    expect(outcome).toMatchObject({ code: 0, stdout: '0.1.0\n' });
  });

  it('refuses the bare package name: ERR_PACKAGE_PATH_NOT_EXPORTED', async () => {
    const script = "import('temporal-ratchet').catch(({ code }) => console.log(code))";
    expect((await ok(runNode(['-e', script], alone))).stdout).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED\n');
  });

  it.each([
    ['node16', ['--module', 'node16', '--moduleResolution', 'node16']],
    ['bundler', ['--module', 'preserve', '--moduleResolution', 'bundler']],
    ['node10', ['--module', 'commonjs', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0']],
  ])('type-checks a small program under %s resolution', async (_, flags) => {
    // No types of packages that a service may not have, @types/node among them.
    const types = { compilerOptions: { types: [] } };
    await writeFile(join(alone, 'tsconfig.json'), JSON.stringify({ ...types, files: ['main.ts'] }));
    await writeFile(join(alone, 'main.ts'), SMALL_PROGRAM);
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const common = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', '--target', 'es2022'];
    const outcome = await runNode([tsc, ...common, ...flags], alone);
    expect(outcome.stdout).toBe('');
    expect(outcome.code).toBe(0);
  });
});

const SMALL_PROGRAM = `
import { RatchetClient, type ModelView } from 'temporal-ratchet/client';
import type { Policy, RatchetError } from 'temporal-ratchet/core';
import { measureDrift } from 'temporal-ratchet/core/drift';
import { resolvePolicy, type PolicyInput } from 'temporal-ratchet/policy';

export async function look(input: PolicyInput): Promise<ModelView> {
  const policy: Policy = resolvePolicy(input);
  const client = await RatchetClient.connect({ address: 'temporal:7233' });
  return client.status(policy.model);
}
export const code = (error: RatchetError): string => error.code;
export const drift: typeof measureDrift = measureDrift;
// @ts-expect-error: there is no such export
export type { NoSuchThing } from 'temporal-ratchet/client';
`;

describe('a worker beside every optional package', () => {
  it('loads every subpath, each with at least 1 export', async () => {
    const seen = await importAll(besidePeers);
    for (const subpath of SUBPATHS) {
      expect({ subpath, ...seen[subpath] }).toEqual({ subpath, names: expect.any(Number) });
      expect(seen[subpath]?.names).toBeGreaterThanOrEqual(1);
    }
  });

  it(
    'bundles a workflow file that re-exports temporal-ratchet/workflows beside a workflow of its own',
    async () => {
      await writeFile(
        join(besidePeers, 'workflows.js'),
        `Object.assign(exports, require('temporal-ratchet/workflows'));\nexports.mine = async () => 'mine';\n`,
      );
      const script = `
      const { bundleWorkflowCode } = require('@temporalio/worker');
      bundleWorkflowCode({ workflowsPath: require.resolve('./workflows.js') })
        .then(({ code }) => console.log(JSON.stringify({
          bytes: code.length,
          ours: code.includes('temporal-ratchet/dist/workflows/canary.js'),
          theirs: code.includes("async () => 'mine'") || code.includes('exports.mine'),
          zod: code.includes('node_modules/zod/'),
        })));`;
      const { stdout } = await ok(runNode(['-e', script], besidePeers));
      const bundle = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
      expect(bundle).toMatchObject({ ours: true, theirs: true, zod: false });
      expect(bundle['bytes']).toBeLessThan(3_000_000);
    },
    MINUTES,
  );

  it('finds the prebuilt workflow bundle fit for its SDK, and unfit once a compiled workflow has changed', async () => {
    const home = join(besidePeers, 'node_modules', 'temporal-ratchet', 'dist');
    const script = `console.log(require(${JSON.stringify(join(home, 'workers', 'prebuilt-bundle.js'))}).findPrebuiltBundle())`;
    const find = async (): Promise<string> => (await ok(runNode(['-e', script], besidePeers))).stdout.trim();
    expect(await find()).toBe(join(home, 'workflow-bundle.js'));
    await writeFile(join(home, 'workflows', 'rollback.js'), '// changed\n', { flag: 'a' });
    expect(await find()).toBe('null');
  });
});

describe('the checks of other projects', () => {
  it.each([
    ['publint', 'publint/src/cli.js', ['run', '--strict']],
    ['attw', '@arethetypeswrong/cli/dist/index.js', ['--no-emoji', '--no-color']],
  ])(
    '%s finds nothing wrong',
    async (_, script, args) => {
      const outcome = await runNode([join(ROOT, 'node_modules', script), ...args, packed.tarball], folder);
      expect({ code: outcome.code, said: outcome.code === 0 ? '' : outcome.stdout + outcome.stderr }).toEqual({
        code: 0,
        said: '',
      });
    },
    MINUTES,
  );
});
