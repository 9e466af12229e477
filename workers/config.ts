import path from 'node:path';
import type { MlflowOptions } from '../adapters/mlflow';
import { fromEnv as mlflowFromEnv } from '../adapters/mlflow';
import { RatchetError } from '../core/errors';
import { TASK_QUEUE } from '../core/ids';
import { parseLogLevel, type LogLevel } from '../core/log-level';

type Env = Readonly<Record<string, string | undefined>>;

export interface WorkerConfig {
  readonly databaseUrl: string;
  /** Where training queries run. */
  readonly warehouseUrl: string;
  readonly mlflow: MlflowOptions;
  readonly temporal: { readonly address: string | null; readonly namespace: string | null };
  readonly taskQueue: string;
  /** Jobs of trainers and kept tracking writes; snapshots beside it. Shared by all training workers of an installation. */
  readonly workDir: string;
  /** The Python that has the locked requirements (trainer/requirements.txt). */
  readonly python: string;
  readonly logLevel: LogLevel;
  /** Where policies name secrets by variable. */
  readonly secrets: Env;
}

/**
 * DATABASE_URL · RATCHET_WAREHOUSE_URL (default DATABASE_URL) · MLFLOW_TRACKING_URI and its credentials · TEMPORAL_ADDRESS,
 * TEMPORAL_NAMESPACE or a profile in temporal.toml · RATCHET_TASK_QUEUE · RATCHET_WORK_DIR · RATCHET_PYTHON · RATCHET_LOG_LEVEL.
 * @throws RATCHET_INPUT_INVALID naming what is missing.
 */
export function configFromEnv(env: Env): WorkerConfig {
  const databaseUrl = env['DATABASE_URL'];
  if (databaseUrl === undefined || databaseUrl === '') {
    throw new RatchetError('RATCHET_INPUT_INVALID', 'DATABASE_URL is not set', {
      hint: 'Set DATABASE_URL to the PostgreSQL of Ratchet, e.g. postgresql://user@host/ratchet, or use `ratchet dev`.',
    });
  }
  return {
    databaseUrl,
    warehouseUrl: env['RATCHET_WAREHOUSE_URL'] ?? databaseUrl,
    mlflow: mlflowFromEnv(env),
    temporal: { address: env['TEMPORAL_ADDRESS'] ?? null, namespace: env['TEMPORAL_NAMESPACE'] ?? null },
    taskQueue: env['RATCHET_TASK_QUEUE'] ?? TASK_QUEUE,
    workDir: path.resolve(env['RATCHET_WORK_DIR'] ?? path.join('.ratchet', 'work')),
    python: env['RATCHET_PYTHON'] ?? path.resolve('.ratchet', 'python', 'bin', 'python'),
    logLevel: parseLogLevel(env['RATCHET_LOG_LEVEL']),
    secrets: env,
  };
}
