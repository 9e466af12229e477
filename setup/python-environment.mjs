import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly } from './child.mjs';
import { requireDisk } from './disk.mjs';
import { PROJECT, PYTHON_ENV, UV_ENV } from './paths.mjs';
import { step } from './progress.mjs';
import { SetupError } from './setup-error.mjs';
import { findPython } from './python.mjs';

const LOCK = join(PROJECT, 'trainer', 'requirements.txt');
const UV_LOCK = join(PROJECT, 'trainer', 'requirements-uv.txt');
/** Written last: without it the environment is half-installed. Its text says what was installed, and where. */
const STAMP = join(PYTHON_ENV, '.ratchet-stamp');
const UV_STAMP = join(UV_ENV, '.ratchet-stamp');
const NETWORK = 'Check the network and the Python package index settings, then try again.';

/** What a working environment can do; LightGBM fails here where the system lacks the OpenMP library. */
const CHECK = 'import lightgbm, sklearn, onnx, onnxruntime, optuna, psycopg, mlflow.version';

/** Makes the locked Python environment when it is missing, stale, half-installed, or moved. */
export async function ensurePythonEnvironment() {
  const wanted = stampOf(LOCK, PYTHON_ENV);
  const python = join(PYTHON_ENV, 'bin', 'python');
  if (read(STAMP) === wanted && existsSync(python)) return;
  requireDisk(3, 'the Python environment');
  const base = findPython();
  const uv = await ensureUv(base);
  await step('Installing the locked Python environment', 'about 15 s, two minutes with an empty cache', async (at) => {
    const isComplete = read(STAMP) !== undefined && read(STAMP)?.split('\n')[1] === PYTHON_ENV && existsSync(python);
    rmSync(STAMP, { force: true });
    if (!isComplete) await runQuietly(uv, ['venv', '--clear', '--python', base, PYTHON_ENV], uvOptions(at));
    await runQuietly(
      uv,
      ['pip', 'sync', '--python', python, '--require-hashes', '--compile-bytecode', LOCK],
      uvOptions(at),
    );
    at('checking');
    await check(python);
    writeFileSync(STAMP, wanted);
  });
}

async function ensureUv(base) {
  const uv = join(UV_ENV, 'bin', 'uv');
  const wanted = stampOf(UV_LOCK, UV_ENV);
  if (read(UV_STAMP) === wanted && existsSync(uv)) return uv;
  await step('Installing uv', 'about 5 s', async (at) => {
    await runQuietly(base, ['-m', 'venv', '--clear', UV_ENV], { onLine: at, env: pythonEnvironment() });
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes', '-r', UV_LOCK];
    await runQuietly(join(UV_ENV, 'bin', 'python'), pip, { onLine: at, env: pythonEnvironment(), advice: NETWORK });
    writeFileSync(UV_STAMP, wanted);
  });
  return uv;
}

async function check(python) {
  try {
    await runQuietly(python, ['-c', CHECK], { env: pythonEnvironment() });
  } catch (error) {
    if (!/libgomp|libomp/.test(error.message)) throw error;
    const install = process.platform === 'darwin' ? 'brew install libomp' : 'apt-get install libgomp1';
    throw new SetupError(`LightGBM needs the system's OpenMP library, which is missing. Install it: ${install}`);
  }
}

function uvOptions(onLine) {
  // uv's own interpreters come from elsewhere than the package index.
  return { onLine, advice: NETWORK, env: { ...pythonEnvironment(), UV_PYTHON_DOWNLOADS: 'never', NO_COLOR: '1' } };
}

/** Without compiled bytecode MLflow takes up to a minute to start; a surrounding environment must not leak in. */
function pythonEnvironment() {
  const env = { ...process.env };
  for (const name of ['PYTHONDONTWRITEBYTECODE', 'PYTHONHOME', 'PYTHONPATH', 'VIRTUAL_ENV']) delete env[name];
  return env;
}

function stampOf(lock, folder) {
  const digest = createHash('sha256').update(readFileSync(lock)).digest('hex');
  return [digest, folder, `${process.platform}-${process.arch}`].join('\n');
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
