/**
 * Have two features come apart? Spearman correlations of all pairs of number features, reference against current.
 *
 * Each difference is tested on Fisher's scale: z = (atanh r₁ − atanh r₂)/√(1.06/(n₁−3) + 1.06/(n₂−3)), two-sided normal, then
 * Benjamini–Hochberg over the pairs. Ranks, because Fisher's variance holds for them whatever the margins are (for Pearson's r
 * only when the features are normal), and because one outlier cannot make a correlation. A pair has changed when |r₁ − r₂|
 * reaches the policy's change *and* its adjusted p is at most α.
 *
 * Assumes independent rows. Reference: E. C. Fieller, H. O. Hartley & E. S. Pearson, "Tests for rank correlation
 * coefficients. I", Biometrika 44, 1957 (the factor 1.06); R. A. Fisher, Metron 1, 1921.
 */
import type { Frame } from '../frame';
import type { FeatureSpec } from '../model';
import type { DriftPolicy } from '../policy';
import { benjaminiHochberg } from './benjamini-hochberg';
import { float32Values } from './feature-values';
import type { CorrelationMatrix } from './profile';
import { normalSurvival } from './special/normal';

/** More would make more pairs than anybody reads. */
export const MAX_CORRELATED_FEATURES = 100;
/** Rows that are looked at, evenly taken: r is then known to 0.02. */
export const CORRELATION_ROWS = 10_000;
/** Fisher's variance needs n − 3 > 0. */
const MIN_PAIRS = 4;

/** Of the first 100 number features that the frame has; values that are missing on either side of a pair are left out. */
export function spearmanCorrelations(frame: Frame, specs: readonly FeatureSpec[]): CorrelationMatrix {
  const columns = specs.flatMap(({ name, kind }) => {
    const column = kind === 'number' ? frame.columns.get(name) : undefined;
    const values = column === undefined ? null : float32Values(column);
    return values === null ? [] : [{ name, ranks: ranksOf(everyNth(values)) }];
  });
  const used = columns.slice(0, MAX_CORRELATED_FEATURES);
  const values: (number | null)[] = [];
  const pairs: number[] = [];
  used.forEach((a, i) => {
    for (const b of used.slice(i + 1)) {
      const { r, n } = correlationOf(a.ranks, b.ranks);
      values.push(r);
      pairs.push(n);
    }
  });
  return { features: used.map((column) => column.name), values, pairs };
}

export interface CorrelationChange {
  readonly features: readonly [string, string];
  /** null on a side where it is not defined. */
  readonly reference: number | null;
  readonly current: number | null;
  readonly pValue: number | null;
  readonly adjustedPValue: number | null;
  readonly level: 'ok' | 'changed' | 'insufficient';
}

/** Pairs of the reference, largest change first, those that could not be judged last. A pair that the window lacks is `insufficient`. */
export function correlationChanges(
  reference: CorrelationMatrix,
  current: CorrelationMatrix,
  policy: Pick<DriftPolicy, 'alpha' | 'minRows'> & { readonly correlationChange: number },
): readonly CorrelationChange[] {
  const now = new Map(pairsOf(current).map((pair) => [pairKey(pair.features), pair]));
  const compared = pairsOf(reference).map(({ features, r, n }) => {
    const other = now.get(pairKey(features)) ?? null;
    const enough = Math.min(n, other?.n ?? 0) >= Math.max(MIN_PAIRS, policy.minRows);
    const p = r === null || other === null || other.r === null || !enough ? null : changePValue(r, n, other.r, other.n);
    return { features, reference: r, current: other?.r ?? null, pValue: p };
  });
  const tested = compared.filter((pair) => pair.pValue !== null);
  const adjusted = benjaminiHochberg(tested.map((pair) => pair.pValue ?? 1));
  const adjustedOf = new Map(tested.map((pair, i) => [pair, adjusted[i]!]));
  const size = (pair: CorrelationChange): number =>
    pair.adjustedPValue === null ? -1 : Math.abs((pair.reference ?? 0) - (pair.current ?? 0));
  return compared
    .map((pair): CorrelationChange => {
      const q = adjustedOf.get(pair) ?? null;
      const change = Math.abs((pair.reference ?? 0) - (pair.current ?? 0));
      const level =
        q === null ? 'insufficient' : change >= policy.correlationChange && q <= policy.alpha ? 'changed' : 'ok';
      return { ...pair, adjustedPValue: q, level };
    })
    .sort((a, b) => size(b) - size(a));
}

function changePValue(r1: number, n1: number, r2: number, n2: number): number {
  if (r1 === r2) return 1;
  const z = (fisher(r1) - fisher(r2)) / Math.sqrt(1.06 / (n1 - 3) + 1.06 / (n2 - 3));
  return Math.min(1, 2 * normalSurvival(Math.abs(z)));
}

/** atanh, finite at ±1 (identical ranks), where it would compare infinities. */
const fisher = (r: number): number => Math.atanh(Math.min(1 - 1e-12, Math.max(-1 + 1e-12, r)));

const pairKey = ([a, b]: readonly [string, string]): string => JSON.stringify(a < b ? [a, b] : [b, a]);

function pairsOf(matrix: CorrelationMatrix) {
  let at = 0;
  return matrix.features.flatMap((a, i) =>
    matrix.features.slice(i + 1).map((b) => {
      const index = at++;
      return { features: [a, b] as const, r: matrix.values[index] ?? null, n: matrix.pairs[index] ?? 0 };
    }),
  );
}

function everyNth(values: Float64Array): Float64Array {
  const step = values.length / CORRELATION_ROWS;
  if (step <= 1) return values;
  return Float64Array.from({ length: CORRELATION_ROWS }, (_, i) => values[Math.floor(i * step)]!);
}

/** Mid-ranks of the values that are there; NaN stays. */
function ranksOf(values: Float64Array): Float64Array {
  const order = Array.from(values.keys())
    .filter((i) => !Number.isNaN(values[i]!))
    .sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length).fill(Number.NaN);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + to - 1) / 2;
    from = to;
  }
  return ranks;
}

/** Pearson's r of the complete pairs; null when a side is constant or there are too few. */
function correlationOf(a: Float64Array, b: Float64Array): { readonly r: number | null; readonly n: number } {
  let n = 0;
  let meanA = 0;
  let meanB = 0;
  let squareA = 0;
  let squareB = 0;
  let product = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i]!;
    const y = b[i]!;
    if (Number.isNaN(x) || Number.isNaN(y)) continue;
    n++;
    const dx = x - meanA;
    const dy = y - meanB;
    meanA += dx / n;
    meanB += dy / n;
    squareA += dx * (x - meanA);
    squareB += dy * (y - meanB);
    product += dx * (y - meanB);
  }
  if (n < MIN_PAIRS || !(squareA > 0) || !(squareB > 0)) return { r: null, n };
  const r = product / Math.sqrt(squareA) / Math.sqrt(squareB);
  return { r: Math.min(1, Math.max(-1, r)) + 0, n };
}
