/**
 * The two-sample methods by name. The name is what `ratchet compare --methods` takes and what reports write.
 * core/drift/methods.ts runs them; each has one file with its formula.
 */
export const NUMERIC_METHODS = [
  'ks',
  'cvm',
  'anderson',
  'mannwhitney',
  't',
  'welch',
  'energy',
  'wasserstein',
  'psi',
  'kl',
  'js',
  'hellinger',
] as const;

export const CATEGORICAL_METHODS = [
  'chisquare',
  'chisquare_contingency',
  'z',
  'fisher',
  'g',
  'psi',
  'kl',
  'js',
  'hellinger',
  'tvd',
  'linf',
] as const;

export type NumericMethod = (typeof NUMERIC_METHODS)[number];
export type CategoricalMethod = (typeof CATEGORICAL_METHODS)[number];
export type DriftMethod = NumericMethod | CategoricalMethod;

/** One method's answer. Never NaN: what is not defined is null, and `note` says why. */
export interface MethodResult {
  readonly method: DriftMethod;
  /** The test statistic or the distance. null: not defined for these rows (an empty side). */
  readonly statistic: number | null;
  /** In [0, 1]; null where the method has none (a distance) or it is not defined. */
  readonly pValue: number | null;
  /** 'exact', 'asymptotic', 'approximate', or a reason for a null. */
  readonly note?: string;
}
