import {
  buildEstimateReference,
  countForEstimate,
  estimateFromCounts,
  estimatePerformance,
  expectedAuc,
  expectedCalibrationError,
  fitCalibration,
  IDENTITY_CALIBRATION,
  isotonicMap,
  judgeEstimate,
  judgeReliability,
  segmentEdges,
  segmentOf,
  type EstimateReference,
  type FeatureSupport,
} from '../../../core/estimate';
import { Sfc32 } from '../../../core/gate/sfc32';

/** Rows whose truth is 1 with probability `bend(score)`. */
function sample(
  n: number,
  seed: number,
  bend: (score: number) => number,
): { scores: number[]; answers: number[]; truths: number[] } {
  const random = new Sfc32(seed);
  const scores = Array.from({ length: n }, () => random.nextUint32() / 2 ** 32);
  return {
    scores,
    answers: scores.map((score) => (score >= 0.5 ? 1 : 0)),
    truths: scores.map((score) => (random.nextUint32() / 2 ** 32 < bend(score) ? 1 : 0)),
  };
}

const referenceOf = (n: number, seed: number): EstimateReference => {
  const { scores, answers, truths } = sample(n, seed, (s) => s);
  return buildEstimateReference(scores, answers, truths);
};

const feature = (name: string, change: Partial<FeatureSupport> = {}): FeatureSupport => ({
  name,
  importance: 1,
  outOfRangeShare: 0,
  unseenShare: 0,
  wasConstant: false,
  ...change,
});

test('a score that is a probability already is left alone, a bent one is calibrated, on 3,000 rows', () => {
  const honest = sample(3000, 7, (s) => s);
  const bent = sample(3000, 7, (s) => s ** 3);
  expect(fitCalibration(honest.scores, honest.truths)).toMatchObject({ used: false, reason: 'no_gain' });
  const fitted = fitCalibration(bent.scores, bent.truths);
  expect(fitted).toMatchObject({ used: true, reason: 'lowers_error' });
  expect(fitted.errorAfter).toBeLessThan(fitted.errorBefore! / 2);
});

test('no calibration is fitted on 199 rows, one class, or classes that the score separates', () => {
  const few = sample(199, 1, (s) => s ** 3);
  expect(fitCalibration(few.scores, few.truths).reason).toBe('too_few_rows');
  const { scores } = sample(500, 2, (s) => s);
  expect(
    fitCalibration(
      scores,
      scores.map(() => 1),
    ).reason,
  ).toBe('one_class');
  expect(
    fitCalibration(
      scores,
      scores.map((s) => (s > 0.3 ? 1 : 0)),
    ),
  ).toEqual({
    map: IDENTITY_CALIBRATION,
    used: false,
    reason: 'separable',
    errorBefore: null,
    errorAfter: null,
  });
});

test('a fit with more than 16 knots is coarsened to at most 16 and stays within 0.1 of the exact one', () => {
  const { scores, truths } = sample(4000, 3, (s) => s);
  const exact = isotonicMap(scores, truths, null);
  const coarse = isotonicMap(scores, truths, 16);
  expect(exact.x.length).toBeGreaterThan(16);
  expect(coarse.x.length).toBeLessThanOrEqual(16);
  const counted = (map: typeof exact): number =>
    countForEstimate(
      map,
      scores,
      scores.map(() => 1),
    ).reduce((sum, c) => sum + c.n, 0);
  expect(counted(coarse)).toBe(4000);
  const reference = referenceOf(400, 1);
  const positives = (map: typeof exact): number =>
    estimateFromCounts(
      map,
      countForEstimate(
        map,
        scores,
        scores.map(() => 1),
      ),
      reference,
    ).confusion!.truePositive;
  expect(Math.abs(positives(coarse) - positives(exact))).toBeLessThan(400);
});

test('segments are open below and closed above: 0.5 is in the segment that ends at 0.5', () => {
  const map = { x: [0.2, 0.5, 0.9], y: [0.1, 0.5, 0.8] };
  expect(segmentEdges(map)).toEqual([0.2, 0.5, 0.9]);
  expect([0, 0.2, 0.21, 0.5, 0.51, 0.9, 1].map((s) => segmentOf(map, s))).toEqual([0, 0, 1, 1, 2, 2, 3]);
});

test('4 rows by hand: TP 1.7, FP 0.3, FN 0.3, TN 1.7 give accuracy 0.85, F1 0.85 and AUC 0.8725', () => {
  const scores = [0.9, 0.8, 0.2, 0.1];
  const answers = [1, 1, 0, 0];
  const reference: EstimateReference = {
    ...referenceOf(400, 1),
    calibration: { map: IDENTITY_CALIBRATION, used: false, reason: 'no_gain', errorBefore: null, errorAfter: null },
  };
  const estimate = estimatePerformance(scores, answers, reference);
  expect(estimate.confusion!.truePositive).toBeCloseTo(1.7, 12);
  expect(estimate.confusion!.falsePositive).toBeCloseTo(0.3, 12);
  for (const metric of estimate.metrics.slice(0, 5)) expect(metric.value).toBeCloseTo(0.85, 12);
  // Σ over rows in order of (1 − p)·(positives before + p/2), over 2 · 2
  const area = 0.1 * 0.45 + 0.2 * 1.3 + 0.8 * 1.8 + 0.9 * 1.95;
  expect(expectedAuc(scores, scores)).toBeCloseTo(area / 4, 12);
});

