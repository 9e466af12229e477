import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Pool } from 'pg';
import { resolveBinaries } from '../../adapters/embedded';
import { ParquetSnapshotFiles } from '../../adapters/parquet';
import { PostgresModelStore, PostgresRouteStore } from '../../adapters/postgres';
import { ProcessTrainer } from '../../adapters/trainer';
import type { ModelVersion } from '../../core/model';
import type { Logger, TrainerResult } from '../../core/ports';
import { resolvePolicy } from '../../policy';
import { projectRoot } from './project-root';
import { CLASSES, numericFeatures, syntheticRows } from './rows';
import type { Cleanup } from './run-bench';

export const MODEL = 'bench';

export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (message, fields) => process.stderr.write(`${message} ${JSON.stringify(fields ?? {})}\n`),
};

export function benchTrainer(cleanup: Cleanup): ProcessTrainer {
  const trainer = new ProcessTrainer({
    python: resolveBinaries({ pythonEnv: join(projectRoot(), '.ratchet', 'python') }).python,
    trainerDir: join(projectRoot(), 'trainer'),
    env: process.env,
    logger: silent,
  });
  cleanup.add(() => trainer.close());
  return trainer;
}

export interface TrainedModel {
  readonly path: string;
  readonly sha256: string;
  readonly features: number;
  readonly trees: number;
  readonly result: TrainerResult & { readonly model: NonNullable<TrainerResult['model']> };
}

/** LightGBM by the built-in trainer: `trees` trees of up to 63 leaves over `features` numbers, one [N, F] input. */
export async function trainModel(
  cleanup: Cleanup,
  folder: string,
  options: { readonly rows: number; readonly features: number; readonly trees: number },
): Promise<TrainedModel> {
  const features = numericFeatures(options.features);
  const files = new ParquetSnapshotFiles();
  const snapshot = await files.write(join(folder, 'snapshots'), syntheticRows(options.rows, features, 1));
  const result = await benchTrainer(cleanup).run(
    {
      kind: 'fit',
      snapshotUri: snapshot.path,
      snapshotDigest: snapshot.digest,
      task: 'binary',
      features,
      classes: CLASSES,
      threshold: 0.5,
      algorithm: 'lightgbm',
      params: { rounds: options.trees, leaves: 63, min_child_samples: 20, learning_rate: 0.05 },
      seed: 1,
      holdoutClusters: ['2025-12-30', '2025-12-31'],
      folds: 2,
      goldenRows: 32,
      compareRandomHoldout: false,
      outputDir: mkdtempSync(join(folder, 'fit-')),
    },
    {
      command: null,
      onProgress: () => undefined,
      signal: new AbortController().signal,
      cudaDevice: null,
      silenceMs: 300_000,
    },
  );
  const { model } = result;
  if (model === null) throw new Error('the trainer wrote no model');
  return {
    path: model.path,
    sha256: model.sha256,
    features: options.features,
    trees: options.trees,
    result: { ...result, model },
  };
}

/** Registers the file under these versions and makes the first one champion. */
export async function adoptModel(pool: Pool, trained: TrainedModel, versions: readonly ModelVersion[]): Promise<void> {
  const { contract } = trained.result.model;
  const by = { actor: 'bench', reason: 'benchmark' };
  const models = new PostgresModelStore(pool);
  await models.saveModel(
    resolvePolicy({
      model: MODEL,
      preset: 'demo',
      task: 'binary',
      features: [...contract.features],
      classes: [...contract.classes],
    }),
    by,
  );
  for (const version of versions) {
    await models.saveVersion({
      model: MODEL,
      version,
      sha256: trained.sha256,
      artifactUri: pathToFileURL(trained.path).href,
      contract,
      golden: trained.result.golden ?? { features: { rows: 0, columns: {} }, scores: [], labels: [] },
      holdoutMetrics: {},
      referenceProfile: null,
      mlflow: { runId: null, modelId: null },
      blessings: [],
      createdAt: Date.now(),
      origin: 'bench',
    });
  }
  const champion = versions[0] as ModelVersion;
  await new PostgresRouteStore(pool).changeRoute(MODEL, { kind: 'adopt', version: champion }, null, {
    ...by,
    key: 'bench:adopt',
    model: MODEL,
    version: champion,
    kind: 'route.adopt',
    verdict: null,
    reasons: [],
    evidence: {},
    workflowId: null,
  });
}
