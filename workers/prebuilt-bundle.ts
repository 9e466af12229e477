/**
 * The workflow bundle that the build leaves beside the compiled code: with it a worker is ready in a third of a second
 * instead of seconds (stack.md §8). A bundle is bound to the SDK that made it and to the code it was made from, so both are
 * noted beside it, and a bundle of another SDK or of older code is not used.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { requirePeer } from '../adapters/require-peer';

/** dist/ when compiled. */
const HOME = path.join(__dirname, '..');
const CODE = 'workflow-bundle.js';
const ORIGIN = 'workflow-bundle.json';
/** What workflows may import (DESIGN §3). */
const SOURCES = ['core', 'workflows'];

interface Origin {
  /** Version of @temporalio/worker. */
  readonly sdk: string;
  /** SHA-256 over the compiled sources. */
  readonly sources: string;
}

/** Bundles the compiled workflows of this package anew. The build calls it; two at a time do no harm. */
export async function writePrebuiltBundle(): Promise<void> {
  const { bundleWorkflowCode } = requirePeer<typeof import('@temporalio/worker')>(
    '@temporalio/worker',
    'Bundling workflows',
  );
  const origin = currentOrigin();
  const silent = (): void => undefined;
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(HOME, 'workflows', 'index.js'),
    logger: { log: silent, trace: silent, debug: silent, info: silent, warn: console.warn, error: console.error },
  });
  // Without a note beside it the code is not used: it goes first and comes last.
  rmSync(path.join(HOME, ORIGIN), { force: true });
  writeWhole(CODE, code);
  writeWhole(ORIGIN, JSON.stringify(origin));
}

/** The bundle's path, or null when there is none that fits. */
export function findPrebuiltBundle(): string | null {
  let origin: Origin;
  try {
    origin = JSON.parse(readFileSync(path.join(HOME, ORIGIN), 'utf8')) as Origin;
  } catch {
    return null;
  }
  const current = currentOrigin();
  return origin.sdk === current.sdk && origin.sources === current.sources ? path.join(HOME, CODE) : null;
}

function currentOrigin(): Origin {
  const { version } = requirePeer<{ readonly version: string }>('@temporalio/worker/package.json', 'A worker');
  const hash = createHash('sha256');
  for (const folder of SOURCES) {
    const files = readdirSync(path.join(HOME, folder), { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => name.endsWith('.js')).sort()) {
      hash.update(`${folder}/${file}\0`).update(readFileSync(path.join(HOME, folder, file)));
    }
  }
  return { sdk: version, sources: hash.digest('hex') };
}

function writeWhole(name: string, text: string): void {
  const file = path.join(HOME, name);
  writeFileSync(`${file}.${process.pid}`, text);
  renameSync(`${file}.${process.pid}`, file);
}
