import type { EvaluationRecord } from '../../../core/ports';
import { driftReportOf } from '../../../core/report';

const WEEK = 7 * 86_400_000;

const feature = (name: string, effect: number, level: string, importance: number | null) => ({
  name,
  kind: 'number',
  level,
  effect,
  method: 'psi',
  warn: 0.1,
  threshold: 0.25,
  also: [],
  importance,
  pValue: 1e-9,
  adjustedPValue: 1e-8,
  test: { name: 'chiSquare', statistic: 90, degreesOfFreedom: 3, binnedKs: null },
  reference: { rows: 1000, nulls: 0 },
  current: { rows: 500, nulls: 5 },
  histogram: { edges: [1, 2], categories: null, reference: [0.2, 0.3, 0.5], current: [0.5, 0.3, 0.2] },
  reason: { code: `drift.${level}`, text: name },
});

function record(week: number, change: Partial<EvaluationRecord> = {}): EvaluationRecord {
  const windowStart = week * WEEK;
  const windowEnd = windowStart + WEEK;
  return {
    model: 'm',
    version: '2',
    windowStart,
    windowEnd,
    report: {
      version: '2',
      windowStart,
      windowEnd,
      breached: true,
      driftScore: 1,
      reasons: [
        { code: 'quality.ok', text: 'all rules hold' },
        { code: 'drift.features', text: '2 of 3 features drifted' },
        { code: 'performance.f1', text: 'f1 0.7 < 0.8: fires' },
      ],
    },
    measurement: {
      rows: 500,
      outcome: 'breach',
      profileDigest: 'ab',
      drift: {
        verdict: 'drift',
        driftedShare: 2 / 3,
        referenceRows: 1000,
        currentRows: 500,
        prediction: null,
        rule: { alpha: 0.05, minRows: 200, anyTopK: null },
        features: [
          feature('large but unimportant', 2, 'drift', 0.01),
          feature('important', 0.5, 'drift', 0.9),
          feature('quiet', 0.01 * week, 'ok', 0.5),
        ],
      },
      performance: {
        verdict: 'fail',
        rows: 500,
        labelled: 400,
        coverage: 0.8,
        metrics: [{ name: 'f1', value: 0.9 - 0.05 * week, low: 0.6, high: 0.8 }],
        rules: [{ metric: 'f1', kind: 'absolute', bound: 0.8, withConfidence: true, fired: true }],
      },
      estimate: {
        estimate: { metrics: [{ metric: 'f1', value: 0.85, low: 0.8, high: 0.9 }] },
        reliability: { reliable: false, reasons: [{ code: 'estimate_unreliable', text: 'x left' }] },
        judgement: { verdict: 'unreliable', reasons: [{ code: 'estimate_unreliable', text: 'x left' }] },
      },
      detectors: { detectors: [{ state: { detector: 'adwin' }, signals: [{ index: 7, kind: 'drift' }] }] },
    },
    workflowId: 'w',
    at: windowEnd,
    ...change,
  };
}

describe('the report of evaluations', () => {
  const history = [record(3), record(1), record(2), record(0, { version: '1' })];

  it('takes the newest window and 2 earlier ones of its version as history', () => {
    const report = driftReportOf(history, { holdoutMetrics: { f1: 0.88 } });
    expect(report.subject).toMatchObject({ kind: 'window', version: '2', windowEnd: 4 * WEEK, currentRows: 500 });
    const quiet = report.features.find(({ name }) => name === 'quiet');
    expect(quiet?.overTime.map(({ effect }) => effect)).toEqual([0.01, 0.02, 0.03]);
    expect(report.performance?.metrics[0]?.overTime.map(({ value }) => value)).toEqual(
      [1, 2, 3].map((w) => 0.9 - 0.05 * w),
    );
    expect(report.performance?.metrics[0]).toMatchObject({
      holdout: 0.88,
      loss: false,
      bounds: [{ bound: 0.8, fired: true }],
    });
    expect(report.performance?.coverageOverTime).toHaveLength(3);
    expect(report.signals).toHaveLength(3);
  });

  it('ranks 0.5 at importance 0.9 before 2 at importance 0.01', () => {
    expect(driftReportOf(history).features.map(({ name }) => name)).toEqual([
      'important',
      'large but unimportant',
      'quiet',
    ]);
  });

  it('puts the broken rule before the drift and the drift before what holds', () => {
    expect(driftReportOf(history).reasons.map(({ code }) => code)).toEqual([
      'performance.f1',
      'drift.features',
      'quality.ok',
    ]);
  });

  it('cumulates the shares at the 2 inner edges', () => {
    const { cdf } = driftReportOf(history).features[0]!;
    expect(cdf).toEqual({ x: [1, 2], reference: [0.2, 0.5], current: [0.5, 0.8] });
  });

  it('says each reason of an unreliable estimate once and marks its points', () => {
    const { performance } = driftReportOf(history);
    expect(performance?.estimate).toEqual({
      verdict: 'unreliable',
      reliable: false,
      reasons: [{ code: 'estimate_unreliable', text: 'x left' }],
    });
    expect(performance?.metrics[0]?.overTime[0]?.estimated?.reliable).toBe(false);
  });

  it('makes an empty or unknown measurement insufficient, never good', () => {
    for (const measurement of [{}, { outcome: 'marvellous' }, { drift: 3, performance: { metrics: null } }]) {
      const report = driftReportOf([record(1, { measurement })]);
      expect(report.verdict).toBe('insufficient');
      expect(report).toMatchObject({ features: [], performance: null, quality: null });
    }
  });

  it('finds a window by version and start, and refuses one that was not evaluated', () => {
    const report = driftReportOf(history, { window: { version: '2', start: WEEK } });
    expect(report.subject).toMatchObject({ windowEnd: 2 * WEEK });
    expect(report.features[0]?.overTime).toEqual([]);
    expect(() => driftReportOf(history, { window: { version: '9', start: WEEK } })).toThrow(
      'no evaluation of version 9',
    );
    expect(() => driftReportOf([])).toThrow('no evaluation');
  });

  it('is plain JSON', () => {
    const report = driftReportOf(history);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });
});
