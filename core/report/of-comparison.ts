import type { CompareRule } from '../compare/compare-rule';
import type { ComparedTest, Comparison, FeatureComparison } from '../compare/comparison';
import { EVIDENTLY_TESTS } from '../drift/evidently';
import type { DriftReportData, ReportedFeature, ReportedQuality } from '../drift/report-data';
import { cdfOf } from './cdf';
import { rankFeatures } from './rank-features';

export interface ComparisonReportOptions {
  /** What the tables are called, usually their files' names. */
  readonly reference: string;
  readonly current: string;
  /** As it was applied. Left out: the limits are read from the tests, as far as they say. */
  readonly rule?: CompareRule;
  /** Importance by feature. */
  readonly weights?: Readonly<Record<string, number>>;
  /** When the tables were checked too. */
  readonly quality?: ReportedQuality;
  readonly codeVersion?: string;
  /** SHA-256 of the files by name, if known. */
  readonly digests?: Readonly<Record<string, string>>;
}

/** The report of two tables (core/compare). */
export function driftReportOfComparison(comparison: Comparison, options: ComparisonReportOptions): DriftReportData {
  const { dataset, features, reference, current, notCompared } = comparison;
  const { rule } = options;
  return {
    schemaVersion: 1,
    subject: {
      kind: 'tables',
      reference: options.reference,
      current: options.current,
      referenceRows: reference.rows,
      currentRows: current.rows,
    },
    verdict: dataset.verdict,
    reasons: [
      ...dataset.reasons,
      ...features.filter((f) => f.verdict === 'drift' || f.verdict === 'insufficient').map((f) => f.reason),
    ],
    features: rankFeatures(features.map((feature) => featureOf(feature, options))),
    prediction: null,
    target: null,
    notCompared: notCompared.map(({ name, why, probableRename }) => ({
      name,
      why: probableRename === undefined ? why : `${why}; it is probably ${probableRename} now`,
    })),
    driftedShare: dataset.driftedShare,
    alpha: rule?.kind === 'effectAndP' ? rule.alpha : null,
    performance: null,
    quality: options.quality ?? null,
    signals: [],
    decided: {
      rule: ruleText(comparison.preset, rule),
      digests: options.digests ?? {},
      codeVersion: options.codeVersion ?? null,
      workflowId: null,
      revision: null,
      at: null,
    },
  };
}

function featureOf(feature: FeatureComparison, { rule, weights }: ComparisonReportOptions): ReportedFeature {
  const { name, kind, verdict, effect, pValue, adjustedPValue, tests, histogram, reason } = feature;
  const limit = rule?.kind === 'effectAndP' ? (kind === 'number' ? rule.numeric : rule.categorical) : null;
  const decisive = limit === null ? decisiveTest(tests, effect) : null;
  return {
    name,
    kind,
    level: verdict,
    method: limit?.method ?? decisive?.method ?? null,
    effect,
    warn: limit?.warn ?? null,
    threshold: limit?.threshold ?? (decisive === null || judgesByP(decisive) ? null : (decisive.threshold ?? null)),
    importance: weights !== undefined && Object.hasOwn(weights, name) ? (weights[name] ?? null) : null,
    pValue,
    adjustedPValue,
    tests: tests.map(({ method, statistic, pValue: p, note }) => ({
      method,
      statistic,
      pValue: p,
      ...(note === undefined ? {} : { note }),
    })),
    reference: { rows: feature.reference.values + feature.reference.nulls, nulls: feature.reference.nulls },
    current: { rows: feature.current.values + feature.current.nulls, nulls: feature.current.nulls },
    histogram,
    cdf: histogram === null ? null : cdfOf(histogram),
    overTime: [],
    reason,
  };
}

/** The test that the verdict was made of: it has a threshold, and its statistic is the effect. */
function decisiveTest(tests: readonly ComparedTest[], effect: number | null): ComparedTest | null {
  if (effect === null) return null;
  const matching = tests.filter(({ statistic }) => statistic === effect);
  return matching.find(({ threshold }) => threshold !== undefined) ?? matching[0] ?? null;
}

/** Evidently's tests with a p-value: their threshold is one of p, not of the effect. */
const judgesByP = ({ method }: ComparedTest): boolean =>
  Object.hasOwn(EVIDENTLY_TESTS, method) && EVIDENTLY_TESTS[method as keyof typeof EVIDENTLY_TESTS].score === 'p';

function ruleText(preset: string, rule: CompareRule | undefined): DriftReportData['decided']['rule'] {
  if (rule?.kind !== 'effectAndP') return [['preset', preset]];
  const limit = ({ method, warn, threshold, also, test }: typeof rule.numeric | typeof rule.categorical): string =>
    [
      `${method} from ${threshold} (warning from ${warn})`,
      ...also.map((a) => `or ${a.method} from ${a.threshold}`),
    ].join(', ') + `; p of ${test}`;
  return [
    ['preset', preset],
    ['numbers', `${limit(rule.numeric)}, ${rule.numeric.bins} quantile bins`],
    ['categories', limit(rule.categorical)],
    ['adjusted p at most', String(rule.alpha)],
    ['fewest values a side', String(rule.minRows)],
    ['the data have drifted from', `${rule.minFeatures} features, or a share of ${rule.minShare}`],
    ['or one of the most important', rule.anyTopK === null ? 'not used' : `${rule.anyTopK} features`],
  ];
}
