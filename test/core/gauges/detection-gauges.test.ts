import { detectionGauges, exposition, labelText } from '../../../core/gauges';
import type { NewestEvaluation } from '../../../core/ports';
import { parseExposition } from './parse-exposition';

const HOSTILE = 'a "quoted"\\back\nnew line';

const EVALUATION: NewestEvaluation = {
  model: 'late-flights',
  version: '7',
  windowStart: 1_000_000,
  windowEnd: 2_000_000,
  report: { version: '7', windowStart: 1_000_000, windowEnd: 2_000_000, breached: true, driftScore: 0.4, reasons: [] },
  measurement: {
    rows: 6100,
    outcome: 'breach',
    drift: {
      driftedShare: 0.5,
      features: [
        { name: HOSTILE, method: 'psi', level: 'drift', effect: 0.4, threshold: 0.25, adjustedPValue: 1e-12 },
        { name: 'carrier', method: 'js', level: 'insufficient', effect: null, threshold: 0.2, adjustedPValue: null },
      ],
    },
    performance: {
      coverage: 0.69,
      metrics: [{ name: 'f1', value: 0.71, low: 0.69, high: null }],
      rules: [
        { metric: 'f1', kind: 'absolute', bound: 0.77 },
        { metric: 'f1', kind: 'absolute', bound: 0.6 },
      ],
    },
    estimate: {
      estimate: {
        metrics: [
          { metric: 'f1', value: 0.8 },
          { metric: 'auc', value: null },
        ],
      },
      reliability: { reliable: false, reasons: [] },
      judgement: { verdict: 'unreliable', reasons: [] },
    },
    quality: {
      issues: [
        { code: 'quality.range', severity: 'fail' },
        { code: 'quality.range', severity: 'fail' },
        { code: 'quality.constant', severity: 'warn' },
      ],
    },
  },
  workflowId: 'driftCheck/late-flights',
  at: 3_000_000,
  consecutiveBreaches: 3,
};

const series = (newest: readonly NewestEvaluation[]): ReadonlyMap<string, number> =>
  parseExposition(exposition(detectionGauges(newest)));
const key = (name: string, labels: Readonly<Record<string, string>> = {}): string =>
  `${name}${JSON.stringify({ model: 'late-flights', version: '7', ...labels })}`;

describe('gauges of the newest evaluation', () => {
  it('has drift, performance, estimate, labels, breaches, quality, verdict, rows and times', () => {
    const found = series([EVALUATION]);
    const expected: readonly (readonly [string, Readonly<Record<string, string>>, number])[] = [
      ['ratchet_drift_score', { feature: HOSTILE, method: 'psi' }, 0.4],
      ['ratchet_drift_threshold', { feature: HOSTILE, method: 'psi' }, 0.25],
      ['ratchet_drift_p_adjusted', { feature: HOSTILE }, 1e-12],
      ['ratchet_drift_features', { level: 'drift' }, 1],
      ['ratchet_drift_features', { level: 'insufficient' }, 1],
      ['ratchet_drifted_share', {}, 0.5],
      ['ratchet_performance', { metric: 'f1' }, 0.71],
      ['ratchet_performance_low', { metric: 'f1' }, 0.69],
      ['ratchet_performance_bound', { metric: 'f1', rule: 'absolute' }, 0.77],
      ['ratchet_estimated_performance', { metric: 'f1' }, 0.8],
      ['ratchet_estimate_reliable', {}, 0],
      ['ratchet_label_coverage', {}, 0.69],
      ['ratchet_consecutive_breaches', {}, 3],
      ['ratchet_quality_failures', {}, 2],
      ['ratchet_quality_issues', { rule: 'quality.range', severity: 'fail' }, 2],
      ['ratchet_evaluation_verdict', { verdict: 'breach' }, 1],
      ['ratchet_evaluation_verdict', { verdict: 'noDrift' }, 0],
      ['ratchet_evaluation_rows', {}, 6100],
      ['ratchet_evaluation_window_end_timestamp_seconds', {}, 2000],
      ['ratchet_evaluation_timestamp_seconds', {}, 3000],
    ];
    expect(expected.map(([name, labels]) => found.get(key(name, labels)))).toEqual(
      expected.map(([, , value]) => value),
    );
  });

  it('has no sample for what is not known, rather than NaN or 0', () => {
    const found = series([EVALUATION]);
    expect(found.has(key('ratchet_drift_score', { feature: 'carrier', method: 'js' }))).toBe(false);
    expect(found.has(key('ratchet_performance_high', { metric: 'f1' }))).toBe(false);
    expect(found.has(key('ratchet_estimated_performance', { metric: 'auc' }))).toBe(false);
    const empty = series([{ ...EVALUATION, measurement: {} }]);
    expect(empty.get(key('ratchet_evaluation_verdict', { verdict: 'insufficient' }))).toBe(1);
    expect(
      [...empty.keys()].filter((name) => /drift|performance|quality|coverage|rows/.test(name.split('{')[0]!)),
    ).toEqual([]);
  });

  it('keeps models apart and has every series once', () => {
    const found = series([EVALUATION, { ...EVALUATION, model: 'other', consecutiveBreaches: 0 }]);
    expect(found.get(key('ratchet_consecutive_breaches'))).toBe(3);
    expect(found.get('ratchet_consecutive_breaches{"model":"other","version":"7"}')).toBe(0);
  });

  it('shows 500 of 900 features', () => {
    const features = Array.from({ length: 900 }, (_, i) => ({
      name: `f${i}`,
      method: 'psi',
      level: 'ok',
      effect: 1 / (i + 1),
      threshold: 0.2,
    }));
    const found = series([{ ...EVALUATION, measurement: { drift: { features } } }]);
    expect([...found.keys()].filter((name) => name.startsWith('ratchet_drift_score'))).toHaveLength(500);
    expect(found.get(key('ratchet_drift_features', { level: 'ok' }))).toBe(900);
  });

  it('escapes backslash, quote and line feed in label values', () => {
    expect(labelText({ feature: HOSTILE })).toBe('{feature="a \\"quoted\\"\\\\back\\nnew line"}');
  });

  it('drops a family without samples and a value that is not finite', () => {
    const text = exposition([
      { name: 'ratchet_a', help: 'one\ntwo', samples: [{ labels: {}, value: NaN }] },
      { name: 'ratchet_b', help: 'one\ntwo', samples: [{ labels: {}, value: 1 }] },
    ]);
    expect(text).toBe('# HELP ratchet_b one\\ntwo\n# TYPE ratchet_b gauge\nratchet_b 1\n');
  });
});
