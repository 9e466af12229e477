import type { Frame } from '../../core/frame';
import type { EpochMs, ModelContract, ModelName, ModelVersion } from '../../core/model';
import type { ServingPolicy } from '../../core/policy';
import type {
  Clock,
  EvaluationStore,
  LabelStore,
  ModelRecord,
  ModelStore,
  PredictionReader,
  PredictionRecord,
  ProfileStore,
  QualityStatistics,
  TriggerInbox,
  WindowStatistics,
} from '../../core/ports';
import type { DriftReportData } from '../../core/drift/report-data';
import type { ReferenceProfile } from '../../core/drift/profile';
import type { Access } from '../http/api-keys';

/** What the watch API needs from outside the gateway. */
export interface WatchPorts {
  readonly models: Pick<
    ModelStore,
    'saveModel' | 'getModel' | 'listModels' | 'saveVersion' | 'getVersion' | 'listVersions'
  >;
  readonly profiles: Pick<ProfileStore, 'saveProfile' | 'getProfile'>;
  readonly statistics: Pick<WindowStatistics, 'countWindow' | 'countPerformance'>;
  readonly quality: QualityStatistics;
  readonly predictions: Pick<PredictionReader, 'latestOccurredAt'>;
  readonly evaluations: Pick<EvaluationStore, 'listEvaluations'>;
  readonly triggers: Pick<TriggerInbox, 'addTriggers' | 'listTriggers'>;
  /** A body of CSV, TSV or Parquet into typed columns. Rejects RATCHET_INPUT_INVALID. */
  readonly readTable: (bytes: Uint8Array, contentType: string) => Promise<Frame>;
  /** The value of an environment variable that a policy names; undefined: not set. */
  readonly secretOf: (name: string) => string | undefined;
  /** One HTML page, readable offline. Left out: only JSON is answered. */
  readonly renderReport?: (report: DriftReportData) => Promise<string>;
}

/** What the gateway itself gives the watch API. */
export interface WatchContext {
  readonly ports: WatchPorts;
  readonly access: Access;
  readonly labels: LabelStore;
  readonly clock: Clock;
  readonly limits: WatchLimits;
  /** The routed champion; null: this gateway has no route of the model. */
  champion(model: ModelName): ModelVersion | null;
  /** Resolves when the rows are safe on the disk, whatever the policy says of the log's mode. */
  append(model: ModelName, serving: ServingPolicy, rows: readonly PredictionRecord[]): Promise<void>;
  /** Waits until appended rows are in PostgreSQL, at most this long. */
  drained(model: ModelName, timeoutMs: number): Promise<void>;
}

export interface WatchLimits {
  readonly maxBodyBytes: number;
  readonly maxRowsBytes: number;
  readonly maxReferenceBytes: number;
  readonly labelGraceMs: number;
}

/** A model and the version of it that is asked about. */
export interface WatchSubject {
  readonly record: ModelRecord;
  readonly version: ModelVersion;
  readonly contract: ModelContract;
  readonly holdoutMetrics: Readonly<Record<string, number>>;
  readonly external: boolean;
  readonly reference: WatchReference | null;
}

export interface WatchReference {
  readonly digest: string;
  readonly profile: ReferenceProfile;
  /** null: it came with the version. */
  readonly savedAt: EpochMs | null;
}

/** `from` inclusive, event time. */
export interface Window {
  readonly from: EpochMs;
  readonly to: EpochMs;
}
