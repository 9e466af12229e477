/** What the plots draw, computed from held-out truth and scores. Rows with a score that is not finite are left out. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface ScoredRows {
  readonly truth: readonly string[];
  readonly scores: readonly number[];
}

export type HoldoutShape =
  | { readonly kind: 'binary'; readonly positive: string }
  | { readonly kind: 'regression' }
  /** Multiclass, or nothing to draw from. */
  | { readonly kind: 'none' };

/**
 * What the held-out rows are. `classes` ([negative, positive] for binary, [] for regression) decides when given; else two
 * different truths mean binary, whose positive class is the one that the scores rank higher, and numbers mean regression.
 */
export function shapeOf(rows: ScoredRows, classes?: readonly string[]): HoldoutShape {
  const positive = classes?.[1];
  if (classes?.length === 2 && positive !== undefined) return { kind: 'binary', positive };
  if (classes !== undefined && classes.length > 2) return { kind: 'none' };
  const values = [...new Set(rows.truth)];
  if (classes === undefined && values.length === 2) {
    const [a, b] = values as [string, string];
    return { kind: 'binary', positive: meanScore(rows, a) > meanScore(rows, b) ? a : b };
  }
  const numeric = values.length > 0 && values.every((value) => value.trim() !== '' && Number.isFinite(Number(value)));
  return numeric ? { kind: 'regression' } : { kind: 'none' };
}

/** (false positive rate, true positive rate) from (0, 0) to (1, 1), ties as one step, thinned to about `limit` points. [] when one class is missing. */
export function rocCurve(rows: ScoredRows, positive: string, limit = 120): readonly Point[] {
  const sorted = finite(rows)
    .map(({ truth, score }) => ({ hit: truth === positive, score }))
    .sort((a, b) => b.score - a.score);
  const hits = sorted.filter(({ hit }) => hit).length;
  const misses = sorted.length - hits;
  if (hits === 0 || misses === 0) return [];
  const points: Point[] = [{ x: 0, y: 0 }];
  let truePositives = 0;
  let falsePositives = 0;
  sorted.forEach(({ hit, score }, i) => {
    if (hit) truePositives++;
    else falsePositives++;
    if (sorted[i + 1]?.score !== score) points.push({ x: falsePositives / misses, y: truePositives / hits });
  });
  return thin(points, limit);
}

export interface CalibrationBin {
  readonly predicted: number;
  readonly observed: number;
  readonly rows: number;
}

/** Equal-count bins of the score: mean score against the share of positives. */
export function calibration(rows: ScoredRows, positive: string, bins = 10): readonly CalibrationBin[] {
  const sorted = finite(rows).sort((a, b) => a.score - b.score);
  const out: CalibrationBin[] = [];
  for (let bin = 0; bin < bins; bin++) {
    const part = sorted.slice(Math.floor((bin * sorted.length) / bins), Math.floor(((bin + 1) * sorted.length) / bins));
    if (part.length === 0) continue;
    const predicted = part.reduce((sum, { score }) => sum + score, 0) / part.length;
    const observed = part.filter(({ truth }) => truth === positive).length / part.length;
    out.push({ predicted, observed, rows: part.length });
  }
  return out;
}

/** truth − prediction. */
export const residuals = (rows: ScoredRows): readonly number[] =>
  finite(rows)
    .map(({ truth, score }) => Number(truth) - score)
    .filter(Number.isFinite);

export interface Histogram {
  /** Middles of the bins. */
  readonly centres: readonly number[];
  /** Shares of each series, in the order given. */
  readonly shares: readonly (readonly number[])[];
}

/** Common bins for several series, between their joint 0.5 % and 99.5 % quantiles; what lies outside goes into the end bins. */
export function histogram(series: readonly (readonly number[])[], bins = 30): Histogram {
  const all = series.flat().sort((a, b) => a - b);
  const low = all[Math.floor(all.length * 0.005)] ?? 0;
  const high = all[Math.ceil(all.length * 0.995) - 1] ?? 0;
  const width = (high - low) / bins || 1;
  const shares = series.map((values) => {
    const counts = new Array<number>(bins).fill(0);
    for (const value of values) {
      const bin = Math.min(bins - 1, Math.max(0, Math.floor((value - low) / width)));
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    return counts.map((count) => (values.length === 0 ? 0 : count / values.length));
  });
  return { centres: Array.from({ length: bins }, (_, i) => low + (i + 0.5) * width), shares };
}

function finite(rows: ScoredRows): { truth: string; score: number }[] {
  return rows.truth.flatMap((truth, i) => {
    const score = rows.scores[i];
    return score !== undefined && Number.isFinite(score) ? [{ truth, score }] : [];
  });
}

function meanScore(rows: ScoredRows, truth: string): number {
  const scores = finite(rows).filter((row) => row.truth === truth);
  return scores.reduce((sum, { score }) => sum + score, 0) / Math.max(1, scores.length);
}

/** Keeps the ends and every k-th between. */
export function thin<T>(points: readonly T[], limit: number): readonly T[] {
  if (points.length <= limit) return points;
  const every = Math.ceil(points.length / limit);
  return points.filter((_, i) => i % every === 0 || i === points.length - 1);
}
