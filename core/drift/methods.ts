/**
 * Every two-sample method by its name (core/drift/method.ts): one call a method and pair of samples. Each method's formula,
 * assumptions and source stand in its own file.
 *
 * Nothing here is NaN. An empty side gives nulls with a note; equal constants give p = 1 or distance 0; a distance above the
 * largest double is the largest double.
 */
import { RatchetError } from '../errors';
import { andersonDarlingSorted, LEAST_POOLED_ROWS } from './anderson-darling';
import {
  DEFAULT_BINS,
  evidentlyBins,
  evidentlyHellingerBins,
  quantileBins,
  type BinnedPair,
  type Binning,
} from './binning';
import type { EmptyBinRule } from './bin-shares';
import { chiSquareHomogeneity } from './chi-square';
import { chiSquareOneWay, type OneWayResult } from './chi-square-one-way';
import { cramerVonMisesSorted } from './cramer-von-mises';
import { energyDistanceSorted } from './energy-distance';
import { fisherExact } from './fisher-exact';
import { gTest } from './g-test';
import { hellingerDistance } from './hellinger';
import { jensenShannonDistance } from './jensen-shannon';
import { ksTwoSampleSorted } from './ks';
import { kullbackLeiblerDivergence } from './kullback-leibler';
import { largestDifference } from './largest-difference';
import { mannWhitneySorted, type Alternative } from './mann-whitney';
import type { CategoricalMethod, MethodResult, NumericMethod } from './method';
import { populationStabilityIndex } from './psi';
import { sortFinite } from './sort-finite';
import { totalVariationDistance } from './total-variation';
import { tTestSorted } from './t-test';
import { twoProportions } from './two-proportions';
import { normedWassersteinSorted } from './wasserstein';

export interface NumericMethodOptions {
  /** Bins of psi, kl, js and hellinger, and what fills an empty one. Default `quantile`. */
  readonly binning?: Binning;
  /** Quantile bins, an integer of at least 2; default 10. `evidently` has its own rule. */
  readonly bins?: number;
  /** Of mannwhitney only; default `two-sided`. `less` is Evidently's: the reference tends to smaller values. */
  readonly alternative?: Alternative;
  /** Of `evidently` binning: are the values of an integer type? Default: whether all of them are whole. */
  readonly integers?: boolean;
}

export interface CategoricalMethodOptions {
  /** What fills an empty category of psi and kl: `quantile` (default) Ratchet's rule, `evidently` Evidently's. */
  readonly binning?: Binning;
}

/** Statistic, p and note: a {@link MethodResult} without its name. */
type Answer = Omit<MethodResult, 'method'>;

const distance = (statistic: number): Answer => ({ statistic, pValue: null });
const undefinedFor = (note: string): Answer => ({ statistic: null, pValue: null, note });

/**
 * Runs a numeric method on two samples in any order. NaN and ±infinity are dropped first (as Evidently does). Sorts each side
 * once: about 0.3 s for two million values; see {@link runNumericMethodSorted} for several methods on one pair.
 *
 * `wasserstein` is the *normed* distance (in standard deviations of the reference); the plain one is `wassersteinSorted`.
 *
 * @throws RATCHET_INPUT_INVALID where `options.bins` is not an integer of at least 2.
 *
 * @example
 * runNumericMethod('ks', Float64Array.of(1, 2, 3), Float64Array.of(1, 2, 3)) // { method: 'ks', statistic: 0, pValue: 1, note: 'exact' }
 * runNumericMethod('wasserstein', Float64Array.of(0, 2, NaN), Float64Array.of(3, 5)) // { method: 'wasserstein', statistic: 3, pValue: null }
 * runNumericMethod('psi', Float64Array.of(1, 2), Float64Array.of()) // { method: 'psi', statistic: null, pValue: null, note: 'the current rows have no value' }
 */
export const runNumericMethod = (
  method: NumericMethod,
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
  options: NumericMethodOptions = {},
): MethodResult => runNumericMethodSorted(method, sortFinite(reference), sortFinite(current), options);

