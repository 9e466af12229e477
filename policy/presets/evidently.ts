/**
 * Evidently's rule as far as counts can say it: Jensen–Shannon distance 0.1 (its distance for larger references), no p, the data
 * drifted when half of the features did. Two things differ on purpose: bins are quantiles of the reference, and fewer than 200
 * rows a side are `insufficient` (its own rule is said to fire on 80 % of features at 5,000 against 100 rows). For its exact choice of test and
 * binning, compare files: `ratchet compare --preset evidently`.
 */
import type { PresetSections } from '../schema';
import { defaultPreset } from './default';

export const evidentlyPreset: PresetSections = {
  ...defaultPreset,
  drift: {
    ...defaultPreset.drift,
    numeric: { method: 'js', bins: 30, warn: 0.1, threshold: 0.1, also: [] },
    categorical: { method: 'js', warn: 0.1, threshold: 0.1, also: [] },
    pValue: 'none',
    // Its rule knows the share alone: a number that no contract reaches.
    minFeatures: 2000,
    minShare: 0.5,
    prediction: 'off',
  },
};
