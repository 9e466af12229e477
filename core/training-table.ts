/** The table of a snapshot: what a training source makes of a query's rows, and what a snapshot file holds. */
import type { EpochMs, FeatureSpec, FeatureValue } from './model';

export interface TrainingTable {
  readonly rows: number;
  /** In the policy's order. */
  readonly features: readonly { readonly spec: FeatureSpec; readonly values: readonly FeatureValue[] }[];
  readonly target: readonly string[];
  readonly eventTime: readonly EpochMs[];
  readonly cluster: readonly string[];
}

/** Writes and reads snapshot files: adapters/parquet. */
export interface SnapshotFiles {
  /**
   * Writes `<folder>/<digest>.parquet` at once or not at all. The same table gives the same bytes, hence the same digest.
   */
  write(folder: string, table: TrainingTable): Promise<{ readonly digest: string; readonly path: string }>;
  /**
   * Reads it back. Rejects RATCHET_SNAPSHOT_CORRUPT when the bytes do not have this SHA-256 or the file is gone, and
   * RATCHET_COLUMN_MISSING when a feature is not in it.
   */
  read(path: string, digest: string, features: readonly FeatureSpec[]): Promise<TrainingTable>;
}

/** Columns that every snapshot has beside the features; no feature may have such a name. */
export const SNAPSHOT_COLUMNS = ['target', 'event_time', 'cluster'] as const;
