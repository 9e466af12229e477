/**
 * The statistically sound preset: an effect and a corrected p, bounds by clusters, evidence that may be looked at any
 * time. Figures: effect and p together, 200 rows a side, N of M realised breaches (reference notes on drift, §7);
 * shadow 24 h to 7 d, ladder 1-5-10-25-50-100, 10 min, 1,000 keys, ratios 1.0 and 1.25, alpha 5 %, 24 h watch
 * (reference notes on rollout, §6); PSI 0.2, 20 % nulls, three versions kept (the published practice).
 */
import type { PresetSections } from '../schema';

export const defaultShadow: NonNullable<PresetSections['shadow']> = {
  share: 100,
  min: '24h',
  max: '7d',
  loss: 'logLoss',
  // There is no right margin for all models; this one is the unit of the published simulation (rollout notes §3.3 c).
  margin: 0.01,
  clip: null,
  clusterBy: 'none',
  alpha: 0.05,
  minPairs: 1000,
  maxErrorShare: 0.01,
};

export const defaultPreset: PresetSections = {
  threshold: 0.5,
  eventTime: { allowedLateness: '1h', labelHorizon: '24h' },
  data: {
    query: '',
    target: 'target',
    timeColumn: 'event_time',
    clusterBy: 'day',
    timeZone: 'UTC',
    lookback: '90d',
    holdout: { every: 5, offset: 0, within: '45d' },
  },
  quality: {
    minRows: 200,
    maxNullShare: 0.2,
    maxNullShareIncrease: 0.1,
    ranges: {},
    maxNewCategoryShare: 0.01,
    maxStaleness: null,
  },
  drift: {
    window: '7d',
    // A Monday: weekly windows are calendar weeks.
    anchor: '1970-01-05',
    numeric: { method: 'psi', bins: 10, warn: 0.1, threshold: 0.2 },
    categorical: { method: 'js', warn: 0.05, threshold: 0.1 },
    alpha: 0.05,
    minRows: 200,
    minFeatures: 2,
    minShare: 0.3,
  },
  performance: {
    rules: [{ metric: 'logLoss', kind: 'ratioToHoldout', bound: 1.25, withConfidence: true }],
    minLabelled: 200,
    minCoverage: 0.5,
  },
  triggers: {
    checkEvery: '1h',
    require: 'performance',
    breaches: 2,
    of: 3,
    cooldown: '24h',
    maximumAge: null,
    automatic: true,
  },
  training: {
    command: null,
    algorithm: 'lightgbm',
    params: { n_estimators: 200, learning_rate: 0.05, subsample: 0.8, subsample_freq: 1, colsample_bytree: 0.8 },
    search: {
      num_leaves: { kind: 'int', low: 7, high: 63, log: true },
      min_child_samples: { kind: 'int', low: 20, high: 400, log: true },
    },
    trials: 20,
    parallelTrials: 4,
    folds: 5,
    seed: 1,
    queues: [
      { queue: 'ratchet-gpu', scheduleToStart: '10m' },
      { queue: 'ratchet-cpu', scheduleToStart: null },
    ],
    timeout: '4h',
    heartbeatTimeout: '2m',
  },
  gate: {
    rules: [{ kind: 'improvement', metric: 'logLoss', min: 0, lowerBound: 0 }],
    resamples: 2000,
    confidence: 0.95,
    minRows: 500,
    minClusters: 5,
  },
  shadow: defaultShadow,
  rollout: {
    steps: [
      { weight: 1, minHold: '10m', maxHold: '24h', minKeys: 1000 },
      { weight: 5, minHold: '10m', maxHold: '24h', minKeys: 1000 },
      { weight: 10, minHold: '10m', maxHold: '24h', minKeys: 1000 },
      { weight: 25, minHold: '10m', maxHold: '24h', minKeys: 1000 },
      { weight: 50, minHold: '10m', maxHold: '24h', minKeys: 1000 },
      { weight: 100, minHold: '0s', maxHold: '24h', minKeys: 0 },
    ],
    tick: '30s',
    lease: '2m',
    onLeaseLost: 'rollback',
    deadline: '7d',
    guardrails: [
      { event: 'wrong', ratio: 1 },
      { event: 'error', ratio: 1 },
      { event: 'slow', ratio: 1.25 },
    ],
    alpha: 0.05,
    maxMeasureErrors: 4,
    noTraffic: '1h',
    onNoTraffic: 'hold',
    onInconclusive: 'hold',
    srmBayesFactor: 1000,
    approval: null,
    watch: '24h',
    watchMaxErrorShare: 0.02,
  },
  blessings: { required: ['evaluated', 'parity', 'infra', 'shadowed'], vouched: [] },
  serving: { log: 'os', onLogFull: 'refuse', maxLogBytes: 1_073_741_824 },
  notifications: { webhooks: [] },
  retention: { keepVersions: 3, predictionsDays: 90 },
};
