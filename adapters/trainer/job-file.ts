import type { DomainJob } from '../../core/drift/multivariate';
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

/** The job file of kind `domain`. */
export function domainJobDocument(job: DomainJob): Readonly<Record<string, unknown>> {
  return {
    kind: 'domain',
    reference_uri: job.referenceUri,
    reference_digest: job.referenceDigest,
    current_uri: job.currentUri,
    current_digest: job.currentDigest,
    features: job.features,
    cluster_column: job.clusterColumn,
    folds: job.folds,
    maximum_rows: job.maximumRows,
    seed: job.seed,
    output_dir: job.outputDir,
  };
}
