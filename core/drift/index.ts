/** `temporal-ratchet/core/drift`: has the input moved? Distances, tests and the judgement over all features. */
export { addWindowCounts } from './add-window-counts';
export { benjaminiHochberg } from './benjamini-hochberg';
export { chiSquareHomogeneity, type ChiSquareResult } from './chi-square';
export type { EffectLimits, MeasurePolicy } from './compare-counts';
export { correlationChanges, spearmanCorrelations, type CorrelationChange } from './correlation';
export { countPlanOf, planned, PREDICTION_NAME, TARGET_NAME } from './count-plan';
export { countColumn, countWindow, type CountableRows } from './count-window';
export { clusteredChiSquarePValue, designEffectOf, type DesignEffect } from './design-effect';
export * from './drift-measurement';
export { histogramEffect } from './histogram-effect';
export { compareImportance, judgeImportance, type Importance, type ImportanceComparison } from './importance';
export { jensenShannonDistance } from './jensen-shannon';
export { ksTwoSample, type KsResult } from './ks';
export { measureCounts, measureDrift, measureTarget } from './measure';
export * from './profile';
export { buildProfileFromFrame, buildReferenceProfile, type ProfileOptions } from './profile-build';
export { populationStabilityIndex } from './psi';
export * from './window-counts';
export { andersonDarlingSorted, type AndersonDarlingResult } from './anderson-darling';
export {
  evidentlyBins,
  evidentlyHellingerBins,
  quantileBins,
  sturgesEdges,
  type BinnedPair,
  type Binning,
} from './binning';
export { chiSquareOneWay, type OneWayResult } from './chi-square-one-way';
export { cramerVonMisesSorted, type CramerVonMisesResult } from './cramer-von-mises';
export { energyDistanceSorted } from './energy-distance';
export { fisherExact, type FisherResult } from './fisher-exact';
export { gTest } from './g-test';
export { hellingerDistance } from './hellinger';
export { kullbackLeiblerDivergence } from './kullback-leibler';
export { largestDifference } from './largest-difference';
export { mannWhitneySorted, type Alternative, type MannWhitneyResult } from './mann-whitney';
export * from './method';
export {
  runCategoricalMethod,
  runNumericMethod,
  runNumericMethodSorted,
  type CategoricalMethodOptions,
  type NumericMethodOptions,
} from './methods';
export * from './exact';
export { sortFinite } from './sort-finite';
export { totalVariationDistance } from './total-variation';
export { tTestSorted, type TTestResult } from './t-test';
export { twoProportions, type TwoProportionsResult } from './two-proportions';
export { normedWassersteinSorted, wassersteinSorted } from './wasserstein';
