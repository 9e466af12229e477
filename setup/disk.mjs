import { statfsSync } from 'node:fs';
import { PROJECT } from './paths.mjs';
import { SetupError } from './setup-error.mjs';

const GIB = 2 ** 30;

/** Throws when the checkout's disk has less than `gib` GiB free for `what`. */
export function requireDisk(gib, what) {
  const { bavail, bsize } = statfsSync(PROJECT);
  const free = (bavail * bsize) / GIB;
  if (free >= gib) return;
  throw new SetupError(
    `${what} needs ${gib} GiB of disk, ${free.toFixed(1)} GiB are free where ${PROJECT} is. Free some space, then try again.`,
  );
}
