/** One window measured by counts: data quality, drift, performance, its estimate, detectors. No row is read unless the policy asks. */
import { correlationChanges, spearmanCorrelations, type CorrelationChange } from '../core/drift/correlation';
import { countPlanOf } from '../core/drift/count-plan';
import { judgeReconstruction, type ReconstructionJudgement } from '../core/drift/multivariate/judge-reconstruction';
import { reconstructionError } from '../core/drift/multivariate/reconstruction-error';
import { frameOf, type Frame } from '../core/frame';
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
  /** All features together; null: not asked for. */
  readonly multivariate: ReconstructionJudgement | null;
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
      ? { drift: null, correlations: null, multivariate: null }
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
  readonly multivariate: ReconstructionJudgement | null;
}

/** `exact` alone reads rows: KS against the reference's sample, and what the policy asks about features together. */
async function driftOf(
  ports: MeasurePorts,
  input: MeasureInput,
  profile: ReferenceProfile,
  counts: WindowCounts,
): Promise<WindowDrift> {
  const { model, policy, version, from, to } = input;
  if (policy.drift.pValue !== 'exact') {
    const drift = measureCounts(profile, counts, policy.features, policy.drift);
    return { drift, correlations: null, multivariate: null };
  }
  const rows = await ports.predictions.readWindow(model, version.contract, from, to);
  const drift = measureDrift(profile, rows.features, policy.features, policy.drift, { occurredAt: rows.occurredAt });
  const frame = frameOf(rows.features, policy.features);
  return {
    drift,
    correlations: correlationsOf(policy, profile, frame),
    multivariate: multivariateOf(policy, profile, frame),
  };
}

function correlationsOf(policy: Policy, profile: ReferenceProfile, frame: Frame): WindowDrift['correlations'] {
  if (policy.drift.correlation !== 'warn' || profile.correlations === undefined) return null;
  const now = spearmanCorrelations(frame, policy.features);
  const changes = correlationChanges(profile.correlations, now, policy.drift);
  return changes.filter((change) => change.level === 'changed');
}

function multivariateOf(policy: Policy, profile: ReferenceProfile, frame: Frame): WindowDrift['multivariate'] {
  if (policy.drift.multivariate !== 'warn') return null;
  const fit = profile.multivariate;
  if (fit === undefined) {
    const text = 'the reference was made without principal components: make it again (`ratchet reference`), or retrain';
    return { verdict: 'insufficient', reason: { code: 'multivariate.noReference', text } };
  }
  return judgeReconstruction(fit, reconstructionError(fit, frame), { minimumRows: policy.drift.minRows });
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
