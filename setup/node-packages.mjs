import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly } from './child.mjs';
import { requireDisk } from './disk.mjs';
import { PROJECT } from './paths.mjs';
import { step } from './progress.mjs';

/** Installs the npm packages of package-lock.json when what is there differs from it in any package or version. */
export async function ensureNodePackages() {
  if (areInstalledAsLocked()) return;
  requireDisk(1.5, 'npm packages');
  await step('Installing npm packages', 'about 15 s, a minute with an empty cache', (at) => {
    const npm = process.env.npm_execpath;
    const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
    return runQuietly(command, [...first, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: PROJECT,
      // onnxruntime-node would download CUDA libraries that the gateway does not use.
      env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
      onLine: at,
      advice: 'Check the network and the npm registry settings, then try again.',
    });
  });
}

/**
 * npm writes node_modules/.package-lock.json last, so a killed `npm ci` lacks it. Each locked package that belongs on
 * this machine must be listed there in its locked version, and be on the disk.
 */
function areInstalledAsLocked() {
  const locked = readPackages(join(PROJECT, 'package-lock.json'));
  const installed = readPackages(join(PROJECT, 'node_modules', '.package-lock.json'));
  if (locked === undefined || installed === undefined) return false;
  return Object.entries(locked).every(([path, wanted]) => {
    if (path === '' || wanted.link || !belongsHere(wanted)) return true;
    // npm leaves out optional packages that it could not install; only those with a platform are ours to insist on.
    if (installed[path] === undefined && wanted.optional && wanted.os === undefined && wanted.cpu === undefined)
      return true;
    return installed[path]?.version === wanted.version && existsSync(join(PROJECT, path, 'package.json'));
  });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function belongsHere({ os, cpu, libc }) {
  return (
    allows(os, process.platform) && allows(cpu, process.arch) && (libc === undefined || allows(libc, libcFamily()))
  );
}

function allows(list, value) {
  if (list === undefined) return true;
  if (list.includes(`!${value}`)) return false;
  const wanted = list.filter((entry) => !entry.startsWith('!'));
  return wanted.length === 0 || wanted.includes(value);
}

let family;
function libcFamily() {
  if (process.platform !== 'linux') return undefined;
  process.report.excludeNetwork = true; // else the report resolves host names
  family ??= process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  return family;
}