/**
 * The same for samples that {@link sortFinite} made (ascending, finite, no −0), which are not checked.
 *
 * @throws RATCHET_INPUT_INVALID where `options.bins` is not an integer of at least 2.
 */
export function runNumericMethodSorted(
  method: NumericMethod,
  reference: Float64Array,
  current: Float64Array,
  options: NumericMethodOptions = {},
): MethodResult {
  const empty = emptySide(reference.length, current.length);
  return { method, ...(empty ?? NUMERIC[method](reference, current, options)) };
}

type NumericRun = (reference: Float64Array, current: Float64Array, options: NumericMethodOptions) => Answer;

const NUMERIC: Readonly<Record<NumericMethod, NumericRun>> = {
  ks: (a, b) => noted(ksTwoSampleSorted(a, b)),
  cvm: (a, b) => noted(cramerVonMisesSorted(a, b)),
  anderson: (a, b) => {
    const result = andersonDarlingSorted(a, b);
    if (result === null) return undefinedFor(`needs at least ${LEAST_POOLED_ROWS} values on both sides together`);
    return { ...result, note: result.statistic === null ? 'all values are equal' : 'approximate' };
  },
  mannwhitney: (a, b, { alternative }) => noted(mannWhitneySorted(a, b, alternative)),
  t: (a, b) => tAnswer(a, b, 'pooled', 'needs at least 3 values on both sides together'),
  welch: (a, b) => tAnswer(a, b, 'welch', 'needs at least 2 values on each side'),
  energy: (a, b) => distance(energyDistanceSorted(a, b)),
  wasserstein: (a, b) => distance(normedWassersteinSorted(a, b)),
  psi: (a, b, options) => overBins(populationStabilityIndex, binned(a, b, options), options),
  kl: (a, b, options) => overBins(kullbackLeiblerDivergence, binned(a, b, options), options),
  js: (a, b, options) => overBins(jensenShannonDistance, binned(a, b, options), options),
  hellinger: (a, b, options) =>
    overBins(
      hellingerDistance,
      options.binning === 'evidently' ? evidentlyHellingerBins(a, b, options.integers) : binned(a, b, options),
      options,
    ),
};

const noted = (result: { statistic: number; pValue: number; method: string }): Answer => ({
  statistic: result.statistic,
  pValue: result.pValue,
  note: result.method,
});

function tAnswer(a: Float64Array, b: Float64Array, variances: 'pooled' | 'welch', tooFew: string): Answer {
  const result = tTestSorted(a, b, variances);
  if (result === null) return undefinedFor(tooFew);
  const { statistic, pValue } = result;
  return statistic === null
    ? { statistic, pValue, note: 'both sides are constant and differ' }
    : { statistic, pValue, note: 'exact' };
}

function binned(a: Float64Array, b: Float64Array, options: NumericMethodOptions): BinnedPair {
  return options.binning === 'evidently'
    ? evidentlyBins(a, b, options.integers)
    : quantileBins(a, b, options.bins ?? DEFAULT_BINS);
}

type HistogramDistance = (reference: readonly number[], current: readonly number[], rule: EmptyBinRule) => number;

const overBins = (
  measure: HistogramDistance,
  bins: Pick<BinnedPair, 'reference' | 'current'>,
  { binning }: { readonly binning?: Binning },
): Answer => distance(measure(bins.reference, bins.current, binning === 'evidently' ? 'evidently' : 'pooled'));

/**
 * Runs a categorical method on counts by category. A category that a side lacks counts 0 there. Categories are taken in
 * code-unit order of their names, so that the answer does not depend on the order of the maps.
 *
 * `z` compares the share of the first category; `fisher` takes at most two categories.
 *
 * @throws RATCHET_INPUT_INVALID where a count is neither 0 nor from 1e-9 to 2^53 − 1 (weights need not be whole).
 *
 * @example
 * runCategoricalMethod('chisquare', new Map([['a', 5], ['b', 5]]), new Map([['c', 3]])) // { method: 'chisquare', statistic: null, pValue: 0, note: 'infinite: a category that the reference does not have' }
 * runCategoricalMethod('tvd', new Map([['a', 3], ['b', 1]]), new Map([['a', 1], ['b', 1]])) // { method: 'tvd', statistic: 0.25, pValue: null }
 */
