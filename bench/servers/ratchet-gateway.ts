/**
 * The gateway as in production (gateway/main.ts), but for the registry: model files lie on this disk, so that no MLflow has to be
 * started for a benchmark of serving. PostgreSQL, log mode `os`, routes by NOTIFY are the real ones. Argument: a data folder.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { OnnxModelRuntime } from '../../adapters/onnx';
import {
  createPool,
  PostgresGatewayStatusStore,
  PostgresLabelStore,
  PostgresModelStore,
  PostgresPredictionSink,
  PostgresRouteSource,
} from '../../adapters/postgres';
import { createGateway } from '../../gateway';
import { silent } from '../world/trained-model';
import { endOnSigterm, sayReady } from './child-protocol';

async function main(): Promise<void> {
  const databaseUrl = process.env['DATABASE_URL'] ?? '';
  const pool = createPool(databaseUrl, { applicationName: 'bench-gateway', max: 6 });
  const logPool = createPool(databaseUrl, { applicationName: 'bench-gateway-log', max: 2 });
  const gateway = createGateway({
    ports: {
      models: new PostgresModelStore(pool),
      registry: { fetchModel: (uri) => readFile(fileURLToPath(uri)) },
      routes: new PostgresRouteSource(pool, { logger: silent }),
      status: new PostgresGatewayStatusStore(pool),
      labels: new PostgresLabelStore(pool),
      sink: new PostgresPredictionSink(logPool),
      runtime: new OnnxModelRuntime(),
    },
    clock: { now: () => Date.now() },
    logger: silent,
    name: 'bench',
    dataDir: process.argv[2] as string,
  });
  endOnSigterm(async () => {
    await gateway.stop();
    await Promise.all([pool.end(), logPool.end()]);
  });
  sayReady((await gateway.start()).url);
}

void main();
