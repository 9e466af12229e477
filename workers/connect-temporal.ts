import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { ConnectionOptions } from '@temporalio/client';
import type { WorkerConfig } from './config';

/** Temporal's own configuration (temporal.toml profile, TEMPORAL_* variables), with the explicit address winning. */
export function connectTemporal(config: Pick<WorkerConfig, 'temporal'>): {
  connectionOptions: ConnectionOptions;
  namespace: string;
} {
  const loaded = loadClientConnectConfig();
  const { address, namespace } = config.temporal;
  return {
    connectionOptions: { ...loaded.connectionOptions, ...(address === null ? {} : { address }) },
    namespace: namespace ?? loaded.namespace ?? 'default',
  };
}
