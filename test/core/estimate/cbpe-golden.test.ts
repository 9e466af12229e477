import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildEstimateReference,
  calibrate,
  countForEstimate,
  estimateFromCounts,
  estimatePerformance,
  isotonicMap,
  type EstimatedMetric,
} from '../../../core/estimate';

type NannyMetric = 'roc_auc' | 'f1' | 'precision' | 'recall' | 'specificity' | 'accuracy';
interface NannyValue {
  value: number;
  error: number;
  low: number;
  high: number;
  thresholdLow: number;
  thresholdHigh: number;
  alert: boolean;
}
interface CbpeGoldens {
  readonly versions: Readonly<Record<string, string>>;
  readonly isotonic: readonly { score: number[]; truth: number[]; at: number[]; value: number[] }[];
  readonly binary: readonly {
    name: string;
    reference: { score: number[]; answer: string; truth: string };
    analysis: { score: number[]; answer: string };
    needsCalibration: boolean;
    isotonicOnGrid: number[];
    chunks: { start: number; end: number; metrics: Record<NannyMetric, NannyValue> }[];
  }[];
}

const goldens = JSON.parse(readFileSync(join(__dirname, '../../golden/cbpe-goldens.json'), 'utf8')) as CbpeGoldens;
const NAMES: Record<NannyMetric, EstimatedMetric> = {
  roc_auc: 'auc',
  f1: 'f1',
  precision: 'precision',
  recall: 'recall',
  specificity: 'specificity',
  accuracy: 'accuracy',
};

const scoresOf = (score: number[]): number[] => score.map((s) => s / 10_000);
const bitsOf = (text: string): number[] => Array.from(text, Number);

test('isotonic regression equals scikit-learn on 32 fits to 1e-12, ties and single scores included', () => {
  expect(goldens.isotonic).toHaveLength(32);
  for (const { score, truth, at, value } of goldens.isotonic) {
    const map = isotonicMap(score, truth, null);
    at.forEach((x, i) => expect(Math.abs(calibrate(map, x) - value[i]!)).toBeLessThan(1e-12));
  }
});

test('the goldens are NannyML 0.13.1, which calibrates in all 4 cases, as we do', () => {
  expect(goldens.versions['nannyml']).toBe('0.13.1');
  expect(goldens.binary.map((c) => c.needsCalibration)).toEqual([true, true, true, true]);
});

test.each(goldens.binary)(
  '$name: 5 chunks, estimates, sampling errors, bands and thresholds equal NannyML',
  (golden) => {
    const truths = bitsOf(golden.reference.truth);
    const reference = buildEstimateReference(
      scoresOf(golden.reference.score),
      bitsOf(golden.reference.answer),
      truths,
      10,
      { maxKnots: null },
    );
    expect(reference.calibration.used).toBe(true);
    const { map } = reference.calibration;
    golden.isotonicOnGrid.forEach((p, i) => expect(Math.abs(calibrate(map, i / 100) - p)).toBeLessThan(1e-9));
    const scores = scoresOf(golden.analysis.score);
    const answers = bitsOf(golden.analysis.answer);
    expect(golden.chunks).toHaveLength(5);
    for (const { start, end, metrics } of golden.chunks) {
      const rows = estimatePerformance(scores.slice(start, end), answers.slice(start, end), reference);
      for (const [theirs, ours] of Object.entries(NAMES) as [NannyMetric, EstimatedMetric][]) {
        const expected = metrics[theirs];
        const actual = rows.metrics.find(({ metric }) => metric === ours)!;
        // NannyML rounds the sums of its AUC to 5 decimals and ranks ties by chance.
        const tolerance = ours === 'auc' ? 2e-3 : 1e-9;
        const where = `${golden.name} ${start} ${ours}`;
        const near = (a: number | null | undefined, b: number): void =>
          expect([where, Math.abs((a ?? Number.NaN) - b) < tolerance ? b : a]).toEqual([where, b]);
        near(actual.value, expected.value);
        near(actual.standardError, expected.error);
        near(actual.low, expected.low);
        near(actual.high, expected.high);
        near(actual.thresholds?.low, expected.thresholdLow);
        near(actual.thresholds?.high, expected.thresholdHigh);
        expect([where, actual.outside !== null]).toEqual([where, expected.alert]);
      }
    }
  },
);

test.each(goldens.binary)('$name: from counts alone the 5 metrics equal those from 900 rows to 1e-12', (golden) => {
  const reference = buildEstimateReference(
    scoresOf(golden.reference.score),
    bitsOf(golden.reference.answer),
    bitsOf(golden.reference.truth),
  );
  const scores = scoresOf(golden.analysis.score);
  const answers = bitsOf(golden.analysis.answer);
  const { map } = reference.calibration;
  const whole = estimatePerformance(scores, answers, reference);
  const halves = [0, 450].flatMap((from) =>
    countForEstimate(map, scores.slice(from, from + 450), answers.slice(from, from + 450)),
  );
  const counted = estimateFromCounts(map, halves, reference);
  expect(counted.rows).toBe(900);
  expect(counted.metrics).toHaveLength(5);
  const summed = scores.reduce((sum, s, i) => sum + (answers[i] === 1 ? calibrate(map, s) : 0), 0);
  expect(Math.abs(counted.confusion!.truePositive - summed)).toBeLessThan(1e-9);
  counted.metrics.forEach((metric, i) =>
    expect(Math.abs(metric.value! - whole.metrics[i]!.value!)).toBeLessThan(1e-12),
  );
});
