/** One window measured by counts: data quality, drift, performance, its estimate, detectors. No row is read unless the policy asks. */
import { correlationChanges, spearmanCorrelations, type CorrelationChange } from '../core/drift/correlation';
import { countPlanOf } from '../core/drift/count-plan';
import { frameOf } from '../core/frame';
import type { DriftMeasurement } from '../core/drift/drift-measurement';
import { measureCounts, measureDrift, measureTarget } from '../core/drift/measure';
import type { ReferenceProfile } from '../core/drift/profile';
import type { CategoricalCounts, WindowCounts } from '../core/drift/window-counts';
import type { EpochMs, ModelName, VersionRecord } from '../core/model';
import { measurePerformanceCounts, type PerformanceMeasurement } from '../core/performance/measure';
import type { PerformanceCounts } from '../core/performance/performance-counts';
import type { Policy } from '../core/policy';
import type { EvaluationRecord } from '../core/ports';
import { judgeQuality } from '../core/quality/judge';
import { qualityPlanOf } from '../core/quality/quality-counts';
import type { QualityReport } from '../core/quality/quality-report';
import type { ActivityPorts } from './ports';
import { keptDetectors, runDetectors, type DetectorMeasurement } from './window-detectors';
import { estimateWindow, type WindowEstimate } from './window-estimate';

/** What an evaluation stores: plain JSON, enough to recompute its verdict (I5). */
export interface WindowMeasurement {
  readonly rows: number;
  /** Digest of the reference profile; null: the version has none of its own in the store. */
  readonly profileDigest: string | null;
  readonly quality: QualityReport;
  readonly drift: DriftMeasurement | null;
  readonly correlations: readonly CorrelationChange[] | null;
  /** Classes among the labels against those of the training data; null: regression, or unknown. */
  readonly target: DriftMeasurement['prediction'];
  readonly performance: PerformanceMeasurement;
  readonly estimate: WindowEstimate | null;
  readonly detectors: DetectorMeasurement | null;
}

export type MeasurePorts = Pick<ActivityPorts, 'predictions' | 'statistics' | 'quality' | 'profiles' | 'evaluations'>;

export interface MeasureInput {
  readonly model: ModelName;
  readonly policy: Policy;
  readonly version: VersionRecord;
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Hours before it are complete: their counts are kept. */
  readonly closedBefore: EpochMs;
  /** A recomputation after late labels: those labels come to the detectors by the stream, in the next check of a new window. */
  readonly recomputation: boolean;
}

export async function measureWindow(ports: MeasurePorts, input: MeasureInput): Promise<WindowMeasurement> {
  const { model, policy, version, from, to } = input;
  const { contract } = version;
  const stored = await ports.profiles.getProfile(model, version.version);
  const profile = stored?.profile ?? version.referenceProfile;
  const earlier = (await ports.evaluations.listEvaluations(model)).filter((e) => e.version === version.version);

  const counts = profile === null ? null : await countWindow(ports, input, profile);
  const { all, slices } = await ports.statistics.countPerformance(model, contract, from, to, {
    version: null,
    // Policies of the first release have none.
    slices: policy.performance.slices ?? [],
  });
  const rows = counts?.rows ?? all.rows;
  return {
    rows,
    profileDigest: stored?.digest ?? null,
    quality: await measureQuality(ports, input, profile, earlier),
    ...(counts === null || profile === null
      ? { drift: null, correlations: null }
      : await driftOf(ports, input, profile, counts)),
    target:
      profile === null ? null : measureTarget(profile, targetCounts(all, policy), counts?.hours ?? [], policy.drift),
    performance: measurePerformanceCounts(all, policy.performance, version.holdoutMetrics, slices),
    estimate: await estimateWindow(ports.statistics, { ...input, profile, counts }),
    detectors: input.recomputation
      ? keptDetectors(earlier, version.version, from)
      : await runDetectors(ports.statistics, { model, version: version.version, contract, policy, earlier }),
  };
}

function countWindow(ports: MeasurePorts, input: MeasureInput, profile: ReferenceProfile): Promise<WindowCounts> {
  const { model, policy, version, from, to, closedBefore } = input;
  const plan = countPlanOf(profile, policy.features);
  // Champion and canary together: what the model's users sent.
  return ports.statistics.countWindow(model, version.contract, plan, from, to, { version: null, closedBefore });
}

interface WindowDrift {
  readonly drift: DriftMeasurement;
  /** Pairs whose correlation changed; null: not asked for, or no rows were read. */
  readonly correlations: readonly CorrelationChange[] | null;
}

/** `exact` alone reads rows: KS against the reference's sample, and correlations where the policy asks for them. */
async function driftOf(
  ports: MeasurePorts,
  input: MeasureInput,
  profile: ReferenceProfile,
  counts: WindowCounts,
): Promise<WindowDrift> {
  const { model, policy, version, from, to } = input;
  if (policy.drift.pValue !== 'exact') {
    return { drift: measureCounts(profile, counts, policy.features, policy.drift), correlations: null };
  }
  const rows = await ports.predictions.readWindow(model, version.contract, from, to);
  const drift = measureDrift(profile, rows.features, policy.features, policy.drift, { occurredAt: rows.occurredAt });
  if (policy.drift.correlation !== 'warn' || profile.correlations === undefined) return { drift, correlations: null };
  const now = spearmanCorrelations(frameOf(rows.features, policy.features), policy.features);
  const changes = correlationChanges(profile.correlations, now, policy.drift);
  return { drift, correlations: changes.filter((change) => change.level === 'changed') };
}

async function measureQuality(
  ports: MeasurePorts,
  input: MeasureInput,
  profile: ReferenceProfile | null,
  earlier: readonly EvaluationRecord[],
): Promise<QualityReport> {
  const { model, policy, version, from, to } = input;
  const plan = qualityPlanOf(policy.features, profile, policy.quality);
  const [counts, newest] = await Promise.all([
    ports.quality.countQuality(model, version.contract, from, to, plan),
    ports.predictions.latestOccurredAt(model, to),
  ]);
  const earlierRows = earlier
    .filter((record) => record.windowEnd <= from)
    .map((record) => record.measurement['rows'])
    .filter((rows): rows is number => typeof rows === 'number');
  return judgeQuality(
    counts,
    policy.features,
    profile,
    policy.quality,
    { newest: newest !== null && newest >= from ? newest : null, end: to },
    earlierRows,
  );
}

/** Labels by class: the rows of the confusion matrix. */
function targetCounts(all: PerformanceCounts, policy: Policy): CategoricalCounts | null {
  if (all.confusion === null) return null;
  const counts = Object.fromEntries(
    all.confusion.map((row, i) => [policy.classes[i] ?? '', row.reduce((sum, n) => sum + n, 0)]),
  );
  return { kind: 'string', rows: all.labelled, nulls: 0, counts, unnamed: 0 };
}
