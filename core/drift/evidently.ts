/**
 * Evidently 0.7's rule for one column, as its `DataDriftPreset` runs it: which test it chooses, its threshold and the sign of the
 * comparison. Its numbers are reproduced to 1e-9 (test/core/compare/evidently.test.ts against real runs of 0.7.23).
 *
 * The choice looks at the reference's size and the number of distinct values only; the window's size is never looked at, so small
 * windows fire without drift (docs/explanation/statistics.md). Where Evidently raises, this is defined: a G-test of unequal
 * sizes is scaled, Fisher's test asks for no equal lengths, TVD gives the distance and not its seeded permutation p.
 *
 * Source: evidently/legacy/calculations/stattests/registry.py and data_drift.py (behaviour, not code).
 */
import type { CategoricalMethod, DriftMethod, NumericMethod } from './method';

/** At most this many reference values: a test with a p-value; more: a distance. */
export const SMALL_REFERENCE = 1000;
/** A number column with at most this many distinct values is treated as categories. */
export const FEW_VALUES = 5;
/** Share of drifted columns from which the data has drifted. */
export const EVIDENTLY_DRIFT_SHARE = 0.5;

export interface EvidentlyTest {
  /** `p`: drifted when the p-value is small; `distance`: when the statistic is large. */
  readonly score: 'p' | 'distance';
  readonly threshold: number;
  /** Does a score that equals the threshold count as drifted? */
  readonly inclusive: boolean;
}

const p = (threshold: number, inclusive = false): EvidentlyTest => ({ score: 'p', threshold, inclusive });
const distance = (inclusive = true): EvidentlyTest => ({ score: 'distance', threshold: 0.1, inclusive });

export const EVIDENTLY_TESTS: Readonly<Record<Exclude<DriftMethod, 'welch' | 'linf'>, EvidentlyTest>> = {
  ks: p(0.05, true),
  cvm: p(0.1, true),
  anderson: p(0.1),
  mannwhitney: p(0.05),
  t: p(0.05),
  chisquare: p(0.05),
  // Evidently has no contingency form; its threshold is the one-way test's.
  chisquare_contingency: p(0.05),
  z: p(0.05),
  fisher: p(0.1),
  g: p(0.1),
  tvd: distance(),
  psi: distance(),
  kl: distance(),
  js: distance(),
  wasserstein: distance(),
  hellinger: distance(),
  energy: distance(false),
};

export type EvidentlyChoice =
  | { readonly as: 'number'; readonly method: NumericMethod }
  /** The values are counted as categories, numbers too. */
  | { readonly as: 'string'; readonly method: CategoricalMethod };

/**
 * @param kind of the column.
 * @param referenceValues values of the reference that are neither missing nor infinite.
 * @param distinct distinct values of both sides together.
 *
 * @example
 * evidentlyChoice('number', 1000, 6) // { as: 'number', method: 'ks' }
 * evidentlyChoice('number', 1001, 6) // { as: 'number', method: 'wasserstein' }
 * evidentlyChoice('string', 500, 2) // { as: 'string', method: 'z' }
 */
export function evidentlyChoice(kind: 'number' | 'string', referenceValues: number, distinct: number): EvidentlyChoice {
  const small = referenceValues <= SMALL_REFERENCE;
  if (kind === 'number' && distinct > FEW_VALUES) return { as: 'number', method: small ? 'ks' : 'wasserstein' };
  if (!small) return { as: 'string', method: 'js' };
  return { as: 'string', method: distinct > 2 ? 'chisquare' : 'z' };
}

/** Is this score (a p-value or a distance, as the test has it) drift to Evidently? */
export function evidentlyDrifted(test: EvidentlyTest, score: number): boolean {
  if (score === test.threshold) return test.inclusive;
  return test.score === 'p' ? score < test.threshold : score > test.threshold;
}
