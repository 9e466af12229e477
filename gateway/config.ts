import { hostname } from 'node:os';
import path from 'node:path';
import { RatchetError } from '../core/errors';
import { parseLogLevel, type LogLevel } from '../core/log-level';
import { parseApiKeys, type ApiKey } from './http/api-keys';

export interface GatewayConfig {
  readonly databaseUrl: string;
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly dataDir: string;
  readonly apiKeys: readonly ApiKey[];
  readonly logLevel: LogLevel;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * DATABASE_URL · RATCHET_GATEWAY_HOST (default 127.0.0.1) · RATCHET_GATEWAY_PORT
 * (default 8080; 0: a free one) · RATCHET_GATEWAY_NAME (default host name and port) · RATCHET_CACHE_DIR (default
 * .ratchet/gateway; one gateway a folder) · RATCHET_API_KEYS (`predict+label:<key>,operate:<key>`) · RATCHET_LOG_LEVEL.
 * (MLFLOW_TRACKING_URI and its credentials are read by adapters/mlflow.) Rejects RATCHET_INPUT_INVALID, RATCHET_SETUP.
 */
export function configFromEnv(env: Env): GatewayConfig {
  const databaseUrl = given(env, 'DATABASE_URL');
  if (databaseUrl === null) {
    throw new RatchetError('RATCHET_INPUT_INVALID', 'DATABASE_URL is not set.', {
      hint: 'Set DATABASE_URL to the PostgreSQL of Ratchet, e.g. postgresql://user@host/ratchet, or use `ratchet dev`.',
    });
  }
  const port = Number(given(env, 'RATCHET_GATEWAY_PORT') ?? 8080);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RatchetError(
      'RATCHET_INPUT_INVALID',
      `RATCHET_GATEWAY_PORT is "${env['RATCHET_GATEWAY_PORT'] ?? ''}", expected 0 to 65535.`,
    );
  }
  return {
    databaseUrl,
    host: given(env, 'RATCHET_GATEWAY_HOST') ?? '127.0.0.1',
    port,
    name: given(env, 'RATCHET_GATEWAY_NAME') ?? `${hostname()}:${port === 0 ? process.pid : port}`,
    dataDir: path.resolve(given(env, 'RATCHET_CACHE_DIR') ?? path.join('.ratchet', 'gateway')),
    apiKeys: parseApiKeys(given(env, 'RATCHET_API_KEYS') ?? ''),
    logLevel: parseLogLevel(env['RATCHET_LOG_LEVEL']),
  };
}

function given(env: Env, name: string): string | null {
  const value = env[name];
  return value === undefined || value === '' ? null : value;
}
