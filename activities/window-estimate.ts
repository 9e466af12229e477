/** Performance of a window estimated while its labels are missing (CBPE), from counts; never more than a suspicion. */
import {
  estimateFromCounts,
  judgeEstimate,
  judgeReliability,
  segmentEdges,
  type EstimateJudgement,
  type EstimatePolicy,
  type FeatureSupport,
  type PerformanceEstimate,
  type Reliability,
} from '../core/estimate';
import type { CategoricalProfile, NumericProfile, ReferenceProfile } from '../core/drift/profile';
import type { FeatureCounts, WindowCounts } from '../core/drift/window-counts';
import type { EpochMs, ModelName, VersionRecord } from '../core/model';
import type { Policy } from '../core/policy';
import type { WindowStatistics } from '../core/ports';

export interface WindowEstimate {
  readonly estimate: PerformanceEstimate;
  readonly reliability: Reliability;
  readonly judgement: EstimateJudgement;
}

/** Metrics whose estimate may raise suspicion. */
const JUDGED_METRICS: EstimatePolicy['metrics'] = ['f1', 'accuracy'];

/** null: the policy asks for none, the task is not binary, or the version has no reference for it. */
export async function estimateWindow(
  statistics: Pick<WindowStatistics, 'countScores'>,
  input: {
    readonly model: ModelName;
    readonly policy: Policy;
    readonly version: VersionRecord;
    readonly profile: ReferenceProfile | null;
    readonly counts: WindowCounts | null;
    readonly from: EpochMs;
    readonly to: EpochMs;
  },
): Promise<WindowEstimate | null> {
  const { model, policy, version, profile, counts, from, to } = input;
  const reference = profile?.estimate;
  if (
    (policy.performance.estimate ?? 'off') === 'off' ||
    policy.task !== 'binary' ||
    profile === null ||
    reference === undefined
  ) {
    return null;
  }
  const { map } = reference.calibration;
  const scores = await statistics.countScores(model, version.contract, from, to, segmentEdges(map), {
    version: version.version,
  });
  const estimate = estimateFromCounts(map, scores, reference);
  const reliability = judgeReliability(supportOf(profile, counts), {
    maxOutOfSupportShare: policy.performance.maxOutOfSupport,
  });
  // A range that no value can leave judges nothing: such a metric is left out, and with none left the answer is `insufficient`.
  const metrics = JUDGED_METRICS.filter((name) => {
    const known = reference.metrics.find(({ metric }) => metric === name);
    return known !== undefined && known.thresholds !== null && known.thresholds.low > 0;
  });
  const judgement = judgeEstimate(estimate, reliability, { metrics, minRows: policy.performance.minLabelled });
  return { estimate, reliability, judgement };
}

/** How much of the window lies outside of what the version has learned, a feature. */
export function supportOf(profile: ReferenceProfile, counts: WindowCounts | null): readonly FeatureSupport[] {
  return Object.entries(profile.features).map(([name, reference]) => {
    const current = counts !== null && Object.hasOwn(counts.features, name) ? (counts.features[name] ?? null) : null;
    const importance =
      profile.importance !== undefined && Object.hasOwn(profile.importance, name)
        ? (profile.importance[name] ?? null)
        : null;
    return { name, importance, ...sharesOutside(reference, current), wasConstant: wasConstant(reference) };
  });
}

function sharesOutside(
  reference: NumericProfile | CategoricalProfile,
  current: FeatureCounts | null,
): Pick<FeatureSupport, 'outOfRangeShare' | 'unseenShare'> {
  const values = current === null ? 0 : current.rows - current.nulls;
  if (current === null || current.kind !== reference.kind || values <= 0) {
    return { outOfRangeShare: null, unseenShare: null };
  }
  if (current.kind === 'number') {
    return { outOfRangeShare: (current.belowMin + current.aboveMax) / values, unseenShare: 0 };
  }
  const known = reference.kind === 'string' ? reference.counts : {};
  const unseen = Object.entries(current.counts).reduce(
    (sum, [category, count]) => sum + (Object.hasOwn(known, category) ? 0 : count),
    current.unnamed,
  );
  return { outOfRangeShare: 0, unseenShare: unseen / values };
}

function wasConstant(reference: NumericProfile | CategoricalProfile): boolean {
  if (reference.kind === 'number') return reference.min !== null && reference.min === reference.max;
  return Object.values(reference.counts).filter((count) => count > 0).length === 1;
}