export function runCategoricalMethod(
  method: CategoricalMethod,
  reference: ReadonlyMap<string, number>,
  current: ReadonlyMap<string, number>,
  options: CategoricalMethodOptions = {},
): MethodResult {
  const counts = align(reference, current);
  const empty = emptySide(total(counts.reference), total(counts.current));
  return { method, ...(empty ?? CATEGORICAL[method](counts, options)) };
}

/** Weighted counts may be fractions; below this, ratios of totals would overflow. */
const LEAST_COUNT = 1e-9;

interface CountPair {
  readonly reference: readonly number[];
  readonly current: readonly number[];
}

const CATEGORICAL: Readonly<Record<CategoricalMethod, (c: CountPair, options: CategoricalMethodOptions) => Answer>> = {
  chisquare: (c) => oneWayAnswer(chiSquareOneWay(c.reference, c.current)),
  chisquare_contingency: (c) => {
    const { statistic, pValue, folded } = chiSquareHomogeneity(c.reference, c.current);
    return { statistic, pValue, note: folded > 0 ? `asymptotic, ${folded} rare categories as one` : 'asymptotic' };
  },
  z: (c) => {
    const result = twoProportions(c.reference[0]!, total(c.reference), c.current[0]!, total(c.current));
    return { ...result, note: 'asymptotic' };
  },
  fisher: (c) => {
    if (c.reference.length > 2) return undefinedFor(`needs at most 2 categories, there are ${c.reference.length}`);
    if (![...c.reference, ...c.current].every(Number.isInteger)) return undefinedFor('needs whole counts');
    const [a = 0, b = 0] = c.reference;
    const [x = 0, y = 0] = c.current;
    const { oddsRatio, pValue } = fisherExact(a, b, x, y);
    return { statistic: oddsRatio, pValue, note: oddsRatio === null ? 'exact; the odds ratio divides by 0' : 'exact' };
  },
  g: (c) => oneWayAnswer(gTest(c.reference, c.current)),
  psi: (c, options) => overBins(populationStabilityIndex, c, options),
  kl: (c, options) => overBins(kullbackLeiblerDivergence, c, options),
  js: (c, options) => overBins(jensenShannonDistance, c, options),
  hellinger: (c, options) => overBins(hellingerDistance, c, options),
  tvd: (c, options) => overBins(totalVariationDistance, c, options),
  linf: (c, options) => overBins(largestDifference, c, options),
};

const oneWayAnswer = ({ statistic, pValue }: OneWayResult): Answer => ({
  statistic,
  pValue,
  note: statistic === null ? 'infinite: a category that the reference does not have' : 'asymptotic',
});

/** Counts over the categories that any side has, by name. */
function align(reference: ReadonlyMap<string, number>, current: ReadonlyMap<string, number>): CountPair {
  const names = [...new Set([...present(reference), ...present(current)])].sort();
  return {
    reference: names.map((name) => reference.get(name) ?? 0),
    current: names.map((name) => current.get(name) ?? 0),
  };
}

function present(counts: ReadonlyMap<string, number>): readonly string[] {
  const names: string[] = [];
  for (const [name, count] of counts) {
    if (!(count === 0 || (count >= LEAST_COUNT && count <= Number.MAX_SAFE_INTEGER))) {
      throw new RatchetError(
        'RATCHET_INPUT_INVALID',
        `the count of category ${JSON.stringify(name)} is ${count}, must be 0, or from ${LEAST_COUNT} to 2^53 − 1`,
      );
    }
    if (count > 0) names.push(name);
  }
  return names;
}

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

function emptySide(reference: number, current: number): Answer | null {
  if (reference > 0 && current > 0) return null;
  if (reference > 0) return undefinedFor('the current rows have no value');
  return undefinedFor(current > 0 ? 'the reference has no value' : 'neither side has a value');
}
