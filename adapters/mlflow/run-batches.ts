import type { RunData } from '../../core/ports';
import type { DatasetInput, KeyValue } from './wire';

/** Limits of log-batch (MLflow 3: mlflow.utils.validation). */
const MAX_METRICS = 1000;
const MAX_PARAMS = 100;
const MAX_TAGS = 100;
const MAX_KEY = 250;
const MAX_PARAM_VALUE = 6000;
const MAX_TAG_VALUE = 8000;
/** The digest column holds 36 characters: the whole hash goes into `source`. */
const DIGEST_CHARACTERS = 32;

export interface Batch {
  readonly metrics?: readonly BatchMetric[];
  readonly params?: readonly KeyValue[];
  readonly tags?: readonly KeyValue[];
}

interface BatchMetric {
  readonly key: string;
  /** Text for what JSON numbers cannot say: protobuf's "NaN", "Infinity", "-Infinity". */
  readonly value: number | string;
  readonly timestamp: number;
  readonly step: number;
}

/**
 * Cuts what is to be logged into calls that MLflow takes: one kind a call, params first, since a refused param should be
 * seen before metrics are there. Keys lose the characters that MLflow refuses, values are cut at its limits.
 */
export function batches(data: RunData): readonly Batch[] {
  const params = Object.entries(data.params ?? {}).map(([key, value]) => ({
    key: legalKey(key),
    value: cut(String(value), MAX_PARAM_VALUE),
  }));
  const tags = Object.entries(data.tags ?? {}).map(([key, value]) => ({
    key: legalKey(key),
    value: cut(value, MAX_TAG_VALUE),
  }));
  const metrics = (data.metrics ?? []).map(({ key, value, timestamp, step }) => ({
    key: legalKey(key),
    value: Number.isFinite(value) ? value : String(value),
    timestamp: Math.round(timestamp),
    step: step ?? 0,
  }));
  return [
    ...chunks(params, MAX_PARAMS).map((chunk) => ({ params: chunk })),
    ...chunks(tags, MAX_TAGS).map((chunk) => ({ tags: chunk })),
    ...chunks(metrics, MAX_METRICS).map((chunk) => ({ metrics: chunk })),
  ];
}

export function datasetInputs(datasets: NonNullable<RunData['datasets']>): readonly DatasetInput[] {
  return datasets.map(({ name, digest, source, context }) => ({
    dataset: {
      name,
      digest: digest.slice(0, DIGEST_CHARACTERS),
      source_type: 'ratchet-snapshot',
      source: JSON.stringify({ ...source, digest }),
    },
    tags: [{ key: 'mlflow.data.context', value: context }],
  }));
}

/** MLflow takes `[A-Za-z0-9_\-. :/]`, at most 250 characters. */
export const legalKey = (key: string): string => key.replace(/[^A-Za-z0-9_\-. :/]/g, '_').slice(0, MAX_KEY);

const cut = (value: string, limit: number): string => (value.length <= limit ? value : `${value.slice(0, limit - 1)}…`);

function chunks<T>(items: readonly T[], size: number): T[][] {
  const out: T[][] = [];
  for (let at = 0; at < items.length; at += size) out.push(items.slice(at, at + size));
  return out;
}
