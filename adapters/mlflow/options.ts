import { RatchetError } from '../../core/errors';

export type MlflowAuth =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string };

/** How to talk to a server. Everything but the address has a default; the last three exist for tests. */
export interface MlflowTransportOptions {
  readonly auth?: MlflowAuth;
  /** MLflow 3.10+ workspaces: sent as `X-MLflow-Workspace`. */
  readonly workspace?: string;
  /** Longest wait for one answer, milliseconds. Default 30 000. */
  readonly timeoutMs?: number;
  /** The same for artifact bodies, which may be large. Default 300 000. */
  readonly artifactTimeoutMs?: number;
  /** Tries in all, at least 1. Default 5. */
  readonly attempts?: number;
  /** First pause between tries, milliseconds; doubles each time up to 10 s, with full jitter. Default 250. */
  readonly backoffMs?: number;
  readonly fetch?: typeof fetch;
  readonly sleep?: (ms: number) => Promise<void>;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

export interface MlflowOptions extends MlflowTransportOptions {
  /** `http://` or `https://`; user and password in it are taken as Basic auth. */
  readonly trackingUri: string;
}

/**
 * MLflow's own environment variables: `MLFLOW_TRACKING_URI`, `…_USERNAME` and `…_PASSWORD` or `…_TOKEN`,
 * `MLFLOW_WORKSPACE`, `MLFLOW_HTTP_REQUEST_TIMEOUT` (seconds). A token wins over user and password. Only the
 * composition roots call this.
 *
 * @throws RATCHET_INPUT_INVALID when the address is missing or the timeout is not a positive number
 */
export function fromEnv(env: Readonly<Record<string, string | undefined>>): MlflowOptions {
  const trackingUri = env['MLFLOW_TRACKING_URI'];
  if (trackingUri === undefined || trackingUri === '') {
    throw new RatchetError('RATCHET_INPUT_INVALID', 'MLFLOW_TRACKING_URI is not set', {
      hint: 'Set MLFLOW_TRACKING_URI to the address of the MLflow server, e.g. http://mlflow:5000.',
    });
  }
  const auth = authFrom(env);
  const timeoutMs = timeoutFrom(env['MLFLOW_HTTP_REQUEST_TIMEOUT']);
  const workspace = env['MLFLOW_WORKSPACE'];
  return {
    trackingUri,
    ...(auth === undefined ? {} : { auth }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(workspace === undefined || workspace === '' ? {} : { workspace }),
  };
}

function authFrom(env: Readonly<Record<string, string | undefined>>): MlflowAuth | undefined {
  const token = env['MLFLOW_TRACKING_TOKEN'];
  if (token !== undefined && token !== '') return { kind: 'bearer', token };
  const username = env['MLFLOW_TRACKING_USERNAME'];
  if (username === undefined || username === '') return undefined;
  return { kind: 'basic', username, password: env['MLFLOW_TRACKING_PASSWORD'] ?? '' };
}

function timeoutFrom(seconds: string | undefined): number | undefined {
  if (seconds === undefined || seconds === '') return undefined;
  const value = Number(seconds);
  if (!Number.isFinite(value) || value <= 0) {
    throw new RatchetError(
      'RATCHET_INPUT_INVALID',
      `MLFLOW_HTTP_REQUEST_TIMEOUT is "${seconds}", expected a positive number of seconds`,
    );
  }
  return value * 1000;
}
