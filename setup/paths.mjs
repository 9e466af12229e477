import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT = dirname(dirname(fileURLToPath(import.meta.url)));
/** What set-up and runs keep; git ignores it, and removing it is always safe (history of the demo aside). */
export const STATE = join(PROJECT, '.ratchet');
/** The locked Python environment: trainer, MLflow, Temporal binaries, demo data. */
export const PYTHON_ENV = join(STATE, 'python');
/** A small environment of its own for uv, which would remove itself from the other. */
export const UV_ENV = join(STATE, 'uv');