test('an estimate over 0 rows is insufficient and holds nulls, never NaN', () => {
  const reference = referenceOf(1000, 5);
  const estimate = estimatePerformance([], [], reference);
  expect(estimate).toMatchObject({ rows: 0, confusion: null });
  expect(estimate.metrics.map((m) => [m.value, m.low, m.high, m.standardError])).toEqual(
    Array(6).fill([null, null, null, null]),
  );
  expect(judgeEstimate(estimate, { reliable: true, reasons: [] }, { metrics: ['f1'], minRows: 0 }).verdict).toBe(
    'insufficient',
  );
});

test('leaving the chunk out gives thresholds from estimates: inside [0, 1], and as many chunks', () => {
  const { scores, answers, truths } = sample(2000, 9, (s) => s ** 2);
  const left = buildEstimateReference(scores, answers, truths, 8, { leaveChunkOut: true });
  const realised = buildEstimateReference(scores, answers, truths, 8);
  for (const [i, metric] of left.metrics.entries()) {
    expect(metric.chunks).toHaveLength(8);
    expect(metric.thresholds!.low).toBeLessThan(metric.thresholds!.high);
    const width = (m: typeof metric): number => m.thresholds!.high - m.thresholds!.low;
    expect(width(metric)).toBeLessThan(width(realised.metrics[i]!));
  }
});

test('chunks by name and 4 consecutive chunks are the same reference', () => {
  const { scores, answers, truths } = sample(1000, 4, (s) => s);
  const names = scores.map((_, i) => `day ${Math.floor(i / 250)}`);
  expect(buildEstimateReference(scores, answers, truths, names)).toEqual(
    buildEstimateReference(scores, answers, truths, 4),
  );
});

test('the band of 3 sampling errors holds the realised accuracy in at least 97 of 100 windows of 300 rows', () => {
  const reference = referenceOf(4000, 11);
  let held = 0;
  for (let seed = 100; seed < 200; seed++) {
    const { scores, answers, truths } = sample(300, seed, (s) => s);
    const estimate = estimatePerformance(scores, answers, reference).metrics[0]!;
    const realised = truths.filter((truth, i) => truth === answers[i]).length / 300;
    if (realised >= estimate.low! && realised <= estimate.high!) held++;
  }
  expect(held).toBeGreaterThanOrEqual(97);
});

test.each<[string, FeatureSupport[], string[]]>([
  ['30 % out of range where 5 % are allowed', [feature('a'), feature('price', { outOfRangeShare: 0.3 })], ['price']],
  ['10 % unseen categories', [feature('carrier', { unseenShare: 0.1 })], ['carrier']],
  [
    'a constant feature that moved in 1 % of rows, importance 0',
    [feature('c', { wasConstant: true, importance: 0, outOfRangeShare: 0.01 }), feature('a')],
    ['c'],
  ],
  ['a share that was not measured', [feature('a', { outOfRangeShare: null })], ['a']],
  ['a share of NaN', [feature('a', { unseenShare: Number.NaN })], ['a']],
])('unreliable: %s, and the feature is named', (_, features, names) => {
  const { reliable, reasons } = judgeReliability(features, { maxOutOfSupportShare: 0.05 });
  expect(reliable).toBe(false);
  expect(reasons.map((r) => r.code)).toEqual(names.map(() => 'estimate_unreliable'));
  names.forEach((name, i) => expect(reasons[i]!.text).toContain(name));
});

test('reliable: 4 % outside, a constant that stays, and a drifted feature of importance 0 or beyond the top 1', () => {
  const limits = { maxOutOfSupportShare: 0.05 };
  expect(judgeReliability([feature('a', { outOfRangeShare: 0.04 })], limits).reliable).toBe(true);
  expect(judgeReliability([feature('a', { wasConstant: true })], limits).reliable).toBe(true);
  const idle = [feature('a'), feature('b', { importance: 0, outOfRangeShare: 1 })];
  expect(judgeReliability(idle, limits).reliable).toBe(true);
  const minor = [feature('a', { importance: 2 }), feature('b', { importance: 1, outOfRangeShare: 1 })];
  expect(judgeReliability(minor, { ...limits, topK: 1 }).reliable).toBe(true);
  expect(judgeReliability(minor, limits).reliable).toBe(false);
  expect(judgeReliability([], limits).reliable).toBe(false);
});

