import { RatchetError } from '../errors';
import type { CategoricalCounts, FeatureCounts, NumericCounts, WindowCounts } from './window-counts';

/**
 * Counts of two disjoint sets of rows as those of both: hours make days and weeks without a row being read again. Commutative and
 * associative; the same as counting the concatenation, with two reservations. `sum` and `sumSquares` are floating-point sums. A
 * part names at most `MAX_NEW_CATEGORIES` new categories and a sum keeps all that its parts name, so a category that one part
 * left unnamed is counted there in `unnamed`; named and unnamed rows together are always exact.
 *
 * A feature that only one side has (its column was missing in the other) is dropped: half a count would look like a whole one.
 *
 * @throws RATCHET_INPUT_INVALID for counts of different plans.
 */
export function addWindowCounts(a: WindowCounts, b: WindowCounts): WindowCounts {
  if (a.planKey !== b.planKey) {
    throw new RatchetError(
      'RATCHET_INPUT_INVALID',
      `counts of plan ${a.planKey} cannot be added to those of ${b.planKey}`,
    );
  }
  const hours = new Map(a.hours.map(({ start, rows }) => [start, rows]));
  for (const { start, rows } of b.hours) hours.set(start, (hours.get(start) ?? 0) + rows);
  const features = Object.keys(a.features)
    .filter((name) => Object.hasOwn(b.features, name))
    .map((name) => [name, addFeature(name, a.features[name]!, b.features[name]!)] as const);
  return {
    schemaVersion: 1,
    planKey: a.planKey,
    from: Math.min(a.from, b.from),
    to: Math.max(a.to, b.to),
    rows: a.rows + b.rows,
    hours: [...hours].sort(([x], [y]) => x - y).map(([start, rows]) => ({ start, rows })),
    features: Object.fromEntries(features),
    prediction:
      a.prediction === null || b.prediction === null ? null : addFeature('prediction', a.prediction, b.prediction),
  };
}

function addFeature(name: string, a: FeatureCounts, b: FeatureCounts): FeatureCounts {
  if (a.kind === 'number' && b.kind === 'number' && a.counts.length === b.counts.length) return addNumbers(a, b);
  if (a.kind === 'string' && b.kind === 'string') return addCategories(a, b);
  throw new RatchetError('RATCHET_INPUT_INVALID', `the counts of "${name}" have different shapes under one plan`);
}

const addNumbers = (a: NumericCounts, b: NumericCounts): NumericCounts => ({
  kind: 'number',
  rows: a.rows + b.rows,
  nulls: a.nulls + b.nulls,
  counts: a.counts.map((count, i) => count + b.counts[i]!),
  belowMin: a.belowMin + b.belowMin,
  aboveMax: a.aboveMax + b.aboveMax,
  min: extreme(Math.min, a.min, b.min),
  max: extreme(Math.max, a.max, b.max),
  sum: a.sum + b.sum,
  sumSquares: a.sumSquares + b.sumSquares,
});

const extreme = (choose: (x: number, y: number) => number, a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : choose(a, b);

function addCategories(a: CategoricalCounts, b: CategoricalCounts): CategoricalCounts {
  const counts = new Map(Object.entries(a.counts));
  for (const [name, count] of Object.entries(b.counts)) counts.set(name, (counts.get(name) ?? 0) + count);
  return {
    kind: 'string',
    rows: a.rows + b.rows,
    nulls: a.nulls + b.nulls,
    counts: Object.fromEntries([...counts].sort(([x], [y]) => (x < y ? -1 : 1))),
    unnamed: a.unnamed + b.unnamed,
  };
}
