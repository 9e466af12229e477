import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { receivedSignal, runChild } from './child.mjs';
import { PROJECT } from './paths.mjs';
import { SetupError } from './setup-error.mjs';
import { build } from './build.mjs';
import { makeReady } from './setup.mjs';

/** The pure tests share the cores; tests with servers run one file at a time, each in a process of its own. */
const RUNS = [
  { projects: ['unit', 'property'], flags: ['--maxWorkers=2'] },
  { projects: ['servers'], flags: ['--maxWorkers=1', '--workerIdleMemoryLimit=1MB', '--forceExit'] },
];

/**
 * Runs every test and prints `N passed, N failed` last. A test that is skipped or only planned counts as failed, so does
 * a test file that cannot run, a build that fails, and a run of no test. Returns the exit code.
 */
export async function runTests(args) {
  await makeReady({ withBuild: false });
  const total = { passed: 0, failed: 0 };
  if (!(await builds())) total.failed += 1;
  for (const run of RUNS) {
    if (receivedSignal() !== undefined) break;
    const counts = await runJest(run, args);
    total.passed += counts.passed;
    total.failed += counts.failed;
  }
  if (receivedSignal() !== undefined) {
    console.log(`Stopped by ${receivedSignal()} before the end.`);
    total.failed += 1;
  }
  if (total.passed + total.failed === 0) {
    console.log('No test ran.');
    total.failed = 1;
  }
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
}

async function builds() {
  try {
    await build();
    return true;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    return false;
  }
}

async function runJest({ projects, flags }, args) {
  const folder = mkdtempSync(join(tmpdir(), 'ratchet-jest-'));
  const resultFile = join(folder, 'result.json');
  const jest = join(PROJECT, 'node_modules', 'jest', 'bin', 'jest.js');
  const options = [...flags, '--passWithNoTests', '--json', `--outputFile=${resultFile}`];
  try {
    // jest prints its JSON on stdout too: that goes nowhere, the report itself is on stderr.
    const code = await runChild(process.execPath, [jest, ...options, '--selectProjects', ...projects, ...rest(args)], {
      cwd: PROJECT,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return countsOf(resultFile, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `--selectProjects` takes all words that follow it: `--` ends them, and patterns come after it. */
function rest(args) {
  const options = args.filter((arg) => arg.startsWith('-'));
  const patterns = args.filter((arg) => !arg.startsWith('-'));
  return [...options, ...(patterns.length > 0 ? ['--', ...patterns] : [])];
}

function countsOf(resultFile, code) {
  let result;
  try {
    result = JSON.parse(readFileSync(resultFile, 'utf8'));
  } catch {
    // nothing was found to run; or jest itself failed: the servers did not start, or it crashed
    return { passed: 0, failed: code === 0 ? 0 : 1 };
  }
  const notRun = result.numPendingTests + result.numTodoTests;
  if (notRun > 0) console.log(`${notRun} tests are skipped or only planned: each counts as failed.`);
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites + notRun;
  return { passed: result.numPassedTests, failed: failed === 0 && code !== 0 ? 1 : failed };
}
