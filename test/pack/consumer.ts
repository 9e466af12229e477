/** Folders of users: the packed tarball installed alone, or beside every optional peer. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const ROOT = join(__dirname, '..', '..');
export const MINUTES = 60_000;

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; never rejects because of its exit code. */
export function runProgram(command: string, args: readonly string[], cwd: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: consumerEnvironment(), maxBuffer: 64 * 1024 * 1024 };
    execFile(command, [...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === 'number') resolve({ code, stdout, stderr });
      else reject(error ?? new Error(`${command} did not run`));
    });
  });
}

export const runNode = (args: readonly string[], cwd: string): Promise<Outcome> =>
  runProgram(process.execPath, args, cwd);

/** Without what `npm test` hands down: npm would take our folder for the consumer's. */
function consumerEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS$|NODE_PATH$|JEST_)/.test(name));
  const registry = Object.entries(process.env).filter(([name]) => name.toLowerCase() === 'npm_config_registry');
  return Object.fromEntries([...kept, ...registry]);
}

export async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'ratchet-pack-'));
}

/** Packs what the build left in dist/; returns the tarball and the names in it. */
export async function pack(into: string): Promise<{ readonly tarball: string; readonly files: readonly string[] }> {
  if (!existsSync(join(ROOT, 'dist', 'workflow-bundle.js'))) throw new Error('nothing is built: npm run build');
  const packed = await ok(runProgram('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', into], ROOT));
  const [answer] = JSON.parse(packed.stdout) as [{ filename: string; files: { path: string }[] }];
  return { tarball: join(into, answer.filename), files: answer.files.map((file) => file.path) };
}

/** What a service does that only starts and approves: one `npm install`, nothing else. */
export async function installAlone(tarball: string): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
  const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
  await ok(runProgram('npm', ['install', ...flags, tarball], folder));
  return folder;
}

/** The tarball unpacked beside links to all packages of this checkout. */
export async function installBesidePeers(tarball: string): Promise<string> {
  const folder = await temporaryFolder();
  const home = join(folder, 'node_modules', 'temporal-ratchet');
  await mkdir(home, { recursive: true });
  await ok(runProgram('tar', ['-xzf', tarball, '--strip-components=1', '-C', home], folder));
  for (const name of await readdir(join(ROOT, 'node_modules'))) {
    if (!name.startsWith('.')) await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  }
  return folder;
}

export const remove = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

/** Bytes of all files below. */
export async function sizeOf(folder: string): Promise<number> {
  const sizes = (await readdir(folder, { recursive: true })).map(async (name) => {
    const entry = await lstat(join(folder, name));
    return entry.isFile() ? entry.size : 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

export async function ok(running: Promise<Outcome>): Promise<Outcome> {
  const outcome = await running;
  if (outcome.code !== 0) throw new Error(`exit code ${outcome.code}\n${outcome.stdout}\n${outcome.stderr}`);
  return outcome;
}
