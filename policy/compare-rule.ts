import type { CompareRule } from '../core/compare/compare-rule';
import { PRESETS } from './presets';
import type { PresetName } from './schema';

/** Presets by which two tables can be compared. */
export const COMPARE_PRESETS = [
  'default',
  'evidently',
  'article',
  'high-stakes',
  'low-risk',
] as const satisfies readonly PresetName[];
export type ComparePreset = (typeof COMPARE_PRESETS)[number];

/**
 * The drift section of a preset as a rule for two tables: effect and thresholds as for windows, the p of numbers by exact KS,
 * that of categories by χ². `evidently` is Evidently's own rule to the letter, which counts of windows cannot express.
 */
export function compareRuleOf(
  preset: ComparePreset,
  overrides: { readonly alpha?: number; readonly minRows?: number; readonly anyTopK?: number } = {},
): CompareRule {
  if (preset === 'evidently') return { kind: 'evidently', preset };
  const { numeric, categorical, alpha, minRows, minFeatures, minShare, anyTopK } = PRESETS[preset].drift;
  return {
    kind: 'effectAndP',
    preset,
    numeric: { ...numeric, also: numeric.also ?? [], test: 'ks' },
    categorical: { ...categorical, also: categorical.also ?? [], test: 'chisquare_contingency' },
    alpha: overrides.alpha ?? alpha,
    minRows: overrides.minRows ?? minRows,
    minFeatures,
    minShare,
    anyTopK: overrides.anyTopK ?? anyTopK ?? null,
  };
}
