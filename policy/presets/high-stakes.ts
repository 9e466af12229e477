/**
 * Wrong answers are dear: PSI band 0.1 (published), half the distance for categories, one clear breach suffices, a
 * person agrees before promotion, a slow ladder from 1 %, evidence fsynced and kept for a year. Inconclusive goes back.
 */
import type { PresetSections } from '../schema';
import { defaultPreset, defaultShadow } from './default';

const hold = { minHold: '1h', maxHold: '24h', minKeys: 5000 } as const;

export const highStakesPreset: PresetSections = {
  ...defaultPreset,
  drift: {
    ...defaultPreset.drift,
    numeric: { method: 'psi', bins: 10, warn: 0.05, threshold: 0.1, also: [] },
    categorical: { method: 'js', warn: 0.025, threshold: 0.05, also: [] },
    minFeatures: 1,
    minShare: 0.1,
    importanceDrift: 'warn',
  },
  performance: {
    rules: [{ metric: 'logLoss', kind: 'ratioToHoldout', bound: 1.1, withConfidence: true }],
    minLabelled: 500,
    minCoverage: 0.8,
  },
  triggers: {
    ...defaultPreset.triggers,
    require: 'driftOrPerformance',
    breaches: 1,
    of: 1,
    dailyBudget: 1,
    minNewLabelledRows: 500,
  },
  gate: { ...defaultPreset.gate, minRows: 2000, minClusters: 7 },
  shadow: {
    ...defaultShadow,
    min: '24h',
    max: '14d',
    margin: 0.005,
    alpha: 0.01,
    minPairs: 5000,
    maxErrorShare: 0.001,
  },
  rollout: {
    ...defaultPreset.rollout,
    steps: [
      { weight: 1, ...hold },
      { weight: 2, ...hold },
      { weight: 5, ...hold },
      { weight: 10, ...hold },
      { weight: 25, ...hold },
      { weight: 50, ...hold },
      { weight: 100, minHold: '0s', maxHold: '24h', minKeys: 0 },
    ],
    deadline: '14d',
    onNoTraffic: 'rollback',
    onInconclusive: 'rollback',
    approval: { beforeWeight: 100, expires: '24h', reminder: '2h', onExpiry: 'rollback', actors: [] },
    watch: '72h',
    watchMaxErrorShare: 0.005,
  },
  blessings: { required: ['evaluated', 'parity', 'infra', 'shadowed', 'approved'], vouched: [] },
  serving: { log: 'durable', onLogFull: 'refuse', maxLogBytes: 10_737_418_240 },
  retention: { keepVersions: 10, predictionsDays: 365 },
};
