import { calibration, histogram, residuals, rocCurve, shapeOf } from '../../../adapters/report/curves';

describe('curves of the report', () => {
  it('ROC of a perfect ranking goes through (0, 1), of 4 tied scores straight to (1, 1)', () => {
    const truth = ['n', 'n', 'y', 'y'];
    expect(rocCurve({ truth, scores: [0.1, 0.2, 0.8, 0.9] }, 'y')).toContainEqual({ x: 0, y: 1 });
    expect(rocCurve({ truth, scores: [0.5, 0.5, 0.5, 0.5] }, 'y')).toEqual([
      { x: 0, y: 0 },
      { x: 1, y: 1 },
    ]);
  });

  it('ROC is empty when one class is missing', () => {
    expect(rocCurve({ truth: ['y', 'y'], scores: [0.1, 0.2] }, 'y')).toEqual([]);
  });

  it('ROC of 10,000 rows is thinned to at most 121 points and keeps both ends', () => {
    const scores = Array.from({ length: 10_000 }, (_, i) => i / 10_000);
    const points = rocCurve({ truth: scores.map((_, i) => (i % 3 === 0 ? 'y' : 'n')), scores }, 'y');
    expect(points.length).toBeLessThanOrEqual(121);
    expect(points[0]).toEqual({ x: 0, y: 0 });
    expect(points.at(-1)).toEqual({ x: 1, y: 1 });
  });

  it('calibration of 20 rows in 2 bins counts 10 each', () => {
    const scores = Array.from({ length: 20 }, (_, i) => i / 20);
    const truth = scores.map((score) => (score >= 0.5 ? 'y' : 'n'));
    const bins = calibration({ truth, scores }, 'y', 2);
    expect(bins.map(({ rows, observed }) => [rows, observed])).toEqual([
      [10, 0],
      [10, 1],
    ]);
  });

  it('guesses the positive class as the one that the scores rank higher, and regression from numbers', () => {
    expect(shapeOf({ truth: ['1', '0', '1'], scores: [0.9, 0.1, 0.8] })).toEqual({ kind: 'binary', positive: '1' });
    expect(shapeOf({ truth: ['1.5', '2', '3'], scores: [1, 2, 3] })).toEqual({ kind: 'regression' });
    expect(shapeOf({ truth: ['a', 'b', 'c'], scores: [1, 1, 1] })).toEqual({ kind: 'none' });
    expect(shapeOf({ truth: ['a', 'b'], scores: [0, 1] }, ['b', 'a'])).toEqual({ kind: 'binary', positive: 'a' });
    expect(shapeOf({ truth: [], scores: [] })).toEqual({ kind: 'none' });
  });

  it('residuals are truth minus score, and the shares of a histogram sum to 1', () => {
    expect(residuals({ truth: ['3', 'x', '5'], scores: [1, 1, NaN] })).toEqual([2]);
    const { shares } = histogram([[1, 2, 3, 4], [2.5]], 4);
    expect(shares.map((share) => share.reduce((sum, value) => sum + value, 0))).toEqual([1, 1]);
  });
});
