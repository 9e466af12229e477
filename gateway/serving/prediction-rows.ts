import type { EpochMs, FeatureColumns, ModelContract, ModelName, ModelVersion } from '../../core/model';
import type { Arm, PredictionRecord } from '../../core/ports';
import type { RowOutcome } from './run-arm';

/** What all rows of a request share. */
export interface RequestContext {
  readonly model: ModelName;
  readonly contract: ModelContract;
  readonly features: FeatureColumns;
  readonly receivedAt: EpochMs;
  readonly generation: number;
}

export interface RowContext {
  readonly id: string;
  readonly pairId: string | null;
  readonly version: ModelVersion;
  readonly arm: Arm;
  readonly occurredAt: EpochMs;
  readonly key: string | null;
  readonly run: string | null;
  readonly step: number | null;
  readonly weight: number | null;
}

/** The log's record of what an arm made of row `index`. */
export function toRecord(
  request: RequestContext,
  row: RowContext,
  index: number,
  outcome: RowOutcome,
): PredictionRecord {
  const { features } = request.contract;
  const cell = (name: string): unknown => request.features.columns[name]?.[index] ?? null;
  const answered = 'value' in outcome ? outcome.value : null;
  return {
    id: row.id,
    model: request.model,
    version: row.version,
    arm: row.arm,
    pairId: row.pairId,
    receivedAt: request.receivedAt,
    occurredAt: row.occurredAt,
    key: row.key,
    numbers: features.filter((f) => f.kind === 'number').map((f) => cell(f.name) as number | null),
    strings: features.filter((f) => f.kind === 'string').map((f) => cell(f.name) as string | null),
    score: answered?.score ?? null,
    label: answered?.label ?? null,
    probabilities: answered?.probabilities ?? null,
    latencyUs: outcome.runUs,
    error: 'fault' in outcome ? outcome.fault.code : null,
    run: row.run,
    step: row.step,
    weight: row.weight,
    generation: request.generation,
  };
}
