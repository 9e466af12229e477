/**
 * The figures of the published practice of automated retraining, without the errors of the snippets they come from
 * (fixed bins, division by zero, no correction for many features): PSI 0.2, KL 0.15, p < 0.05, share of drifted features > 5 %,
 * F1 < 0.85 in 3 consecutive evaluations, recall below 95 % of the baseline, AUC 5 % lower, last 7 days of data, 20
 * trials in parallel, F1 × 1.02 at the gate, shadow 24 h, canary 10 % for 24 h, retraining every month without drift,
 * three versions kept. Its 200 ms limit has no twin: latency is judged against the champion's own p99.
 */
import type { PresetSections } from '../schema';
import { defaultPreset, defaultShadow } from './default';

export const articlePreset: PresetSections = {
  ...defaultPreset,
  data: { ...defaultPreset.data, lookback: '7d', holdout: { every: 5, offset: 0, within: '7d' } },
  drift: {
    ...defaultPreset.drift,
    numeric: { method: 'psi', bins: 10, warn: 0.1, threshold: 0.2, also: [{ method: 'kl', threshold: 0.15 }] },
    minFeatures: 1,
    minShare: 0.05,
  },
  performance: {
    ...defaultPreset.performance,
    rules: [
      { metric: 'f1', kind: 'absolute', bound: 0.85, withConfidence: false },
      { metric: 'recall', kind: 'ratioToHoldout', bound: 0.95, withConfidence: false },
      { metric: 'auc', kind: 'ratioToHoldout', bound: 0.95, withConfidence: false },
    ],
  },
  triggers: {
    ...defaultPreset.triggers,
    require: 'driftOrPerformance',
    breaches: 3,
    of: 3,
    clearAfter: 1,
    maximumAge: '30d',
    deployDeadline: '24h',
  },
  training: { ...defaultPreset.training, trials: 20, parallelTrials: 20 },
  gate: { ...defaultPreset.gate, rules: [{ kind: 'relative', metric: 'f1', factor: 1.02 }], minClusters: 1 },
  shadow: { ...defaultShadow, min: '24h', max: '48h' },
  rollout: {
    ...defaultPreset.rollout,
    steps: [
      { weight: 10, minHold: '24h', maxHold: '36h', minKeys: 1000 },
      { weight: 100, minHold: '0s', maxHold: '24h', minKeys: 0 },
    ],
    deadline: '48h',
  },
};
