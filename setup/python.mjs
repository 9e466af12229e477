import { spawnSync } from 'node:child_process';
import { SetupError } from './setup-error.mjs';

const CANDIDATES = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python'];
const PROBE = 'import sys; print("%d.%d" % sys.version_info[:2]); import venv, ensurepip; print(sys.executable)';

/**
 * A Python from 3.11 to 3.13 that can make virtual environments: the one that RATCHET_PYTHON_BASE names, else the first
 * on PATH. Returns its path; throws a SetupError that says what is there and what to install.
 */
export function findPython() {
  const named = process.env.RATCHET_PYTHON_BASE;
  const seen = [];
  for (const name of named ? [named] : CANDIDATES) {
    const { stdout, status } = spawnSync(name, ['-c', PROBE], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [version, path] = (stdout ?? '').trim().split('\n');
    const match = /^3\.(\d+)$/.exec(version ?? '');
    if (match === null) continue;
    const isSupported = Number(match[1]) >= 11 && Number(match[1]) <= 13;
    if (isSupported && status === 0 && path) return path;
    seen.push(isSupported ? `${name} is ${version} without its venv module` : `${name} is ${version}`);
  }
  const found = seen.length > 0 ? `found: ${[...new Set(seen)].join('; ')}` : 'found none';
  const isVenvMissing = seen.some((entry) => entry.includes('venv'));
  throw new SetupError(
    `Ratchet needs Python 3.11, 3.12 or 3.13 with venv (${found}). ` +
      (isVenvMissing
        ? 'Install the module (Debian and Ubuntu: apt-get install python3-venv), then try again.'
        : 'Install one (Debian and Ubuntu: apt-get install python3 python3-venv; macOS: brew install python@3.13), or name it in RATCHET_PYTHON_BASE.'),
  );
}
