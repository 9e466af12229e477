/**
 * The statistically sound rules with holds of seconds instead of hours, for replays of recorded traffic: windows stay in
 * event time, only what waits in real time is short. The alarm rule (two drifted features and log-loss 1.25 × the
 * hold-out's) and the gate (0.01, lower bound by days −0.002) are those of the notes on the demo's data; LightGBM's
 * parameters too. What is said about the data itself (features, query, time zone) belongs in the policy file.
 */
import type { PresetSections } from '../schema';
import { defaultPreset } from './default';

const hold = { minHold: '4s', maxHold: '60s', minKeys: 150 } as const;

export const demoPreset: PresetSections = {
  ...defaultPreset,
  eventTime: { allowedLateness: '5m', labelHorizon: '12h' },
  data: { ...defaultPreset.data, lookback: '98d', holdout: { every: 3, offset: 0, within: '42d' } },
  drift: {
    ...defaultPreset.drift,
    categorical: { method: 'psi', warn: 0.1, threshold: 0.2, also: [] },
    minFeatures: 2,
    minShare: 1,
  },
  triggers: {
    ...defaultPreset.triggers,
    checkEvery: '3s',
    require: 'driftAndPerformance',
    breaches: 1,
    of: 1,
    cooldown: '30s',
    // One window in breach suffices here, and a burst is an act of the story: it starts at once.
    debounce: '0s',
    clearAfter: 1,
    deployDeadline: null,
  },
  training: {
    ...defaultPreset.training,
    search: {
      num_leaves: { kind: 'categorical', choices: [7, 15] },
      min_child_samples: { kind: 'categorical', choices: [100, 200, 400] },
    },
    trials: 4,
    parallelTrials: 2,
    folds: 3,
    queues: [
      { queue: 'ratchet-gpu', scheduleToStart: '10s' },
      { queue: 'ratchet-cpu', scheduleToStart: null },
    ],
    timeout: '10m',
    heartbeatTimeout: '30s',
  },
  gate: {
    ...defaultPreset.gate,
    rules: [{ kind: 'improvement', metric: 'logLoss', min: 0.01, lowerBound: -0.002 }],
  },
  shadow: {
    share: 100,
    min: '3s',
    max: '90s',
    loss: 'logLoss',
    margin: 0.01,
    clip: null,
    clusterBy: 'none',
    alpha: 0.05,
    minPairs: 300,
    maxErrorShare: 0.01,
  },
  rollout: {
    ...defaultPreset.rollout,
    steps: [
      { weight: 5, ...hold },
      { weight: 25, ...hold },
      { weight: 50, ...hold },
      { weight: 100, minHold: '0s', maxHold: '60s', minKeys: 0 },
    ],
    tick: '1s',
    lease: '5s',
    deadline: '3m',
    noTraffic: '30s',
    watch: '5s',
    watchMaxErrorShare: 0.05,
  },
  serving: { log: 'os', onLogFull: 'refuse', maxLogBytes: 268_435_456 },
};
