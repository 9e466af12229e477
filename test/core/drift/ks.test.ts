import { ksPValue, ksTwoSample, roundHalfToEven } from '../../../core/drift/ks';
import { kolmogorovSurvival } from '../../../core/drift/kolmogorov';
import { deviation, goldens } from '../../golden/scipy-goldens';

describe('two-sample KS against SciPy', () => {
  test('the goldens are of SciPy 1.17.1 and hold at least 600 two-sample cases', () => {
    expect(goldens.versions.scipy).toBe('1.17.1');
    expect(goldens.ksSamples.length + goldens.ksPValues.length).toBeGreaterThanOrEqual(600);
  });

  test('statistic and p equal ks_2samp to 1e-9 on samples of 1 to 110 rows, continuous, tied, binary and constant', () => {
    const wrong = goldens.ksSamples.filter((c) => {
      const r = ksTwoSample(c.a, c.b);
      return !(deviation(r.statistic, c.statistic) <= 1e-9 && deviation(r.pValue, c.p) <= 1e-9);
    });
    expect(wrong).toEqual([]);
  });

  test('p equals ks_2samp to 1e-9 on sizes from 2 to 200,000, exact and asymptotic, very unequal included', () => {
    const wrong = goldens.ksPValues
      .map((c) => ({ ...c, ours: ksPValue(c.statistic, c.na, c.nb).pValue }))
      .filter((c) => !(Math.abs(c.ours - c.p) <= 1e-9 && (c.p < 1e-300 || Math.abs(c.ours / c.p - 1) <= 1e-9)));
    expect(wrong).toEqual([]);
  });

  test('the survival function of D_n equals kstwo.sf to 1e-9 in every branch, n from 1 to 500,000', () => {
    const wrong = goldens.kolmogorov
      .map((c) => ({ ...c, ours: kolmogorovSurvival(c.n, c.d) }))
      .filter((c) => !(Math.abs(c.ours - c.sf) <= 1e-9));
    expect(wrong).toEqual([]);
  });

  test('10,000 rows a side are the last exact size', () => {
    expect(ksPValue(0.02, 10_000, 9_000).method).toBe('exact');
    expect(ksPValue(0.02, 10_001, 9_000).method).toBe('asymptotic');
  });

  test('2.5 rounds to 2 and 3.5 to 4, as NumPy rounds the effective size', () => {
    expect([0.5, 1.5, 2.5, 3.5, 2.4, 2.6].map(roundHalfToEven)).toEqual([0, 2, 2, 4, 2, 3]);
  });

  test('an empty side is no evidence: D 0, p 1', () => {
    expect(ksTwoSample([], [1, 2])).toEqual({ statistic: 0, pValue: 1, method: 'exact' });
  });
});
