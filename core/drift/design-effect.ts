/**
 * p-values on clustered rows. Every flight of one hour has the same weather: 2,000 rows of a week are then worth about 168, and a
 * test that counts rows fires in most quiet weeks.
 *
 * With cluster sizes m_l, a mean behaves as that of n/deff independent rows, deff = 1 + (m̃ − 1)·ρ, m̃ = Σm²/Σm (Kish, with
 * unequal sizes). A histogram has K−1 components, each with its own ρ_k and so its own deff δ_k, and X² of homogeneity is
 * distributed as Σ δ_k χ²₁. Both samples are clustered: with mean sizes m̃_r, m̃_c over n and m rows
 *
 *   δ_k = 1 + (M − 1)·ρ_k,   M − 1 = ((m̃_r − 1)/n + (m̃_c − 1)/m) / (1/n + 1/m).
 *
 * Rao and Scott's second-order correction refers X²/(δ̄(1 + a²)) to χ² with df/(1 + a²) degrees of freedom, a² being the squared
 * coefficient of variation of the δ_k; it needs only the mean and the mean square of the ρ_k, which the reference profile holds.
 *
 * Assumes that clusters are independent and alike in both samples (ρ of the reference holds for the window), and enough of them
 * for normal theory (at 20 against 5 days with ρ = .5 it fires in 7.6 % of runs): fewer than `MIN_REFERENCE_CLUSTERS` or `MIN_WINDOW_CLUSTERS` are not judged.
 *
 * References: L. Kish, "Survey Sampling", 1965, §5.4 and §8.2 (deff; unequal sizes: Kish 1992, J. Off. Stat. 8); J. N. K. Rao &
 * A. J. Scott, "On chi-squared tests for multiway contingency tables with cell proportions estimated from survey data", Ann.
 * Stat. 12, 1984; R. Thomas & J. N. K. Rao, JASA 82, 1987 (how both corrections hold their level).
 */
import { chiSquareSurvival } from './gamma';
import type { ClusterFigure } from './profile';

export const MIN_REFERENCE_CLUSTERS = 30;
export const MIN_WINDOW_CLUSTERS = 7;

/** What clustering does to a comparison of two samples. */
export interface DesignEffect {
  /** Mean of δ_k, >= 1. */
  readonly mean: number;
  /** a²: squared coefficient of variation of δ_k, >= 0. */
  readonly variation: number;
  /** A bound on the largest δ_k: for statistics that are no sum over components (KS). */
  readonly largest: number;
  /** Rows divided by `mean`. */
  readonly referenceRows: number;
  readonly currentRows: number;
}

/**
 * @param reference of the reference profile, with `icc` not null.
 * @param currentMeanSize m̃ of the window.
 * @param components degrees of freedom of the whole histogram (bins − 1, at least 1).
 */
export function designEffectOf(
  reference: ClusterFigure,
  rows: { readonly reference: number; readonly current: number },
  currentMeanSize: number,
  components: number,
): DesignEffect {
  const icc = reference.icc ?? 1;
  const square = reference.iccSquare ?? 1;
  const extra =
    (Math.max(0, reference.meanSize - 1) / rows.reference + Math.max(0, currentMeanSize - 1) / rows.current) /
    (1 / rows.reference + 1 / rows.current);
  const mean = 1 + extra * icc;
  const variation = Math.max(0, (extra * extra * (square - icc * icc)) / (mean * mean));
  // The largest of K−1 numbers is at most the root of their sum of squares.
  const largest = 1 + extra * Math.min(1, Math.sqrt(components * square));
  return {
    mean,
    variation,
    largest: Math.max(mean, largest),
    referenceRows: rows.reference / mean,
    currentRows: rows.current / mean,
  };
}

/** Second-order Rao–Scott p of X² with `df` degrees of freedom; that of the plain test when there is no clustering. */
export function clusteredChiSquarePValue(statistic: number, df: number, effect: DesignEffect): number {
  if (df <= 0) return 1;
  // With one degree of freedom there is one δ: nothing varies, and less than one is no distribution of a sum of squares.
  const factor = Math.min(1 + effect.variation, df);
  return chiSquareSurvival(statistic / (effect.mean * factor), df / factor);
}
