import { mkdirSync } from 'node:fs';
import { build } from './build.mjs';
import { withSetupLock } from './lock.mjs';
import { ensureNodePackages } from './node-packages.mjs';
import { STATE } from './paths.mjs';
import { ensurePythonEnvironment } from './python-environment.mjs';

/**
 * Makes the checkout ready to run: npm packages as locked, the locked Python environment, the build. Each part looks
 * first, repairs what a killed run left half-done, and does nothing when nothing is stale (0.1 s in all).
 * Only one set-up runs at a time in a checkout.
 */
export async function makeReady({ withBuild = true, withPython = true } = {}) {
  mkdirSync(STATE, { recursive: true });
  await withSetupLock(async () => {
    // Side by side: one unpacks many small files while the other waits for the network. Both end before we go on.
    const parts = await Promise.allSettled([ensureNodePackages(), withPython ? ensurePythonEnvironment() : undefined]);
    for (const part of parts) if (part.status === 'rejected') throw part.reason;
    if (withBuild) await build();
  });
}
