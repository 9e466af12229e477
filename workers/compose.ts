/** Wires the adapters to the ports. Only the composition root (main.ts) and, lazily, the plugin come here. */
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { GpuSlots, discoverGpus } from '../adapters/gpu';
import { createJsonLogger } from '../adapters/json-log';
import { LogNotifier } from '../adapters/log-notifier';
import { KeptTrackingStore, MlflowRegistryStore, MlflowTrackingStore, MlflowTransport } from '../adapters/mlflow';
import { OnnxModelRuntime } from '../adapters/onnx';
import { ParquetSnapshotFiles } from '../adapters/parquet';
import {
  checkSchema,
  createPool,
  PostgresClaimStore,
  PostgresDecisionStore,
  PostgresEvaluationStore,
  PostgresGatewayStatusStore,
  PostgresIncidentStore,
  PostgresModelStore,
  PostgresPredictionReader,
  PostgresProfileStore,
  PostgresQualityStatistics,
  PostgresRouteStore,
  PostgresTrainingProbe,
  PostgresTrainingSource,
  PostgresWindowStatistics,
  PostgresTriggerInbox,
} from '../adapters/postgres';
import { EchartsReportRenderer } from '../adapters/report';
import { TemporalWorkflowGateway } from '../adapters/temporal';
import { ProcessTrainer } from '../adapters/trainer';
import { CompositeNotifier, WebhookNotifier } from '../adapters/webhook';
import type { ActivityPorts } from '../activities';
import type { WorkerConfig } from './config';
import { packageVersion } from './package-version';
import type { ConnectedPorts } from './plugin';
import { connectTemporal } from './connect-temporal';

export async function connectPorts(config: WorkerConfig): Promise<ConnectedPorts> {
  const logger = createJsonLogger(config.logLevel);
  const clock = { now: (): number => Date.now() };
  const pool = createPool(config.databaseUrl, { applicationName: 'ratchet-worker' });
  const warehouse = createPool(config.warehouseUrl, {
    applicationName: 'ratchet-training',
    statementTimeoutMs: 600_000,
    max: 2,
  });
  await checkSchema(pool);
  const transport = new MlflowTransport(config.mlflow.trackingUri, config.mlflow);
  // Kept writes wait for nobody: the first one of an outage gives up soon, then they go to disk.
  const impatient = new MlflowTransport(config.mlflow.trackingUri, { ...config.mlflow, attempts: 2, timeoutMs: 5_000 });
  const tracking = new KeptTrackingStore(new MlflowTrackingStore(impatient), {
    folder: path.join(config.workDir, `kept-tracking-${os.hostname()}`),
    logger,
    now: clock.now,
  });
  // What an earlier process left; not awaited, for a worker starts while MLflow is away.
  tracking.flush().catch((error: unknown) => logger.warn('kept MLflow writes wait', { error: String(error) }));
  const gpus = await discoverGpus();
  const slots = new GpuSlots(gpus);
  const trainer = new ProcessTrainer({ python: config.python, trainerDir: trainerFolder(), env: process.env, logger });
  const { connectionOptions, namespace } = connectTemporal(config);
  const connection = await Connection.connect(connectionOptions);
  const ports: ActivityPorts = {
    models: new PostgresModelStore(pool),
    routes: new PostgresRouteStore(pool),
    claims: new PostgresClaimStore(pool),
    decisions: new PostgresDecisionStore(pool),
    incidents: new PostgresIncidentStore(pool),
    predictions: new PostgresPredictionReader(pool),
    evaluations: new PostgresEvaluationStore(pool),
    statistics: new PostgresWindowStatistics(pool),
    quality: new PostgresQualityStatistics(pool),
    profiles: new PostgresProfileStore(pool),
    gateways: new PostgresGatewayStatusStore(pool),
    training: new PostgresTrainingSource({
      warehouse,
      ledger: pool,
      files: new ParquetSnapshotFiles(),
      folder: path.join(config.workDir, 'snapshots'),
    }),
    probe: new PostgresTrainingProbe({ warehouse }),
    triggers: new PostgresTriggerInbox(pool),
    trainer,
    gpus: slots,
    runtime: new OnnxModelRuntime(),
    tracking,
    registry: new MlflowRegistryStore(transport),
    notifier: new CompositeNotifier([
      new LogNotifier({ logger }),
      new WebhookNotifier({ clock, logger, secretOf: (name) => config.secrets[name] }),
    ]),
    workflows: new TemporalWorkflowGateway(new Client({ connection, namespace }), config.taskQueue),
    reports: new EchartsReportRenderer(),
    clock,
    logger,
    workDir: config.workDir,
    codeVersion: packageVersion(),
  };
  return {
    ports,
    trainingSlots: Math.max(1, gpus.length),
    close: async () => {
      await trainer.close();
      await tracking.close();
      await Promise.all([connection.close(), pool.end(), warehouse.end()]);
    },
  };
}

/** `trainer/` of the package: beside workers/ in the sources, one up from dist/ when built. */
function trainerFolder(): string {
  const candidates = [path.join(__dirname, '..', 'trainer'), path.join(__dirname, '..', '..', 'trainer')];
  return candidates.find((folder) => existsSync(path.join(folder, 'ratchet_trainer'))) ?? (candidates[0] as string);
}
