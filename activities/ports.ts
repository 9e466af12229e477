import type {
  ClaimStore,
  Clock,
  DecisionStore,
  EvaluationStore,
  GatewayStatusStore,
  IncidentStore,
  Logger,
  ModelRuntime,
  ModelStore,
  Notifier,
  PredictionReader,
  ProfileStore,
  QualityStatistics,
  RegistryStore,
  ReportRenderer,
  RouteStore,
  TrackingStore,
  Trainer,
  TrainingProbe,
  TrainingSource,
  TriggerInbox,
  WindowStatistics,
  WorkflowGateway,
} from '../core/ports';

/** Cards of this worker: one lease a training (DESIGN §5). `null` from acquire: no free card, train on the CPU. */
export interface GpuLeases {
  /** Index of the leased card; the same one when the same holder asks again. */
  acquire(holder: string): number | null;
  release(holder: string): void;
}

/** All that activities need from outside. `workers/` wires it; tests give fakes. */
export interface ActivityPorts {
  readonly models: ModelStore;
  readonly routes: RouteStore;
  readonly claims: ClaimStore;
  readonly decisions: DecisionStore;
  readonly incidents: IncidentStore;
  readonly predictions: PredictionReader;
  readonly evaluations: EvaluationStore;
  /** Counts of windows: what routine checks read instead of rows. */
  readonly statistics: WindowStatistics;
  readonly quality: QualityStatistics;
  readonly profiles: ProfileStore;
  readonly gateways: GatewayStatusStore;
  readonly training: TrainingSource;
  /** Counts new rows for `minNewLabelledRows` and `dataArrival`. */
  readonly probe: TrainingProbe;
  /** Every trigger, whatever it came by. */
  readonly triggers: TriggerInbox;
  readonly trainer: Trainer;
  readonly gpus: GpuLeases;
  readonly runtime: ModelRuntime;
  readonly tracking: TrackingStore;
  readonly registry: RegistryStore;
  readonly notifier: Notifier;
  readonly workflows: WorkflowGateway;
  readonly reports: ReportRenderer;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A folder that every training worker of this installation sees: trainers write models and checkpoints there. */
  readonly workDir: string;
  /** Version of this package, stored with every verdict (I5). */
  readonly codeVersion: string;
}
