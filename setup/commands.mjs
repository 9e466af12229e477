import { join } from 'node:path';
import { forwardSignals, runChild } from './child.mjs';
import { PROJECT } from './paths.mjs';
import { SetupError } from './setup-error.mjs';
import { makeReady } from './setup.mjs';
import { runTests } from './test-run.mjs';

const USAGE = `usage: node setup/run.mjs <command> [arguments]

  setup            install what is missing and build
  demo [args]      the whole loop on real data (npm run demo -- --help)
  dev [args]       the embedded stack: Temporal, MLflow, PostgreSQL, gateway
  ratchet [args]   the command line of this checkout (npm run --silent ratchet -- compare a.csv b.csv)
  bench <name>     a benchmark, see bench/README.md (--quick: under a minute)
  test [args]      every test; arguments go to jest (npm test -- test/core)`;

const BENCHMARKS = ['gateway', 'drift', 'rollback', 'loop', 'read', 'growth', 'false-alarms', 'datasets'];

/** Runs one command; sets the exit code: 0 fine, 1 failed, 2 not understood, 128 + n ended by signal n. */
export async function main([command, ...args]) {
  forwardSignals();
  try {
    process.exitCode = await run(command, args);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`\n${error.message}`);
    if (command === 'test') console.log('0 passed, 1 failed');
    process.exitCode = 1;
  }
}

async function run(command, args) {
  switch (command) {
    case 'setup':
      await makeReady();
      console.log('Ready.');
      return 0;
    case 'demo':
      await makeReady();
      return node('dist/examples/late-flights/main.js', args);
    case 'dev':
      await makeReady();
      return node('dist/cli/main.js', ['dev', ...args]);
    case 'ratchet':
      // Comparing two files needs no Python: only what the command line itself runs on is installed.
      await makeReady({ withPython: false });
      return node('dist/cli/main.js', args);
    case 'bench':
      return bench(args);
    case 'test':
      return runTests(args);
    default:
      console.error(USAGE);
      return command === undefined || command === '--help' || command === 'help' ? 0 : 2;
  }
}

async function bench([name = '', ...args]) {
  if (!BENCHMARKS.includes(name)) {
    console.error(`usage: node setup/run.mjs bench <${BENCHMARKS.join('|')}> [--quick]`);
    return 2;
  }
  await makeReady();
  return node(`dist/bench/${name}.js`, args);
}

function node(script, args) {
  return runChild(process.execPath, ['--enable-source-maps', join(PROJECT, script), ...args], { stdio: 'inherit' });
}
