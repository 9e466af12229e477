/**
 * A wrong answer costs little: PSI band 0.3 (published), three of four breaches, one hour of shadow (published lower
 * figure), a short ladder; the log sheds rather than refuses.
 */
import type { PresetSections } from '../schema';
import { defaultPreset, defaultShadow } from './default';

export const lowRiskPreset: PresetSections = {
  ...defaultPreset,
  drift: {
    ...defaultPreset.drift,
    numeric: { method: 'psi', bins: 10, warn: 0.2, threshold: 0.3, also: [] },
    categorical: { method: 'js', warn: 0.1, threshold: 0.2, also: [] },
    minFeatures: 3,
    minShare: 0.5,
  },
  performance: {
    ...defaultPreset.performance,
    rules: [{ metric: 'logLoss', kind: 'ratioToHoldout', bound: 1.5, withConfidence: true }],
  },
  triggers: {
    ...defaultPreset.triggers,
    checkEvery: '24h',
    breaches: 3,
    of: 4,
    cooldown: '7d',
    dailyBudget: 1,
    deployDeadline: null,
  },
  shadow: { ...defaultShadow, min: '1h', max: '48h', margin: 0.02, minPairs: 500 },
  rollout: {
    ...defaultPreset.rollout,
    steps: [
      { weight: 10, minHold: '10m', maxHold: '12h', minKeys: 500 },
      { weight: 50, minHold: '10m', maxHold: '12h', minKeys: 500 },
      { weight: 100, minHold: '0s', maxHold: '12h', minKeys: 0 },
    ],
    deadline: '48h',
    onInconclusive: 'extendOnce',
    watch: '12h',
    watchMaxErrorShare: 0.05,
  },
  serving: { log: 'os', onLogFull: 'shed', maxLogBytes: 268_435_456 },
  retention: { keepVersions: 3, predictionsDays: 30 },
};
