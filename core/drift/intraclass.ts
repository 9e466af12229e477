/**
 * Intraclass correlation of a feature's histogram: how much more alike the rows of one cluster (an hour, a day) are than rows
 * of different ones.
 *
 * Rows become indicator vectors over K bins; one-way multivariate analysis of variance over the L clusters of sizes m_l gives
 *
 *   B = Σ m_l (p_l − p)(p_l − p)ᵀ / (L−1),   W = Σ m_l (diag p_l − p_l p_lᵀ) / (N−L),   m0 = (N − Σm_l²/N)/(L−1),
 *   A = (B − W)/m0,
 *
 * A being unbiased for the covariance between clusters. The K−1 eigenvalues ρ_k of diag(1/p)·A are the correlations of the
 * histogram's components, and only their mean and mean square are needed for a second-order Rao–Scott correction
 * (core/drift/design-effect.ts): Σρ = Σ_j A_jj/p_j and Σρ² = Σ_jk A_jk²/(p_j p_k), so no eigenvalue is computed. One mean alone
 * would not do: for a normal feature ρ_k falls like ρ^k, and a χ² test corrected by the mean fires too often. The mean square
 * carries the noise of A with it and is too large by about 1/L, which errs on the side of fewer alarms.
 *
 * Assumes independent clusters. Reference: A. Donner, "A review of inference procedures for the intraclass correlation
 * coefficient in the one-way random effects model", Int. Stat. Rev. 54(1), 1986 (the ANOVA estimator and m0); J. N. K. Rao &
 * A. J. Scott, "The analysis of categorical data from complex sample surveys", JASA 76, 1981 (generalized design effects).
 */
import type { ClusterFigure, ClusterFigures } from './profile';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
/** Bins that a many-valued string feature is seen in; the rest shares the last one. */
export const MAX_CELLS = 40;

/**
 * @param cell bin of each row, 0 … cells−1; −1: no value.
 * @param eventTime epoch milliseconds by row; a row without a finite one is left out.
 */
export function clusterFiguresOf(cell: ArrayLike<number>, cells: number, eventTime: ArrayLike<number>): ClusterFigures {
  return {
    hour: clusterFigureOf(cell, cells, eventTime, HOUR_MS),
    day: clusterFigureOf(cell, cells, eventTime, DAY_MS),
  };
}

export function clusterFigureOf(
  cell: ArrayLike<number>,
  cells: number,
  eventTime: ArrayLike<number>,
  lengthMs: number,
): ClusterFigure {
  const tables = new Map<number, Float64Array>();
  const total = new Float64Array(cells);
  let n = 0;
  for (let i = 0; i < cell.length; i++) {
    const at = cell[i]!;
    const time = eventTime[i] ?? Number.NaN;
    if (at < 0 || !Number.isFinite(time)) continue;
    const key = Math.floor(time / lengthMs);
    let table = tables.get(key);
    if (table === undefined) tables.set(key, (table = new Float64Array(cells)));
    table[at]!++;
    total[at]!++;
    n++;
  }
  const clusters = tables.size;
  const sizes = [...tables.values()].map((table) => table.reduce((sum, count) => sum + count, 0));
  const meanSize = sizeBiasedMean(sizes);
  // One cluster says nothing of what differs between clusters; clusters of one row nothing of what they share.
  if (clusters < 2 || n <= clusters) return { clusters, meanSize, icc: null, iccSquare: null };
  const used = Array.from(total.keys()).filter((at) => total[at]! > 0);
  if (used.length < 2) return { clusters, meanSize, icc: 0, iccSquare: 0 };

  const m0 = (n - meanSize) / (clusters - 1);
  const share = used.map((at) => total[at]! / n);
  const k = used.length;
  const between = new Float64Array(k * k);
  const within = new Float64Array(k * k);
  const p = new Float64Array(k);
  for (const table of tables.values()) {
    let size = 0;
    for (let a = 0; a < k; a++) size += table[used[a]!]!;
    for (let a = 0; a < k; a++) p[a] = table[used[a]!]! / size;
    for (let a = 0; a < k; a++) {
      const da = size * (p[a]! - share[a]!);
      within[a * k + a]! += size * p[a]!;
      for (let b = a; b < k; b++) {
        between[a * k + b]! += da * (p[b]! - share[b]!);
        within[a * k + b]! -= size * p[a]! * p[b]!;
      }
    }
  }
  let sum = 0;
  let square = 0;
  for (let a = 0; a < k; a++) {
    for (let b = a; b < k; b++) {
      const covariance = (between[a * k + b]! / (clusters - 1) - within[a * k + b]! / (n - clusters)) / m0;
      const scaled = covariance / Math.sqrt(share[a]! * share[b]!);
      if (a === b) sum += scaled;
      square += (a === b ? 1 : 2) * scaled * scaled;
    }
  }
  const icc = clamp(sum / (k - 1));
  return { clusters, meanSize, icc, iccSquare: Math.max(icc * icc, clamp(square / (k - 1))) };
}

/** Σm²/Σm: the size of the cluster that a random row is in. 0 without rows. */
export function sizeBiasedMean(sizes: readonly number[]): number {
  let rows = 0;
  let squares = 0;
  for (const size of sizes) {
    rows += size;
    squares += size * size;
  }
  return rows === 0 ? 0 : squares / rows;
}

const clamp = (value: number): number => Math.min(1, Math.max(0, value));
