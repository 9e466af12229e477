#!/usr/bin/env node
/**
 * The gateway as a process, wired from the environment. Composition root: nothing imports it. Prints one JSON line
 * `{"ready":true,"url":…,"pid":…,"gateway":…}` when it answers; SIGTERM and SIGINT end it after what is in flight.
 */
import { join } from 'node:path';
import {
  createPool,
  PostgresEvaluationStore,
  PostgresGatewayStatusStore,
  PostgresLabelStore,
  PostgresModelStore,
  PostgresPredictionReader,
  PostgresPredictionSink,
  PostgresProfileStore,
  PostgresQualityStatistics,
  PostgresRouteSource,
  PostgresTriggerInbox,
  PostgresWindowStatistics,
} from '../adapters/postgres';
import { fromEnv as mlflowFromEnv, MlflowRegistryStore, MlflowTransport } from '../adapters/mlflow';
import { createJsonLogger } from '../adapters/json-log';
import { OnnxModelRuntime } from '../adapters/onnx';
import { isRatchetError } from '../core/errors';
import { configFromEnv } from './config';
import { createGateway } from './gateway';
import { tableReader } from './read-table';

async function main(): Promise<void> {
  const config = configFromEnv(process.env);
  const logger = createJsonLogger(config.logLevel);
  const onIdleError = (error: Error): void => logger.warn('PostgreSQL connection lost', { error: error.message });
  // The log drains on a pool of its own: a backlog must not hold up labels and routes.
  const pool = createPool(config.databaseUrl, { applicationName: 'ratchet-gateway', max: 6, onIdleError });
  const logPool = createPool(config.databaseUrl, { applicationName: 'ratchet-gateway-log', max: 2, onIdleError });
  // Counting a window may take a while: predictions' labels and routes do not wait for it.
  const watchPool = createPool(config.databaseUrl, { applicationName: 'ratchet-gateway-watch', max: 3, onIdleError });
  const mlflowOptions = mlflowFromEnv(process.env);
  const mlflow = new MlflowTransport(mlflowOptions.trackingUri, mlflowOptions);
  const models = new PostgresModelStore(pool);
  const gateway = createGateway({
    ports: {
      models,
      registry: new MlflowRegistryStore(mlflow),
      routes: new PostgresRouteSource(pool, { logger }),
      status: new PostgresGatewayStatusStore(pool),
      labels: new PostgresLabelStore(pool),
      sink: new PostgresPredictionSink(logPool),
      runtime: new OnnxModelRuntime(),
      evaluations: new PostgresEvaluationStore(pool),
      watch: {
        models,
        profiles: new PostgresProfileStore(watchPool),
        statistics: new PostgresWindowStatistics(watchPool),
        quality: new PostgresQualityStatistics(watchPool),
        predictions: new PostgresPredictionReader(watchPool),
        evaluations: new PostgresEvaluationStore(watchPool),
        triggers: new PostgresTriggerInbox(pool),
        readTable: tableReader(
          {
            // optional peers: a gateway that is sent no files needs neither
            csv: async (bytes, source) => (await import('../adapters/csv/index.js')).readCsvBytes(bytes, source),
            parquet: async (path) => (await import('../adapters/parquet/index.js')).readParquetFrame(path),
          },
          join(config.dataDir, 'tables'),
        ),
        secretOf: (name) => process.env[name],
        // charts are drawn by an optional peer
        renderReport: async (report) => {
          const { EchartsReportRenderer } = await import('../adapters/report/index.js');
          return new EchartsReportRenderer().renderDrift(report);
        },
      },
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
      .then(() => Promise.all([pool.end(), logPool.end(), watchPool.end()]))
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
