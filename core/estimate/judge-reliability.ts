/**
 * CBPE knows nothing outside the support of its reference: there a model can be wrong and sure. (On Elec2 it says F1 = 0.999
 * where the truth is 0.54.) This guard says when rows have left it.
 */
import type { Reason } from '../verdict';

export interface FeatureSupport {
  readonly name: string;
  /** Any non-negative scale; null: unknown, which counts as important. */
  readonly importance: number | null;
  /** Share of the window's rows below the reference's minimum or above its maximum, in [0, 1]; null: not measured. */
  readonly outOfRangeShare: number | null;
  /** Share of the window's rows with a category that the reference lacks, in [0, 1]; null: not measured. */
  readonly unseenShare: number | null;
  /** The feature had a single value in the reference. */
  readonly wasConstant: boolean;
}

export interface ReliabilityPolicy {
  /** Largest share of rows outside the support that an important feature may have, in [0, 1]. */
  readonly maxOutOfSupportShare: number;
  /** Only the k most important features count; default all whose importance is not 0. */
  readonly topK?: number;
}

export interface Reliability {
  readonly reliable: boolean;
  /** Code `estimate_unreliable`, one a feature that left the support, worst first; empty when reliable. */
  readonly reasons: readonly Reason[];
}

/**
 * Unreliable when any important feature has more than `maxOutOfSupportShare` of its rows outside the support. A feature that was
 * constant in the reference always counts, with a limit of 0: the model cannot have learned what its other values mean, and no
 * importance measured on the reference can show it. A share that was not measured is unreliable, as is an empty list.
 */
export function judgeReliability(features: readonly FeatureSupport[], policy: ReliabilityPolicy): Reliability {
  if (features.length === 0)
    return unreliable([reason('no feature was measured, so the support is unknown', null, null)]);
  const important = importantNames(features, policy.topK);
  const left = features
    .filter((feature) => feature.wasConstant || important.has(feature.name))
    .map((feature) => ({
      feature,
      share: outside(feature),
      limit: feature.wasConstant ? 0 : policy.maxOutOfSupportShare,
    }))
    // Not `share > limit`: NaN must not be reliable.
    .filter(({ share, limit }) => share === null || !(share <= limit))
    .sort((a, b) => (b.share ?? 2) - (a.share ?? 2));
  if (left.length === 0) return { reliable: true, reasons: [] };
  return unreliable(left.map(({ feature, share, limit }) => reason(describe(feature, share, limit), share, limit)));
}

const unreliable = (reasons: readonly Reason[]): Reliability => ({ reliable: false, reasons });

const reason = (text: string, observed: number | null, expected: number | null): Reason => ({
  code: 'estimate_unreliable',
  text,
  observed,
  expected,
});

function importantNames(features: readonly FeatureSupport[], topK: number | undefined): ReadonlySet<string> {
  const weight = (feature: FeatureSupport): number =>
    feature.importance === null || !Number.isFinite(feature.importance) ? Infinity : Math.abs(feature.importance);
  // All 0: nobody measured it.
  const unknown = features.every((feature) => weight(feature) === 0);
  const ranked = features
    .filter((feature) => unknown || weight(feature) > 0)
    .sort((a, b) => (weight(a) === weight(b) ? 0 : weight(b) > weight(a) ? 1 : -1));
  return new Set((topK === undefined || unknown ? ranked : ranked.slice(0, topK)).map((feature) => feature.name));
}

/** A feature has a range or categories; what it has not is 0. null: not measured. */
function outside({ outOfRangeShare, unseenShare }: FeatureSupport): number | null {
  if (outOfRangeShare === null || unseenShare === null) return null;
  const share = Math.max(outOfRangeShare, unseenShare);
  return Number.isFinite(share) ? share : null;
}

function describe(feature: FeatureSupport, share: number | null, limit: number): string {
  if (share === null) return `${feature.name}: the share of rows outside the reference was not measured`;
  const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
  const constant = feature.wasConstant ? ', where it was constant' : '';
  return `${feature.name}: ${percent(share)} of rows lie outside the reference${constant} (allowed ${percent(limit)})`;
}
