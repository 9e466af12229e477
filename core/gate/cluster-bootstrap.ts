/**
 * Percentile bootstrap that resamples whole clusters: rows of one day, customer or store move together, and an interval that
 * resamples rows is too narrow (reference: demo data, act 2). Each resample draws as many clusters as there are, with
 * replacement, and takes all rows of each. Below about 10 clusters the percentile interval covers less than it says:
 * `minClusters` of the policy guards that.
 *
 * Reference: A. C. Davison & D. V. Hinkley, "Bootstrap Methods and their Application" (1997), 3.8 and 5.3;
 * A. C. Cameron, J. B. Gelbach & D. L. Miller, Rev. Econ. Stat. 90(3), 2008.
 */
import type { ClusterStatistic } from './cluster-statistic';
import { Sfc32 } from './sfc32';

export interface BootstrapOptions {
  /** At least 1. */
  readonly resamples: number;
  /** Two-sided, in (0, 1). */
  readonly confidence: number;
  readonly seed: number;
}

export interface BootstrapInterval {
  readonly low: number;
  readonly high: number;
}

/** More undefined resamples than this share, and there is no interval: leaving them out would bias it. */
export const MAX_UNDEFINED_SHARE = 0.01;

/**
 * Interval of a statistic over `clusters` clusters. null for fewer than two clusters (every resample would be the same and
 * the interval would have no width), and where the statistic is undefined in more than 1 % of the resamples.
 */
export function clusterBootstrapInterval(
  statistic: ClusterStatistic,
  clusters: number,
  options: BootstrapOptions,
): BootstrapInterval | null {
  if (clusters < 2 || !(options.resamples >= 1)) return null;
  const random = new Sfc32(options.seed);
  const weights = new Uint32Array(clusters);
  const drawn = new Uint32Array(clusters);
  const values = new Float64Array(Math.floor(options.resamples));
  let defined = 0;
  for (let r = 0; r < values.length; r++) {
    weights.fill(0);
    random.fillBelow(drawn, clusters);
    for (let i = 0; i < clusters; i++) weights[drawn[i]!]!++;
    const value = statistic(weights);
    if (Number.isFinite(value)) values[defined++] = value;
  }
  if (defined < values.length * (1 - MAX_UNDEFINED_SHARE)) return null;
  const sorted = values.subarray(0, defined).sort();
  const tail = (1 - options.confidence) / 2;
  return { low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) };
}

/** Linear interpolation between order statistics (Hyndman & Fan type 7, NumPy's default). */
function quantile(sorted: Float64Array, share: number): number {
  const position = Math.min(1, Math.max(0, share)) * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  return low + (position - below) * (sorted[Math.min(below + 1, sorted.length - 1)]! - low);
}
