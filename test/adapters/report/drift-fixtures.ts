import type { DriftReportData, ReportedFeature } from '../../../core/drift/report-data';
import { HOSTILE, seeded } from './report-fixtures';

const DAY = 86_400_000;
const END = Date.UTC(2013, 11, 9);
const WINDOWS = 52;

const LEVELS = ['drift', 'warn', 'ok', 'ok'] as const;

/** `count` features, every second one with 20 categories, the others with 10 bins; 52 weeks of history each. */
export function reportOf(count: number, windows = WINDOWS): DriftReportData {
  const random = seeded(count);
  const features = Array.from({ length: count }, (_, i): ReportedFeature => {
    const name = i === 3 ? HOSTILE : `feature_${i}_of_the_customer`;
    const level = LEVELS[Math.min(3, Math.floor((8 * i) / count))] ?? 'ok';
    const number = i % 2 === 0;
    const size = number ? 10 : 20;
    const shares = (spread: number): number[] => {
      const raw = Array.from({ length: size }, () => 1 + spread * random());
      const sum = raw.reduce((a, b) => a + b, 0);
      return raw.map((share) => share / sum);
    };
    const reference = shares(number ? 0.05 : 4);
    const current = shares(level === 'ok' ? 0.2 : 3);
    const edges = number ? Array.from({ length: 9 }, (_e, k) => 1000 * random() + 1000 * k) : null;
    const cumulate = (values: readonly number[]): number[] => {
      let sum = 0;
      return values.slice(0, 9).map((share) => (sum += share));
    };
    const effect = level === 'ok' ? 0.05 * random() : level === 'warn' ? 0.15 : 0.3 + random();
    return {
      name,
      kind: number ? 'number' : 'string',
      level,
      method: number ? 'psi' : 'js',
      effect,
      warn: 0.1,
      threshold: number ? 0.25 : 0.2,
      importance: random(),
      pValue: level === 'ok' ? random() : 1e-12 * random(),
      adjustedPValue: level === 'ok' ? random() : 1e-11 * random(),
      tests: [{ method: 'chi-square', statistic: 123.4, pValue: 1e-12, note: '9 degrees of freedom' }],
      reference: { rows: 50_000, nulls: 120 },
      current: { rows: 6_100, nulls: 12 * i },
      histogram: {
        edges,
        categories: number ? null : Array.from({ length: 20 }, (_c, k) => (k === 0 ? HOSTILE : `category number ${k}`)),
        reference,
        current,
      },
      cdf: edges === null ? null : { x: edges, reference: cumulate(reference), current: cumulate(current) },
      overTime: Array.from({ length: windows }, (_w, k) => ({
        windowEnd: END - (windows - 1 - k) * 7 * DAY,
        effect: k === 7 ? null : effect * random(),
        level: 'ok' as const,
      })),
      reason: { code: `drift.${level}`, text: `${name} psi ${effect}` },
    };
  });
  const weeks = Array.from({ length: windows }, (_, k) => END - (windows - 1 - k) * 7 * DAY);
  const metric = (
    name: string,
    at: number,
    loss: boolean,
  ): DriftReportData['performance'] extends infer P
    ? NonNullable<P> extends { metrics: readonly (infer M)[] }
      ? M
      : never
    : never => {
    const overTime = weeks.map((windowEnd, k) => {
      const value =
        k > windows - 3 ? null : at + 0.05 * random() - (k > windows - 10 ? 0.004 * (k - windows + 10) * 5 : 0);
      const guess = at + 0.02 * random();
      return {
        windowEnd,
        value,
        low: value === null ? null : value - 0.02,
        high: value === null ? null : value + 0.02,
        estimated: loss ? null : { value: guess, low: guess - 0.03, high: guess + 0.03, reliable: k < windows - 8 },
      };
    });
    return {
      name,
      value: 0.71,
      low: 0.69,
      high: 0.73,
      loss,
      holdout: at,
      bounds: [{ kind: 'absolute', bound: at - 0.08, withConfidence: true, fired: name === 'f1' ? true : null }],
      overTime,
    };
  };
  return {
    schemaVersion: 1,
    subject: {
      kind: 'window',
      model: 'late-flights',
      version: '7',
      windowStart: END - 7 * DAY,
      windowEnd: END,
      referenceRows: 50_000,
      currentRows: 6_100,
    },
    verdict: 'breach',
    reasons: [
      { code: 'performance.f1', text: 'f1 0.71 < 0.77 (95 % upper bound 0.73): fires', observed: 0.71, expected: 0.77 },
      { code: 'drift.features', text: '7 of 50 features drifted (drift from 2, or 30 %)', observed: 7, expected: 2 },
    ],
    features,
    prediction: null,
    target: null,
    notCompared: [],
    driftedShare: 0.14,
    alpha: 0.05,
    performance: {
      verdict: 'fail',
      rows: 6_100,
      labelled: 4_210,
      coverage: 0.69,
      minCoverage: 0.5,
      metrics: [
        metric('f1', 0.85, false),
        metric('auc', 0.9, false),
        metric('logLoss', 0.3, true),
        metric('accuracy', 0.9, false),
        metric('precision', 0.8, false),
        metric('recall', 0.7, false),
      ],
      coverageOverTime: weeks.map((windowEnd, k) => ({
        windowEnd,
        rows: 6_000,
        labelled: Math.round(6_000 * (k > windows - 4 ? 0.3 * (windows - k) : 0.97)),
        coverage: k > windows - 4 ? 0.3 * (windows - k) : 0.97,
      })),
      estimate: {
        verdict: 'unreliable',
        reliable: false,
        reasons: [{ code: 'estimate_unreliable', text: 'feature_0: 31 % of the rows lie outside the reference' }],
      },
    },
    quality: {
      verdict: 'pass',
      issues: [
        {
          code: 'quality.nullShareIncrease',
          severity: 'warn',
          feature: HOSTILE,
          message: `${HOSTILE}: 9 % missing, 1 % in the reference`,
          observed: 0.09,
          expected: 0.05,
          count: 549,
          rows: [4, 5],
          keys: ['018f-1', '018f-2'],
        },
      ],
      nulls: features.map(({ name }, i) => ({
        feature: name,
        nulls: i,
        nullShare: i / 6100,
        referenceNullShare: 0.0024,
      })),
      notChecked: ['id clash: the rows carry no id'],
    },
    signals: [
      { detector: 'adwin', kind: 'drift', windowEnd: END - 14 * DAY, index: 184_311 },
      { detector: 'ddm', kind: 'warning', windowEnd: END - 21 * DAY, index: 180_020 },
    ],
    decided: {
      rule: [
        ['adjusted p at most', '0.05'],
        ['fewest rows a side', '200'],
      ],
      digests: { 'reference profile': 'ab12'.repeat(16), policy: 'cd34'.repeat(16) },
      codeVersion: '0.4.0+9d4855e',
      workflowId: 'driftCheck/late-flights/2013-12-09',
      revision: 2,
      at: END + DAY,
    },
  };
}
