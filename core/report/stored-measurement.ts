/**
 * What a check stores as `EvaluationRecord.measurement` (activities/measure-window.ts), as the report and the gauges read it.
 * Evaluations of former releases lack parts of it: each part may be missing, and a missing part is shown as not known.
 */
import type { DriftMeasurement, FeatureDrift } from '../drift/drift-measurement';
import type { EstimateJudgement, PerformanceEstimate, Reliability } from '../estimate';
import type { PerformanceMeasurement } from '../performance/measure';
import type { EvaluationRecord } from '../ports';
import type { QualityReport } from '../quality/quality-report';

export interface StoredMeasurement {
  readonly rows: number | null;
  readonly outcome: string | null;
  readonly profileDigest: string | null;
  readonly quality: QualityReport | null;
  readonly drift: DriftMeasurement | null;
  readonly target: FeatureDrift | null;
  readonly performance: PerformanceMeasurement | null;
  readonly estimate: StoredEstimate | null;
  readonly detectors: StoredDetectors | null;
}

export interface StoredEstimate {
  readonly estimate: PerformanceEstimate;
  readonly reliability: Reliability;
  readonly judgement: EstimateJudgement;
}

export interface StoredDetectors {
  readonly detectors: readonly {
    readonly state: { readonly detector: string };
    readonly signals: readonly { readonly index: number; readonly kind: 'warning' | 'drift' }[];
  }[];
}

/** Reads the parts that are there and look like themselves. Never throws. */
export function storedMeasurement({ measurement }: Pick<EvaluationRecord, 'measurement'>): StoredMeasurement {
  const part = <T>(name: string, list: string | null): T | null => {
    const value = measurement[name];
    if (typeof value !== 'object' || value === null) return null;
    if (list !== null && !Array.isArray((value as Readonly<Record<string, unknown>>)[list])) return null;
    return value as T;
  };
  const estimate = part<StoredEstimate>('estimate', null);
  return {
    rows: finite(measurement['rows']),
    outcome: text(measurement['outcome']),
    profileDigest: text(measurement['profileDigest']),
    quality: part<QualityReport>('quality', 'issues'),
    drift: part<DriftMeasurement>('drift', 'features'),
    target: part<FeatureDrift>('target', null),
    performance: part<PerformanceMeasurement>('performance', 'metrics'),
    estimate: Array.isArray(estimate?.estimate?.metrics) ? estimate : null,
    detectors: part<StoredDetectors>('detectors', 'detectors'),
  };
}

/** A finite number, or null: JSON of another release may hold anything. */
export const finite = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
