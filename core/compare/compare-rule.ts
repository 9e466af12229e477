import type { CategoricalMethod, NumericMethod } from '../drift/method';

/**
 * How a comparison is judged. `effectAndP`: a feature has drifted when its effect reaches the threshold *and* its adjusted p is
 * at most alpha. `evidently`: Evidently's choice of one test a column, its thresholds, and no correction. policy/compare-rule.ts
 * makes them from the presets; no default is named here.
 */
export type CompareRule = EffectRule | EvidentlyRule;

export interface EvidentlyRule {
  readonly kind: 'evidently';
  readonly preset: string;
}

export interface EffectRule {
  readonly kind: 'effectAndP';
  readonly preset: string;
  readonly numeric: EffectLimit<NumericMethod> & { readonly bins: number; readonly test: NumericMethod };
  readonly categorical: EffectLimit<CategoricalMethod> & { readonly test: CategoricalMethod };
  readonly alpha: number;
  /** Fewest values a side; below it a feature is `insufficient`. */
  readonly minRows: number;
  /** The data has drifted when so many features did, or such a share of them (of their weights), or one of the top k. */
  readonly minFeatures: number;
  readonly minShare: number;
  readonly anyTopK: number | null;
}

export interface EffectLimit<Method> {
  readonly method: Method;
  readonly warn: number;
  readonly threshold: number;
  /** Further distances: one at its threshold does as well. */
  readonly also: readonly { readonly method: Method; readonly threshold: number }[];
}
