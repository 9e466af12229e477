import type { DriftMeasurement, FeatureDrift } from '../drift/drift-measurement';
import type {
  DriftReportData,
  DriftReportVerdict,
  EffectAt,
  ReportedFeature,
  ReportedQuality,
  ReportedSignal,
  ReportedTest,
} from '../drift/report-data';
import { RatchetError } from '../errors';
import type { EpochMs, ModelVersion } from '../model';
import type { PerformancePolicy, TriggerPolicy } from '../policy';
import type { EvaluationRecord } from '../ports';
import type { Reason } from '../verdict';
import { cdfOf } from './cdf';
import { performanceOf } from './performance-over-time';
import { rankFeatures } from './rank-features';
import { storedMeasurement, type StoredMeasurement } from './stored-measurement';

export interface EvaluationReportOptions {
  /** Default: the newest window among the evaluations. */
  readonly window?: { readonly version: ModelVersion; readonly start: EpochMs };
  /** Of the version: the line in the plots of its metrics. */
  readonly holdoutMetrics?: Readonly<Record<string, number>>;
  readonly policy?: {
    readonly performance: Pick<PerformancePolicy, 'minCoverage'>;
    readonly triggers: Pick<TriggerPolicy, 'require' | 'breaches' | 'of'>;
  };
  readonly policyDigest?: string;
  readonly codeVersion?: string;
  /** Windows of history at most, this one included. Default 60. */
  readonly history?: number;
}

const HISTORY = 60;

/** A window with what its check stored. */
export interface EvaluatedWindow {
  readonly record: EvaluationRecord;
  readonly measurement: StoredMeasurement;
}

/**
 * The report of one evaluated window, with the earlier windows of the same version as its history.
 *
 * @param evaluations of one model, in any order, the latest revision of each window (EvaluationStore.listEvaluations).
 * @throws RATCHET_INPUT_INVALID: there is none, or none for `options.window`.
 */
export function driftReportOf(
  evaluations: readonly EvaluationRecord[],
  options: EvaluationReportOptions = {},
): DriftReportData {
  const record = chosen(evaluations, options.window);
  const history = evaluations
    .filter((e) => e.model === record.model && e.version === record.version && e.windowEnd <= record.windowEnd)
    .sort((a, b) => a.windowEnd - b.windowEnd)
    .slice(-Math.max(1, options.history ?? HISTORY))
    .map((e): EvaluatedWindow => ({ record: e, measurement: storedMeasurement(e) }));
  const m = storedMeasurement(record);
  return {
    schemaVersion: 1,
    subject: {
      kind: 'window',
      model: record.model,
      version: record.version,
      windowStart: record.windowStart,
      windowEnd: record.windowEnd,
      referenceRows: m.drift?.referenceRows ?? null,
      currentRows: m.rows ?? m.drift?.currentRows ?? 0,
    },
    verdict: verdictOf(m),
    reasons: reasonsOf(record.report.reasons, m),
    features: rankFeatures((m.drift?.features ?? []).map((feature) => featureOf(feature, history))),
    prediction: m.drift?.prediction == null ? null : featureOf(m.drift.prediction, []),
    target: m.target === null ? null : featureOf(m.target, []),
    notCompared: [],
    driftedShare: m.drift?.driftedShare ?? null,
    alpha: m.drift?.rule.alpha ?? null,
    performance: performanceOf(m, history, options),
    quality: qualityOf(m),
    signals: history.flatMap(signalsOf),
    decided: {
      rule: ruleText(m.drift?.rule ?? null, options.policy ?? null),
      digests: {
        ...(m.profileDigest === null ? {} : { 'reference profile': m.profileDigest }),
        ...(options.policyDigest === undefined ? {} : { policy: options.policyDigest }),
      },
      codeVersion: options.codeVersion ?? null,
      workflowId: record.workflowId,
      revision: record.revision ?? 1,
      at: record.at,
    },
  };
}

function chosen(evaluations: readonly EvaluationRecord[], window: EvaluationReportOptions['window']): EvaluationRecord {
  const found =
    window === undefined
      ? evaluations.reduce<EvaluationRecord | null>(
          (newest, e) => (newest === null || e.windowEnd > newest.windowEnd ? e : newest),
          null,
        )
      : evaluations.find((e) => e.version === window.version && e.windowStart === window.start);
  if (found == null) {
    const which =
      window === undefined ? '' : ` of version ${window.version} from ${new Date(window.start).toISOString()}`;
    throw new RatchetError('RATCHET_INPUT_INVALID', `there is no evaluation${which} to report`);
  }
  return found;
}

const VERDICTS: ReadonlySet<string> = new Set([
  'noDrift',
  'warn',
  'drift',
  'breach',
  'dataInvalid',
  'insufficient',
] satisfies DriftReportVerdict[]);

/** What is not known is never shown as good. */
function verdictOf({ outcome, drift }: StoredMeasurement): DriftReportVerdict {
  const said = outcome ?? drift?.verdict ?? 'insufficient';
  return VERDICTS.has(said) ? (said as DriftReportVerdict) : 'insufficient';
}

