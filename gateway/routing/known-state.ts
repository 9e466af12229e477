import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelName } from '../../core/model';
import type { ServingPolicy } from '../../core/policy';
import type { Logger, Route } from '../../core/ports';
import { writeAtomically } from '../atomic-file';

interface KnownState {
  readonly schemaVersion: 1;
  readonly routes: readonly Route[];
  readonly serving: Readonly<Record<ModelName, ServingPolicy>>;
}

/** The last known good routes and serving policies on the local disk, for a cold start with PostgreSQL away. */
export class KnownStateFile {
  private readonly path: string;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    folder: string,
    private readonly logger: Logger,
  ) {
    this.path = join(folder, 'known-state.json');
  }

  async read(): Promise<KnownState | null> {
    try {
      const state = JSON.parse(await readFile(this.path, 'utf8')) as KnownState;
      return state.schemaVersion === 1 && Array.isArray(state.routes) ? state : null;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.logger.warn('known state cannot be read', { path: this.path, error: String(error) });
      }
      return null;
    }
  }

  /** Writes in order; a failure is logged, because serving does not depend on it. */
  write(routes: readonly Route[], serving: Readonly<Record<ModelName, ServingPolicy>>): void {
    const body = JSON.stringify({ schemaVersion: 1, routes, serving } satisfies KnownState);
    this.writing = this.writing
      .then(() => writeAtomically(this.path, body))
      .catch((error: unknown) => {
        this.logger.warn('known state cannot be written', { path: this.path, error: String(error) });
      });
  }

  /** Resolves when the last write has ended. */
  async written(): Promise<void> {
    await this.writing;
  }
}
