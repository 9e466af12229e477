import type { EncodedColumn } from './encoding';

/** Standard scores beyond this would overflow when squared and summed; the verdict is the same. */
const FARTHEST = 1e100;

/** A centre and a scale for each feature, and axes in the space of the standard scores. */
export interface PrincipalSpace {
  readonly centre: ArrayLike<number>;
  /** > 0 */
  readonly scale: ArrayLike<number>;
  /** Orthonormal; `components[k]` has a coordinate a feature. */
  readonly components: readonly ArrayLike<number>[];
}

export interface RowErrors {
  readonly rows: number;
  /** Mean distance between a row's standard scores and their projection on the components; null without rows. */
  readonly mean: number | null;
  /** Sample standard deviation (n − 1) of the distances / √n; null below two rows. */
  readonly standardError: number | null;
  /** Root of the mean squared part of each feature in the distance; empty without rows. */
  readonly residuals: readonly number[];
}

/** Standard score, kept finite. */
export function standardScore(value: number, centre: number, scale: number): number {
  return Math.min(FARTHEST, Math.max(-FARTHEST, (value - centre) / scale));
}

/** What the components leave unexplained in the rows `from` ≤ row < `to`. */
export function rowErrors(
  columns: readonly EncodedColumn[],
  space: PrincipalSpace,
  from: number,
  to: number,
): RowErrors {
  const width = columns.length;
  const { centre, scale } = space;
  const components = space.components.map((axis) => Float64Array.from(axis));
  const row = new Float64Array(width);
  const rest = new Float64Array(width);
  const squares = new Float64Array(width);
  let mean = 0;
  let spread = 0;
  for (let i = from; i < to; i++) {
    for (let j = 0; j < width; j++) row[j] = standardScore(columns[j]!.value(i), centre[j]!, scale[j]!);
    rest.set(row);
    for (const axis of components) {
      let along = 0;
      for (let j = 0; j < width; j++) along += axis[j]! * row[j]!;
      for (let j = 0; j < width; j++) rest[j]! -= along * axis[j]!;
    }
    let square = 0;
    for (let j = 0; j < width; j++) {
      const part = rest[j]! * rest[j]!;
      square += part;
      squares[j]! += part;
    }
    // Welford's update: one pass, no difference of large sums.
    const distance = Math.sqrt(square);
    const before = distance - mean;
    mean += before / (i - from + 1);
    spread += before * (distance - mean);
  }
  const rows = Math.max(0, to - from);
  return {
    rows,
    mean: rows === 0 ? null : mean,
    standardError: rows < 2 ? null : Math.sqrt(Math.max(0, spread) / (rows - 1) / rows),
    residuals: rows === 0 ? [] : Array.from(squares, (sum) => Math.sqrt(sum / rows)),
  };
}
