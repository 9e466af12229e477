/** From flags and environment to a connection. Flags win over TEMPORAL_* variables, those over a profile in temporal.toml. */
import { DEFAULT_ADDRESS, DEFAULT_NAMESPACE, RatchetClient, type ConnectOptions } from '../client';
import type { ConnectionFlags } from './io';

type Env = Readonly<Record<string, string | undefined>>;

export async function connectClient(flags: ConnectionFlags, env: Env): Promise<RatchetClient> {
  return await RatchetClient.connect({ ...connectOptions(flags, env, await profile()) });
}

/** Pure: what to connect with. */
export function connectOptions(flags: ConnectionFlags, env: Env, base: ConnectOptions = {}): ConnectOptions {
  const address = flags.address ?? filled(env['TEMPORAL_ADDRESS']) ?? base.address ?? DEFAULT_ADDRESS;
  const namespace = flags.namespace ?? filled(env['TEMPORAL_NAMESPACE']) ?? base.namespace ?? DEFAULT_NAMESPACE;
  const apiKey = filled(env['TEMPORAL_API_KEY']);
  const tls = filled(env['TEMPORAL_TLS']);
  return {
    address,
    namespace,
    connection: {
      connectTimeout: Math.min(CONNECT_TIMEOUT_MS, (flags.timeout ?? Infinity) * 1000),
      ...base.connection,
      ...(apiKey === undefined ? {} : { apiKey, tls: true }),
      ...(tls === undefined ? {} : { tls: tls !== 'false' && tls !== '0' }),
    },
    ...(flags.taskQueue === undefined ? {} : { taskQueue: flags.taskQueue }),
    ...(flags.timeout === undefined ? {} : { timeoutMs: flags.timeout * 1000 }),
  };
}

/** The profile of temporal.toml, read by Temporal's own package where that is installed. */
async function profile(): Promise<ConnectOptions> {
  let envconfig: typeof import('@temporalio/envconfig');
  try {
    envconfig = await import('@temporalio/envconfig');
  } catch {
    return {};
  }
  const { connectionOptions, namespace } = envconfig.loadClientConnectConfig();
  const { address, ...connection } = connectionOptions;
  return {
    connection,
    ...(address === undefined ? {} : { address }),
    ...(namespace === undefined ? {} : { namespace }),
  };
}

/** A server that is there answers in milliseconds; nobody wants to wait long to read that it is not. */
const CONNECT_TIMEOUT_MS = 5_000;

const filled = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
