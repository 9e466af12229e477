import { CompensatedSum } from './compensated-sum';

export interface SampleMoments {
  readonly rows: number;
  readonly median: number;
  /** Mean less median. */
  readonly offset: number;
  /** Sum of squared deviations from the mean; exactly 0 where all values are equal. */
  readonly squares: number;
}

/**
 * Mean and squared deviations of a sorted, finite, non-empty sample, in two compensated passes from its median, so that
 * neither a large common offset nor many rows cost digits. Values are expected in ±2^500 (see powerOfTwoScale).
 *
 * @example
 * sampleMoments(Float64Array.of(1, 2, 6)) // { rows: 3, median: 2, offset: 1, squares: 14 }
 */
export function sampleMoments(sorted: Float64Array): SampleMoments {
  const rows = sorted.length;
  const median = sorted[rows >> 1]!;
  const first = new CompensatedSum();
  for (let i = 0; i < rows; i++) first.add(sorted[i]! - median);
  const offset = first.value / rows;
  const second = new CompensatedSum();
  for (let i = 0; i < rows; i++) second.add((sorted[i]! - median - offset) ** 2);
  return { rows, median, offset, squares: second.value };
}
