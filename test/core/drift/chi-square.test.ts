import { chiSquareHomogeneity } from '../../../core/drift/chi-square';
import { chiSquareSurvival } from '../../../core/drift/gamma';
import { deviation, goldens } from '../../golden/scipy-goldens';

describe('chi-square', () => {
  test('the tail equals chi2.sf to 1e-9 relative for 1 to 500 degrees of freedom', () => {
    expect(goldens.chiSquareTail.length).toBe(100);
    const wrong = goldens.chiSquareTail.filter((c) => !(deviation(chiSquareSurvival(c.x, c.df), c.sf) <= 1e-9));
    expect(wrong).toEqual([]);
  });

  test('statistic, degrees of freedom and p equal chi2_contingency without correction', () => {
    expect(goldens.chiSquare.length).toBeGreaterThan(30);
    const wrong = goldens.chiSquare
      .map((c) => ({ ...c, ours: chiSquareHomogeneity(c.reference, c.current) }))
      .filter(
        (c) =>
          c.ours.folded > 0 ||
          c.ours.degreesOfFreedom !== c.df ||
          !(deviation(c.ours.statistic, c.statistic) <= 1e-9) ||
          !(deviation(c.ours.pValue, c.p) <= 1e-9),
      );
    expect(wrong).toEqual([]);
  });

  test('five categories of 0.2 % each fold into one cell', () => {
    const r = chiSquareHomogeneity([500, 490, 2, 2, 2, 2, 2], [490, 500, 2, 2, 2, 2, 2]);
    expect(r).toMatchObject({ folded: 5, degreesOfFreedom: 2 });
  });

  test('a new category with 30 % of the current rows keeps its own cell', () => {
    const r = chiSquareHomogeneity([500, 500, 0], [350, 350, 300]);
    expect(r).toMatchObject({ folded: 0, degreesOfFreedom: 2 });
    expect(r.pValue).toBeLessThan(1e-50);
  });

  test('200 categories of half a percent are not folded away: a change among them is still seen', () => {
    const reference = Array.from({ length: 200 }, () => 50);
    const current = reference.map((count, i) => (i < 100 ? count * 1.5 : count * 0.5));
    expect(chiSquareHomogeneity(reference, current).pValue).toBeLessThan(1e-10);
  });

  test('one category, or an empty side, gives p = 1', () => {
    expect(chiSquareHomogeneity([10], [12]).pValue).toBe(1);
    expect(chiSquareHomogeneity([0, 0], [12, 3]).pValue).toBe(1);
    expect(chiSquareHomogeneity([], []).pValue).toBe(1);
  });
});
