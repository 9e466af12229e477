/**
 * `npm run verify`: what must hold before a commit. The checks that use one core run one after another beside the tests;
 * each prints what it has to say when it ends. Ends with 1 when any failed.
 */
import { execFile } from 'node:child_process';
import { PROJECT } from './paths.mjs';

const CHECKS = [['format:check', 'types', 'lint'], ['test:fast']];

const lanes = CHECKS.map(async (scripts) => {
  const passed = [];
  for (const script of scripts) passed.push(await runScript(script));
  return passed;
});
process.exitCode = (await Promise.all(lanes)).flat().every(Boolean) ? 0 : 1;

function runScript(script) {
  const begun = Date.now();
  return new Promise((resolve) => {
    const options = { cwd: PROJECT, maxBuffer: 64 * 1024 * 1024 };
    execFile('npm', ['run', '--silent', script], options, (error, stdout, stderr) => {
      const seconds = ((Date.now() - begun) / 1000).toFixed(0);
      if (error !== null) process.stdout.write(stdout + stderr);
      console.log(`${error === null ? 'ok' : 'FAILED'}  ${script}  ${seconds} s`);
      resolve(error === null);
    });
  });
}
