/**
 * Does one feature alone predict the target? A feature that does is, as a rule, a copy of the answer that the model will not have
 * when it predicts. A hint: only a person knows what was known when.
 *
 * Number feature, classes: AUC = P(x₁ < x₂) + ½ P(x₁ = x₂) by midranks (Hanley & McNeil 1982), as max(A, 1 − A); of the smallest pair
 * of classes when there are more than two (pairs of Hand & Till 2001). Number feature, number target: Spearman's ρ².
 * Text feature: share of the target's variance (of its Gini impurity for classes: Goodman & Kruskal's τ, 1954) between the
 * categories, adjusted for their number, ε² = 1 − (1 − η²)(n − 1)/(n − k) (Kelley 1935), so that a column of ids, which
 * separates every row from every other, does not count.
 * Rows where either is missing are left out. Assumes nothing of distributions.
 */
import { cellOf, type Cells } from './cells';

export interface Leakage {
  readonly measure: 'auc' | 'spearman2' | 'epsilon2';
  /** 0 to 1 (auc: 0.5 to 1); 1: it alone separates the target. */
  readonly value: number;
  readonly rows: number;
}

/** Below this many rows with both values a separation may be chance. */
export const FEWEST_LEAKAGE_ROWS = 50;
/** More classes than this are not paired. */
const MOST_CLASSES = 20;
/** Fewest rows of a class to be paired. */
const FEWEST_OF_CLASS = 5;

/** null: too few rows, a target without variation, or too many classes to pair. */
export function leakageOf(feature: Cells, kind: 'number' | 'string', target: Cells): Leakage | null {
  const x: (number | string)[] = [];
  const y: (number | string)[] = [];
  for (let row = 0; row < Math.min(feature.length, target.length); row++) {
    const value = cellOf(feature.at(row));
    const truth = cellOf(target.at(row));
    if (value === null || truth === null || typeof value !== kind) continue;
    x.push(value);
    y.push(truth);
  }
  if (x.length < FEWEST_LEAKAGE_ROWS) return null;
  const classes = new Set(y);
  if (classes.size < 2) return null;
  const numericTarget = y.every((truth) => typeof truth === 'number') && classes.size > MOST_CLASSES;
  if (kind === 'string') {
    const value = numericTarget ? varianceBetween(x, y) : giniBetween(x, y);
    return value === null ? null : { measure: 'epsilon2', value, rows: x.length };
  }
  if (numericTarget) {
    const value = spearmanSquared(x as number[], y);
    return value === null ? null : { measure: 'spearman2', value, rows: x.length };
  }
  const value = smallestAuc(x as number[], y);
  return value === null ? null : { measure: 'auc', value, rows: x.length };
}

/** Mean ranks of ties, from 1. */
function midranks(values: readonly number[]): Float64Array {
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!]! === values[order[from]!]!) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}

function smallestAuc(x: readonly number[], y: readonly (number | string)[]): number | null {
  const byClass = new Map<number | string, number[]>();
  x.forEach((value, i) => {
    const there = byClass.get(y[i]!);
    if (there === undefined) byClass.set(y[i]!, [value]);
    else there.push(value);
  });
  const classes = [...byClass.values()].filter((values) => values.length >= FEWEST_OF_CLASS);
  if (classes.length < 2 || classes.length > MOST_CLASSES) return null;
  let smallest = 1;
  for (let i = 0; i < classes.length; i++) {
    for (let j = i + 1; j < classes.length; j++) {
      const [a, b] = [classes[i]!, classes[j]!];
      const ranks = midranks([...a, ...b]);
      const sum = ranks.subarray(0, a.length).reduce((total, rank) => total + rank, 0);
      const auc = (sum - (a.length * (a.length + 1)) / 2) / (a.length * b.length);
      smallest = Math.min(smallest, Math.max(auc, 1 - auc));
    }
  }
  return smallest;
}

function spearmanSquared(x: readonly number[], y: readonly number[]): number | null {
  const [rx, ry] = [midranks(x), midranks(y)];
  const mean = (x.length + 1) / 2;
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [rx[i]! - mean, ry[i]! - mean];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xx === 0 || yy === 0 ? null : Math.min(1, (xy * xy) / (xx * yy));
}

function varianceBetween(x: readonly unknown[], y: readonly number[]): number | null {
  const mean = y.reduce((sum, value) => sum + value / y.length, 0);
  const groups = new Map<unknown, { n: number; sum: number }>();
  let total = 0;
  y.forEach((value, i) => {
    const group = groups.get(x[i]) ?? { n: 0, sum: 0 };
    group.n++;
    group.sum += value - mean;
    groups.set(x[i], group);
    total += (value - mean) ** 2;
  });
  const between = [...groups.values()].reduce((sum, group) => sum + group.sum ** 2 / group.n, 0);
  return adjusted(between / total, y.length, groups.size);
}

function giniBetween(x: readonly unknown[], y: readonly (number | string)[]): number | null {
  const groups = new Map<unknown, Map<number | string, number>>();
  const all = new Map<number | string, number>();
  y.forEach((truth, i) => {
    const group = groups.get(x[i]) ?? new Map<number | string, number>();
    groups.set(x[i], group.set(truth, (group.get(truth) ?? 0) + 1));
    all.set(truth, (all.get(truth) ?? 0) + 1);
  });
  const impurity = (counts: ReadonlyMap<unknown, number>): number => {
    const n = [...counts.values()].reduce((sum, count) => sum + count, 0);
    return n - [...counts.values()].reduce((sum, count) => sum + count ** 2, 0) / n;
  };
  const total = impurity(all);
  const inside = [...groups.values()].reduce((sum, group) => sum + impurity(group), 0);
  return adjusted(1 - inside / total, y.length, groups.size);
}

/** ε² of η²: 0 where the categories explain no more than chance would. */
function adjusted(eta2: number, n: number, k: number): number | null {
  if (k >= n || !Number.isFinite(eta2)) return null;
  return Math.min(1, Math.max(0, 1 - ((1 - eta2) * (n - 1)) / (n - k)));
}
