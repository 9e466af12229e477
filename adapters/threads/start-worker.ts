import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

/**
 * A thread with worker.ts. Built, that is worker.js beside this file; from the sources (tests, where nothing is built)
 * the thread compiles what it requires with the development dependency @swc/core, as jest does outside of it.
 */
export function startWorker(): Worker {
  const options = { stdout: false, stderr: false, execArgv: [] };
  return __filename.endsWith('.ts')
    ? new Worker(FROM_SOURCES, { ...options, eval: true, workerData: join(__dirname, 'worker.ts') })
    : new Worker(join(__dirname, 'worker.js'), options);
}

const FROM_SOURCES = `
  const { createRequire } = require('node:module');
  const { readFileSync } = require('node:fs');
  const { workerData } = require('node:worker_threads');
  const fromSources = createRequire(workerData);
  const { transformSync } = fromSources('@swc/core');
  require('node:module')._extensions['.ts'] = (module, filename) => {
    const options = { filename, jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } };
    module._compile(transformSync(readFileSync(filename, 'utf8'), options).code, filename);
  };
  fromSources(workerData);
`;
