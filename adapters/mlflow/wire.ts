/** The messages of MLflow's REST API, as far as Ratchet reads them. int64 fields may arrive as numbers or as text. */

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

export interface Metric {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step?: number;
}

export type RunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED';
export type ViewType = 'ACTIVE_ONLY' | 'DELETED_ONLY' | 'ALL';

export interface Experiment {
  readonly experiment_id: string;
  readonly name: string;
  readonly artifact_location: string;
  readonly lifecycle_stage: string;
  readonly last_update_time?: number;
  readonly creation_time?: number;
  readonly tags?: readonly KeyValue[];
}

export interface RunInfo {
  readonly run_id: string;
  readonly run_name?: string;
  readonly experiment_id: string;
  readonly status: RunStatus;
  readonly start_time: number;
  readonly end_time?: number;
  readonly artifact_uri: string;
  readonly lifecycle_stage: string;
}

export interface DatasetInput {
  readonly tags?: readonly KeyValue[];
  readonly dataset: {
    readonly name: string;
    readonly digest: string;
    readonly source_type: string;
    readonly source: string;
    readonly schema?: string;
    readonly profile?: string;
  };
}

export interface Run {
  readonly info: RunInfo;
  readonly data: {
    readonly metrics?: readonly Metric[];
    readonly params?: readonly KeyValue[];
    readonly tags?: readonly KeyValue[];
  };
  readonly inputs?: { readonly dataset_inputs?: readonly DatasetInput[] };
}

export interface RegisteredModel {
  readonly name: string;
  readonly creation_timestamp?: number;
  readonly last_updated_timestamp?: number;
  readonly description?: string;
  readonly tags?: readonly KeyValue[];
  readonly aliases?: readonly { readonly alias: string; readonly version: string }[];
  readonly latest_versions?: readonly RegisteredVersion[];
}

/** MLflow calls it ModelVersion; Ratchet's own `ModelVersion` is the number alone. */
export interface RegisteredVersion {
  readonly name: string;
  readonly version: string;
  readonly source: string;
  readonly run_id?: string;
  readonly model_id?: string;
  readonly status: string;
  readonly current_stage?: string;
  readonly description?: string;
  readonly tags?: readonly KeyValue[];
  readonly aliases?: readonly string[];
}

export type LoggedModelStatus = 'LOGGED_MODEL_PENDING' | 'LOGGED_MODEL_READY' | 'LOGGED_MODEL_UPLOAD_FAILED';

export interface LoggedModel {
  readonly info: {
    readonly model_id: string;
    readonly experiment_id: string;
    readonly name?: string;
    readonly artifact_uri: string;
    readonly status: LoggedModelStatus | number;
    readonly source_run_id?: string;
    readonly tags?: readonly KeyValue[];
  };
  readonly data?: { readonly params?: readonly KeyValue[] };
}

export interface FileInfo {
  readonly path: string;
  readonly is_dir: boolean;
  readonly file_size?: number | string;
}

/** A value inside a filter string. MLflow's grammar has both quotes; a value that holds both cannot be asked for exactly. */
export function quoted(value: string): string {
  return value.includes("'") ? `"${value.replaceAll('"', '""')}"` : `'${value}'`;
}

/** `{a: 'b'}` → `[{key: 'a', value: 'b'}]`. */
export function keyValues(record: Readonly<Record<string, string>>): KeyValue[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}

export function valueOf(pairs: readonly KeyValue[] | undefined, key: string): string | undefined {
  return pairs?.find((pair) => pair.key === key)?.value;
}
