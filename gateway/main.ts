#!/usr/bin/env node
/**
 * The gateway as a process, wired from the environment. Composition root: nothing imports it. Prints one JSON line
 * `{"ready":true,"url":…,"pid":…,"gateway":…}` when it answers; SIGTERM and SIGINT end it after what is in flight.
 */
import { createPool, PostgresGatewayStatusStore, PostgresLabelStore, PostgresModelStore } from '../adapters/postgres';
import { PostgresPredictionSink, PostgresRouteSource } from '../adapters/postgres';
import { fromEnv as mlflowFromEnv, MlflowRegistryStore, MlflowTransport } from '../adapters/mlflow';
import { createJsonLogger } from '../adapters/json-log';
import { OnnxModelRuntime } from '../adapters/onnx';
import { isRatchetError } from '../core/errors';
import { configFromEnv } from './config';
import { createGateway } from './gateway';

async function main(): Promise<void> {
  const config = configFromEnv(process.env);
  const logger = createJsonLogger(config.logLevel);
  const onIdleError = (error: Error): void => logger.warn('PostgreSQL connection lost', { error: error.message });
  // The log drains on a pool of its own: a backlog must not hold up labels and routes.
  const pool = createPool(config.databaseUrl, { applicationName: 'ratchet-gateway', max: 6, onIdleError });
  const logPool = createPool(config.databaseUrl, { applicationName: 'ratchet-gateway-log', max: 2, onIdleError });
  const mlflowOptions = mlflowFromEnv(process.env);
  const mlflow = new MlflowTransport(mlflowOptions.trackingUri, mlflowOptions);
  const gateway = createGateway({
    ports: {
      models: new PostgresModelStore(pool),
      registry: new MlflowRegistryStore(mlflow),
      routes: new PostgresRouteSource(pool, { logger }),
      status: new PostgresGatewayStatusStore(pool),
      labels: new PostgresLabelStore(pool),
      sink: new PostgresPredictionSink(logPool),
      runtime: new OnnxModelRuntime(),
    },
    clock: { now: () => Date.now() },
    logger,
    name: config.name,
    dataDir: config.dataDir,
    host: config.host,
    port: config.port,
    apiKeys: config.apiKeys,
  });

  let ending: Promise<void> | null = null;
  const end = (signal: string): Promise<void> => {
    logger.info('gateway stops', { signal });
    ending ??= gateway
      .stop()
      .then(() => Promise.all([pool.end(), logPool.end()]))
      .then(() => undefined);
    return ending;
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      end(signal).then(
        () => process.exit(0),
        (error: unknown) => fail(error),
      );
    });
  }

  const { url } = await gateway.start();
  process.stdout.write(`${JSON.stringify({ ready: true, url, pid: process.pid, gateway: config.name })}\n`);
}

function fail(error: unknown): never {
  const line = isRatchetError(error)
    ? `${error.code}: ${error.message} ${error.hint}`
    : String(error instanceof Error ? error.stack : error);
  process.stderr.write(`${line}\n`);
  process.exit(1);
}

main().catch(fail);
