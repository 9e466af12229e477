import type { EncodedColumn } from './encoding';
import { standardScore } from './row-errors';

/** Sums over rows of standard scores: they add up, so the moments without a chunk are a subtraction. */
export interface CrossMoments {
  readonly rows: number;
  readonly sums: Float64Array;
  /** width × width, row by row; only the upper triangle is kept. */
  readonly products: Float64Array;
}

export function crossMoments(
  columns: readonly EncodedColumn[],
  units: readonly { readonly centre: number; readonly scale: number }[],
  from: number,
  to: number,
): CrossMoments {
  const width = columns.length;
  const sums = new Float64Array(width);
  const products = new Float64Array(width * width);
  const row = new Float64Array(width);
  for (let i = from; i < to; i++) {
    for (let j = 0; j < width; j++) row[j] = standardScore(columns[j]!.value(i), units[j]!.centre, units[j]!.scale);
    for (let j = 0; j < width; j++) {
      const score = row[j]!;
      sums[j]! += score;
      for (let k = j; k < width; k++) products[j * width + k]! += score * row[k]!;
    }
  }
  return { rows: Math.max(0, to - from), sums, products };
}

export function sumOfMoments(parts: readonly CrossMoments[]): CrossMoments {
  const first = parts[0]!;
  const sums = new Float64Array(first.sums.length);
  const products = new Float64Array(first.products.length);
  let rows = 0;
  for (const part of parts) {
    rows += part.rows;
    part.sums.forEach((value, i) => (sums[i]! += value));
    part.products.forEach((value, i) => (products[i]! += value));
  }
  return { rows, sums, products };
}

/** Standard scores that vary less than this, squared, do not vary: what is left is rounding. */
const CONSTANT = 1e-12;

/** Means, scales and correlations of all rows but `part`'s; a column that does not vary has scale 1 and correlates with nothing. */
export function momentsWithout(
  all: CrossMoments,
  part: CrossMoments | null,
): { readonly mean: Float64Array; readonly scale: Float64Array; readonly correlation: Float64Array } {
  const width = all.sums.length;
  const rows = all.rows - (part?.rows ?? 0);
  const mean = all.sums.map((sum, j) => (sum - (part?.sums[j] ?? 0)) / rows);
  const covariance = (j: number, k: number): number =>
    (all.products[j * width + k]! - (part?.products[j * width + k] ?? 0)) / rows - mean[j]! * mean[k]!;
  const scale = mean.map((_, j) => {
    const variance = covariance(j, j);
    return variance > CONSTANT ? Math.sqrt(variance) : 1;
  });
  const correlation = new Float64Array(width * width);
  for (let j = 0; j < width; j++) {
    if (!(covariance(j, j) > CONSTANT)) continue;
    for (let k = j; k < width; k++) {
      if (!(covariance(k, k) > CONSTANT)) continue;
      correlation[j * width + k] = covariance(j, k) / (scale[j]! * scale[k]!);
    }
  }
  return { mean, scale, correlation };
}
