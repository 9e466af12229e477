import { uuidv7obj, UUID } from 'uuidv7';
import type { VersionRecord } from '../../core/model';
import type { DecisionDraft, PredictionRecord } from '../../core/ports';

let counter = 0;

/** A UUIDv7 of this time (milliseconds since 1970), different from all others of this process. */
export function idAt(ms: number): string {
  counter += 1;
  return UUID.fromFieldsV7(ms, counter % 4096, 0, counter).toString();
}

export const freshId = (): string => uuidv7obj().toString();

export function decision(key: string, fields: Partial<DecisionDraft> = {}): DecisionDraft {
  return {
    key,
    model: 'late',
    version: '2',
    kind: 'route.setCanary',
    verdict: null,
    reasons: [],
    evidence: {},
    actor: 'test',
    reason: 'because',
    workflowId: 'canary/late/2',
    ...fields,
  };
}

export function prediction(fields: Partial<PredictionRecord> = {}): PredictionRecord {
  const receivedAt = fields.receivedAt ?? Date.UTC(2026, 0, 1, 12);
  return {
    id: fields.id ?? idAt(receivedAt),
    model: 'late',
    version: '1',
    arm: 'champion',
    pairId: null,
    receivedAt,
    occurredAt: receivedAt,
    key: null,
    numbers: [1.5, null],
    strings: ['UA', null],
    score: 0.25,
    label: 'onTime',
    probabilities: null,
    latencyUs: 900,
    error: null,
    run: null,
    step: null,
    weight: null,
    generation: 1,
    ...fields,
  };
}

export function version(fields: Partial<VersionRecord> = {}): VersionRecord {
  return {
    model: 'late',
    version: '1',
    sha256: 'a'.repeat(64),
    artifactUri: 'mlflow-artifacts:/1/models/m-1/artifacts/model.onnx',
    contract: {
      task: 'binary',
      features: [
        { name: 'carrier', kind: 'string' },
        { name: 'distance', kind: 'number' },
        { name: 'origin', kind: 'string' },
        { name: 'visib', kind: 'number' },
      ],
      layout: 'columns',
      classes: ['onTime', 'late'],
      threshold: 0.5,
    },
    golden: {
      features: { rows: 1, columns: { distance: [0.1], carrier: ['UA'] } },
      scores: [0.30000000000000004],
      labels: ['onTime'],
    },
    holdoutMetrics: { logLoss: 0.301, auc: 0.846 },
    referenceProfile: null,
    mlflow: { runId: 'r1', modelId: 'm-1' },
    blessings: [],
    createdAt: Date.UTC(2026, 0, 1),
    origin: 'retrain/late/1',
    ...fields,
  };
}
