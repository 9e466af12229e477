/** MLflow over REST: stores for the worker, and clients shaped like npm's `mlflow-js`. No dependencies. */
export { ApiError } from './api-error';
export { ArtifactClient, type ArtifactOwner } from './artifact-client';
export { ExperimentClient } from './experiment-client';
export { draftOfKeptRunId, keptRunId } from './kept-run-id';
export { KeptTrackingStore, type FlushResult, type KeptTrackingOptions } from './kept-tracking-store';
export { LoggedModelClient, type LoggedModelDraft } from './logged-model-client';
export { Mlflow } from './mlflow';
export { MODEL_FILE, modelFiles, outputNames, type ModelFilesRequest } from './model-files';
export { ModelRegistryClient } from './model-registry-client';
export { ModelVersionClient } from './model-version-client';
export { fromEnv, type MlflowAuth, type MlflowOptions, type MlflowTransportOptions } from './options';
export { MlflowRegistryStore } from './registry-store';
export { RunClient } from './run-client';
export { MlflowTrackingStore } from './tracking-store';
export { MlflowTransport, type Method, type MlflowCall } from './transport';
export type {
  DatasetInput,
  Experiment,
  FileInfo,
  KeyValue,
  LoggedModel,
  LoggedModelStatus,
  Metric,
  RegisteredModel,
  RegisteredVersion,
  Run,
  RunInfo,
  RunStatus,
  ViewType,
} from './wire';