test('verdicts: a fall of 30 % in the scores is suspicious, healthy rows are not, and neither is ever pass', () => {
  const reference = referenceOf(4000, 11);
  const sure = { reliable: true, reasons: [] };
  const policy = { metrics: ['accuracy', 'f1'], minRows: 300 } as const;
  const healthy = sample(1000, 21, (s) => s);
  const judged = (scores: number[], answers: number[]): string =>
    judgeEstimate(estimatePerformance(scores, answers, reference), sure, policy).verdict;
  expect(judged(healthy.scores, healthy.answers)).toBe('unsuspicious');
  const timid = healthy.scores.map((s) => 0.5 + (s - 0.5) * 0.3);
  const suspicion = judgeEstimate(estimatePerformance(timid, healthy.answers, reference), sure, policy);
  expect(suspicion.verdict).toBe('suspicious');
  expect(suspicion.reasons.map((r) => r.code)).toEqual(['estimate.below', 'estimate.below']);
  expect(judged(timid.slice(0, 299), healthy.answers.slice(0, 299))).toBe('insufficient');
  const lost = judgeReliability([feature('price', { outOfRangeShare: 1 })], { maxOutOfSupportShare: 0.05 });
  const unreliable = judgeEstimate(estimatePerformance(timid, healthy.answers, reference), lost, policy);
  expect(unreliable).toMatchObject({ verdict: 'unreliable', reasons: [{ code: 'estimate_unreliable' }] });
});

test('an estimate above the healthy range is suspicious only where the policy says both sides', () => {
  const reference = referenceOf(4000, 11);
  const { scores, answers } = sample(1000, 31, (s) => s);
  const bold = estimatePerformance(
    scores.map((s) => (s >= 0.5 ? 0.999 : 0.001)),
    answers,
    reference,
  );
  const sure = { reliable: true, reasons: [] };
  expect(judgeEstimate(bold, sure, { metrics: ['f1'], minRows: 1 }).verdict).toBe('unsuspicious');
  expect(judgeEstimate(bold, sure, { metrics: ['f1'], minRows: 1, sides: 'both' }).reasons[0]!.code).toBe(
    'estimate.above',
  );
});

test('a healthy range of 0 to 1 shows nothing: insufficient, not unsuspicious', () => {
  const reference = referenceOf(4000, 11);
  const vague: EstimateReference = {
    ...reference,
    metrics: reference.metrics.map((metric) => ({ ...metric, thresholds: { low: 0, high: 1 } })),
  };
  const { scores, answers } = sample(1000, 21, (s) => s);
  const estimate = estimatePerformance(scores, answers, vague);
  const judgement = judgeEstimate(estimate, { reliable: true, reasons: [] }, { metrics: ['f1'], minRows: 1 });
  expect(judgement).toMatchObject({ verdict: 'insufficient', reasons: [{ code: 'estimate.metric' }] });
});

test('AUC from counts is not known, so a policy that asks for it is insufficient', () => {
  const reference = referenceOf(1000, 5);
  const { map } = reference.calibration;
  const { scores, answers } = sample(500, 6, (s) => s);
  const estimate = estimateFromCounts(map, countForEstimate(map, scores, answers), reference);
  const judgement = judgeEstimate(estimate, { reliable: true, reasons: [] }, { metrics: ['auc'], minRows: 1 });
  expect(judgement.verdict).toBe('insufficient');
  expect(judgement.reasons[0]!.text).toContain('auc');
});

test.each<[string, () => unknown, string]>([
  ['a score of NaN', () => fitCalibration([0.5, Number.NaN], [0, 1]), 'index 1'],
  ['a score of 1.2', () => countForEstimate(IDENTITY_CALIBRATION, [0.1, 0.2, 1.2], [0, 0, 1]), 'index 2'],
  ['an answer of 2', () => countForEstimate(IDENTITY_CALIBRATION, [0.1], [2]), 'answer 2 at index 0'],
  ['unequal lengths', () => fitCalibration([0.5], [0, 1]), '1 scores but 2 truth values'],
  ['no reference rows', () => buildEstimateReference([], [], []), 'no rows'],
  ['0 chunks', () => buildEstimateReference([0.5], [1], [1], 0), '0 is not a number of chunks'],
  [
    'counts of another map',
    () => estimateFromCounts(IDENTITY_CALIBRATION, [{ answer: 1, segment: 7, n: 1, sumScore: 1 }], referenceOf(400, 1)),
    'counts do not fit',
  ],
  ['a broken map', () => estimateFromCounts({ x: [1, 0], y: [0, 1] }, [], referenceOf(400, 1)), 'ascending'],
])('%s is refused with RATCHET_INPUT_INVALID', (_, run, message) => {
  let error: unknown = null;
  try {
    run();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: 'RATCHET_INPUT_INVALID' });
  expect((error as Error).message).toContain(message);
});

test('the calibration error of 4 rows in 2 bins is (|0.3| + |−0.3|)/4 = 0.15', () => {
  expect(expectedCalibrationError([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], 2)).toBeCloseTo(0.15, 12);
});