/** The decisive reasons first; the others keep their order. */
function reasonsOf(reasons: readonly Reason[], m: StoredMeasurement): readonly Reason[] {
  const fired = new Set(
    (m.performance?.rules ?? []).filter((r) => r.fired === true).map((r) => `performance.${r.metric}`),
  );
  const moved = m.drift?.verdict === 'drift' || m.drift?.verdict === 'warn';
  const rank = ({ code }: Reason): number => {
    if (code.startsWith('quality.')) return m.quality?.verdict === 'fail' ? 0 : 5;
    if (fired.has(code)) return 1;
    if (code.startsWith('detector.')) return 3;
    if (code.startsWith('drift.')) return moved ? 2 : 4;
    return 4;
  };
  return reasons
    .map((reason, i) => ({ reason, i }))
    .sort((a, b) => rank(a.reason) - rank(b.reason) || a.i - b.i)
    .map(({ reason }) => reason);
}

function featureOf(feature: FeatureDrift, history: readonly EvaluatedWindow[]): ReportedFeature {
  const { name, kind, level, method, effect, warn, threshold, importance, pValue, adjustedPValue } = feature;
  const shares = feature.histogram ?? null;
  const histogram =
    shares === null
      ? null
      : {
          edges: shares.edges,
          categories: shares.categories,
          reference: shares.reference,
          current: shares.current,
        };
  return {
    name,
    kind,
    level,
    method,
    effect,
    warn,
    threshold,
    importance: importance ?? null,
    pValue,
    adjustedPValue,
    tests: testsOf(feature),
    reference: feature.reference,
    current: feature.current,
    histogram,
    cdf: histogram === null ? null : cdfOf(histogram),
    overTime: effectsOf(name, history),
    reason: feature.reason,
  };
}

function testsOf({ test, pValue, also }: FeatureDrift): readonly ReportedTest[] {
  const distances = (also ?? []).map(({ method, effect }) => ({ method, statistic: effect, pValue: null }));
  if (test == null) return distances;
  if (test.name === 'ks') {
    return [{ method: 'ks', statistic: test.statistic, pValue, note: test.method }, ...distances];
  }
  const note = `${test.degreesOfFreedom} degrees of freedom`;
  const binned = test.binnedKs == null ? [] : [{ method: 'ks of bins', ...test.binnedKs }];
  return [{ method: 'chi-square', statistic: test.statistic, pValue, note }, ...binned, ...distances];
}

function effectsOf(name: string, history: readonly EvaluatedWindow[]): readonly EffectAt[] {
  if (history.length < 2) return [];
  return history.flatMap(({ record, measurement }): EffectAt[] => {
    const then = measurement.drift?.features.find((f) => f.name === name);
    return then === undefined ? [] : [{ windowEnd: record.windowEnd, effect: then.effect, level: then.level }];
  });
}

function qualityOf({ quality }: StoredMeasurement): ReportedQuality | null {
  if (quality === null) return null;
  return {
    verdict: quality.verdict,
    issues: quality.issues,
    nulls: (quality.features ?? []).map(({ name, nulls, nullShare, referenceNullShare }) => ({
      feature: name,
      nulls,
      nullShare,
      referenceNullShare,
    })),
    notChecked: quality.notChecked ?? [],
  };
}

const signalsOf = ({ record, measurement }: EvaluatedWindow): readonly ReportedSignal[] =>
  (measurement.detectors?.detectors ?? []).flatMap(({ state, signals }) =>
    signals.map(({ index, kind }) => ({ detector: state.detector, kind, windowEnd: record.windowEnd, index })),
  );

function ruleText(
  rule: DriftMeasurement['rule'] | null,
  policy: EvaluationReportOptions['policy'] | null,
): DriftReportData['decided']['rule'] {
  const { triggers, performance } = policy ?? {};
  return [
    ...(triggers === undefined
      ? []
      : ([
          ['a window breaches on', REQUIRED[triggers.require]],
          ['a retraining starts at', `${triggers.breaches} breaches of ${triggers.of} windows`],
        ] as const)),
    ...(performance === undefined ? [] : ([['least label coverage', String(performance.minCoverage)]] as const)),
    ...Object.entries(rule ?? {})
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [RULE_WORDS[name] ?? name, String(value)] as const),
  ];
}

const REQUIRED: Readonly<Record<TriggerPolicy['require'], string>> = {
  driftAndPerformance: 'drift and performance together',
  driftOrPerformance: 'drift or performance',
  performance: 'performance',
  drift: 'drift',
};

const RULE_WORDS: Readonly<Record<string, string>> = {
  alpha: 'adjusted p at most',
  minRows: 'fewest rows a side',
  minFeatures: 'drifted features for drift',
  minShare: 'or drifted share',
  pValue: 'p-value from',
  clusterBy: 'rows that move together',
  weightByImportance: 'share is of importance',
  anyTopK: 'or one of the most important',
  prediction: "the answers' drift",
};
