import { RatchetError } from '../errors';
import type { FeatureColumns, FeatureSpec } from '../model';
import { countInBins, readCategorical, readNumeric } from './feature-values';
import { SAMPLE_ROWS, type CategoricalProfile, type NumericProfile, type ReferenceProfile } from './profile';

/**
 * Freezes the distribution of training rows. Deterministic; about one sort a numeric feature.
 *
 * @param options.bins quantile bins a numeric feature, an integer of at least 2. Ties make fewer.
 * @throws RATCHET_COLUMN_MISSING when `features` lacks a column of `specs`; RATCHET_INPUT_INVALID for `bins` out of range.
 */
export function buildReferenceProfile(
  features: FeatureColumns,
  specs: readonly FeatureSpec[],
  options: { readonly bins: number },
): ReferenceProfile {
  if (!Number.isInteger(options.bins) || options.bins < 2) {
    throw new RatchetError('RATCHET_INPUT_INVALID', `bins is ${options.bins}, must be an integer of at least 2`);
  }
  const profiles = specs.map((spec): readonly [string, NumericProfile | CategoricalProfile] => {
    const column = features.columns[spec.name];
    if (column === undefined) {
      throw new RatchetError('RATCHET_COLUMN_MISSING', `the reference rows have no column "${spec.name}"`);
    }
    if (spec.kind === 'string') {
      const { counts, rows, nulls } = readCategorical(column);
      return [spec.name, { kind: 'string', rows, nulls, counts: byName(counts) }];
    }
    const { sorted, rows, nulls } = readNumeric(column);
    const edges = quantileEdges(sorted, options.bins);
    const profile: NumericProfile = {
      kind: 'number',
      rows,
      nulls,
      min: sorted[0] ?? null,
      max: sorted.at(-1) ?? null,
      edges,
      counts: countInBins(sorted, edges),
      sample: orderStatistics(sorted, SAMPLE_ROWS),
    };
    return [spec.name, profile];
  });
  return { schemaVersion: 1, rows: features.rows, features: Object.fromEntries(profiles) };
}

/** Category names sorted, so that the same data gives the same JSON. `fromEntries` keeps a category named `__proto__` too. */
function byName(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/**
 * Inner edges at the i/bins quantiles (the smallest value with at least that share at or below it), without duplicates.
 * Where the first edge is the minimum itself (ties, or a constant) an edge just below is added: otherwise values that newly
 * appear below the reference, a sentinel −999 say, would share a bin with the tie and PSI would not see them.
 */
function quantileEdges(sorted: Float64Array, bins: number): number[] {
  const n = sorted.length;
  if (n === 0) return [];
  const edges: number[] = [];
  for (let i = 1; i < bins; i++) {
    const edge = sorted[Math.max(0, Math.ceil((i * n) / bins) - 1)]!;
    if (edges.length === 0 || edge > edges.at(-1)!) edges.push(edge);
  }
  if (edges[0] === sorted[0]) edges.unshift(nextFloat32Below(edges[0]!));
  return edges;
}

function nextFloat32Below(value: number): number {
  if (value === 0) return -1.401298464324817e-45;
  const bits = new Int32Array(new Float32Array([value]).buffer);
  bits[0]! += value > 0 ? -1 : 1;
  const below = new Float32Array(bits.buffer)[0]!;
  // Below the smallest float32 there is only −infinity, which JSON cannot hold; a double below it does as well.
  return Number.isFinite(below) ? below : value * (1 + 2 ** -50);
}

/** All values, or `size` of them at the middle of equal steps of rank: their distribution is within 1/(2·size) of the whole. */
function orderStatistics(sorted: Float64Array, size: number): number[] {
  const n = sorted.length;
  if (n <= size) return Array.from(sorted);
  return Array.from({ length: size }, (_, i) => sorted[Math.floor(((i + 0.5) * n) / size)]!);
}
