import type { ServingPolicy } from '../core/policy';
import type {
  Clock,
  EvaluationStore,
  GatewayStatusStore,
  LabelStore,
  Logger,
  ModelRuntime,
  ModelStore,
  PredictionSink,
  RegistryStore,
  RouteSource,
} from '../core/ports';
import type { ApiKey, Authorize } from './http/api-keys';
import type { CanaryGuard } from './routing/assignment';
import type { WatchPorts } from './watch/ports';

/** Everything outside that a gateway needs. Temporal is not among it. */
export interface GatewayPorts {
  readonly models: Pick<ModelStore, 'getModel' | 'getVersion'>;
  readonly registry: Pick<RegistryStore, 'fetchModel'>;
  readonly routes: RouteSource;
  readonly status: GatewayStatusStore;
  readonly labels: LabelStore;
  readonly sink: PredictionSink;
  readonly runtime: ModelRuntime;
  /** Shown as gauges at /metrics; left out: they are not. */
  readonly evaluations?: Pick<EvaluationStore, 'newestEvaluations'>;
  /** Default: this gateway has no watch API (`/v1`). */
  readonly watch?: WatchPorts;
}

export interface GatewayOptions {
  readonly ports: GatewayPorts;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Name under which readiness is reported; one gateway a name. */
  readonly name: string;
  /** Folder of the model cache, the last known routes and the log's segments. One gateway a folder. */
  readonly dataDir: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Default none: everything is open. */
  readonly apiKeys?: readonly ApiKey[];
  /** Asked when no API key admits a request. With it nothing is open. */
  readonly authorize?: Authorize;
  readonly limits?: Partial<GatewayLimits>;
  /** Milliseconds on a clock that never steps. Leases are counted on it. Default performance.now. */
  readonly monotonicMs?: () => number;
  /** Asked before each use of the canary: the seam for a breaker inside the process. Default: always yes. */
  readonly canaryGuard?: CanaryGuard;
}

export interface GatewayLimits {
  readonly maxBodyBytes: number;
  /** Bodies of predictions of models that are served elsewhere. */
  readonly maxRowsBytes: number;
  /** Bodies of references: CSV, Parquet or JSON rows. */
  readonly maxReferenceBytes: number;
  readonly maxInFlightRows: number;
  readonly inferenceTimeoutMs: number;
  readonly shadowCapacity: number;
  readonly shadowTimeoutMs: number;
  /** A label may name a prediction this young that is not in PostgreSQL yet. */
  readonly labelGraceMs: number;
  readonly statusIntervalMs: number;
  readonly statusTtlMs: number;
  /** How long `start` waits for PostgreSQL and for models before it goes on with what it knows. */
  readonly startTimeoutMs: number;
  /** How long `stop` waits for requests in flight, and again for the log to drain. */
  readonly stopTimeoutMs: number;
}

export const DEFAULT_LIMITS: GatewayLimits = {
  maxBodyBytes: 4 * 1024 * 1024,
  maxRowsBytes: 16 * 1024 * 1024,
  maxReferenceBytes: 64 * 1024 * 1024,
  maxInFlightRows: 4096,
  inferenceTimeoutMs: 5_000,
  shadowCapacity: 1024,
  shadowTimeoutMs: 2_000,
  labelGraceMs: 15 * 60_000,
  statusIntervalMs: 1_000,
  statusTtlMs: 10_000,
  startTimeoutMs: 10_000,
  stopTimeoutMs: 10_000,
};

/** Until a model's policy was read: nothing acknowledged is lost, and a full disk refuses rather than forgets. */
export const SERVING_UNTIL_KNOWN: ServingPolicy = { log: 'os', onLogFull: 'refuse', maxLogBytes: 256 * 1024 * 1024 };
