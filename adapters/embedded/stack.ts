import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { resolveBinaries } from './binaries';
import { type EmbeddedMlflow, startMlflow } from './mlflow';
import { type EmbeddedPostgres, removePostgresData, startPostgres } from './postgres';
import { type EmbeddedTemporal, startTemporal } from './temporal';

export type StackPart = 'postgres' | 'mlflow' | 'temporal';

export interface StartStackOptions {
  /** Everything the servers keep: databases, artifacts, logs, pid files. Made when missing. */
  readonly dataDir: string;
  /** The locked Python environment. Default `.ratchet/python` under the working folder. */
  readonly pythonEnv?: string;
  /** Ports to insist on. Free ones by default. */
  readonly ports?: Partial<Record<StackPart | 'temporalUi' | 'temporalHttp', number>>;
  /** The database that `postgres.url` names. Default `ratchet`. */
  readonly database?: string;
  /** Told as each part becomes ready, with the milliseconds it took. */
  readonly onReady?: (part: StackPart, tookMs: number) => void;
}

/** PostgreSQL, MLflow and Temporal, all on 127.0.0.1. */
export interface EmbeddedStack {
  readonly postgres: EmbeddedPostgres;
  readonly mlflow: EmbeddedMlflow;
  readonly temporal: EmbeddedTemporal;
  /** Stops all three side by side; returns when no process of theirs is left. */
  stop(): Promise<void>;
}

/**
 * Starts the three servers side by side and waits until each is ready. When one fails, those that started are stopped.
 * @throws RATCHET_SETUP naming the log file of the one that failed.
 */
export async function startStack(options: StartStackOptions): Promise<EmbeddedStack> {
  const { dataDir, ports = {} } = options;
  mkdirSync(dataDir, { recursive: true });
  const { python, temporalCli } = resolveBinaries(
    options.pythonEnv === undefined ? {} : { pythonEnv: options.pythonEnv },
  );
  const timed = async <T>(part: StackPart, start: Promise<T>): Promise<T> => {
    const begun = performance.now();
    const server = await start;
    options.onReady?.(part, performance.now() - begun);
    return server;
  };
  const [postgres, mlflow, temporal] = await Promise.allSettled([
    timed('postgres', startPostgres({ dataDir, ...given({ port: ports.postgres, database: options.database }) })),
    timed('mlflow', startMlflow({ dataDir, python, ...given({ port: ports.mlflow }) })),
    timed(
      'temporal',
      startTemporal({
        dataDir,
        cli: temporalCli,
        ...given({ port: ports.temporal, uiPort: ports.temporalUi, httpPort: ports.temporalHttp }),
      }),
    ),
  ]);
  if (postgres.status === 'fulfilled' && mlflow.status === 'fulfilled' && temporal.status === 'fulfilled') {
    const parts = [temporal.value, mlflow.value, postgres.value];
    return {
      postgres: postgres.value,
      mlflow: mlflow.value,
      temporal: temporal.value,
      stop: async () => {
        await Promise.all(parts.map((part) => part.stop()));
      },
    };
  }
  const results = [postgres, mlflow, temporal];
  await Promise.all(results.map(async (result) => (result.status === 'fulfilled' ? result.value.stop() : undefined)));
  throw results.find((result) => result.status === 'rejected')?.reason;
}

/** Wipes what a stopped stack kept in this folder; other files in the folder stay. */
export function removeStackData(dataDir: string): void {
  removePostgresData(dataDir);
  for (const part of ['mlflow', 'temporal', 'logs', 'run'])
    rmSync(join(dataDir, part), { recursive: true, force: true });
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out what is undefined. */
function given<T extends Record<string, unknown>>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
}
