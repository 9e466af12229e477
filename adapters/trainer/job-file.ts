import type { TrainerJob } from '../../core/ports';

/** The job file: the same fields in snake_case. Parameter and feature names are left as they are. */
export function jobDocument(job: TrainerJob): Readonly<Record<string, unknown>> {
  return {
    kind: job.kind,
    snapshot_uri: job.snapshotUri,
    snapshot_digest: job.snapshotDigest,
    task: job.task,
    features: job.features,
    classes: job.classes,
    threshold: job.threshold,
    algorithm: job.algorithm,
    params: job.params,
    seed: job.seed,
    holdout_clusters: job.holdoutClusters,
    folds: job.folds,
    golden_rows: job.goldenRows,
    compare_random_holdout: job.compareRandomHoldout,
    output_dir: job.outputDir,
  };
}
