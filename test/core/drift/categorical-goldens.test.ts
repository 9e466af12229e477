import type { CategoricalMethod } from '../../../core/drift/method';
import { runCategoricalMethod } from '../../../core/drift/methods';
import { fisherExact } from '../../../core/drift/fisher-exact';
import { driftGoldens, type CategoricalCase } from '../../golden/scipy-drift-goldens';

const agrees = (actual: number | null, expected: number): boolean =>
  actual !== null &&
  Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)) &&
  (Math.abs(expected) < 1e-300 || Math.abs(actual / expected - 1) <= 1e-6 || Math.abs(actual - expected) <= 1e-13);

/** Names that sort in the order of the golden's columns. */
const named = (counts: readonly number[]): Map<string, number> =>
  new Map(counts.map((count, i) => [`category ${String(i).padStart(2, '0')}`, count]));

test.each<[CategoricalMethod, number, (golden: CategoricalCase) => readonly [number, number | null] | undefined]>([
  ['chisquare', 60, (g) => g.chisquare],
  ['g', 60, (g) => g.g],
  ['z', 80, (g) => g.z],
  ['tvd', 80, (g) => [g.tvd, null]],
  ['linf', 80, (g) => [g.linf, null]],
  ['js', 80, (g) => [g.js, null]],
  ['hellinger', 80, (g) => [g.hellinger, null]],
  ['psi', 80, (g) => [g.psi, null]],
  ['kl', 80, (g) => [g.kl, null]],
])('%s equals SciPy to 1e-9 in at least %i tables', (method, least, expected) => {
  let compared = 0;
  const different = driftGoldens.categorical.flatMap((golden) => {
    const pair = expected(golden);
    if (pair === undefined) return [];
    compared++;
    const ours = runCategoricalMethod(method, named(golden.reference), named(golden.current), { binning: 'evidently' });
    const [statistic, p] = pair;
    const same = agrees(ours.statistic, statistic) && (p === null ? ours.pValue === null : agrees(ours.pValue, p));
    return same ? [] : [{ golden, ours }];
  });
  expect(different).toEqual([]);
  expect(compared).toBeGreaterThanOrEqual(least);
});

test('Fisher’s p equals fisher_exact to 1e-9 in 94 tables of up to 1,000,000 rows, symmetric ones among them', () => {
  const different = driftGoldens.fisher
    .map(({ table, oddsRatio, p }) => ({ table, oddsRatio, p, ours: fisherExact(...table) }))
    .filter(
      ({ oddsRatio, p, ours }) =>
        !agrees(ours.pValue, p) ||
        (oddsRatio !== null && ours.oddsRatio !== null && !agrees(ours.oddsRatio, oddsRatio)),
    );
  expect(different).toEqual([]);
  expect(driftGoldens.fisher.length).toBe(94);
});

test('the fixed tables of Evidently’s test suite: χ² 0.6731, G 0.8176, Fisher 0.1818 and 0.0021645', () => {
  const six = [16, 18, 16, 14, 12, 12];
  expect(runCategoricalMethod('chisquare', named(six), named([16, 16, 16, 16, 16, 8])).pValue).toBeCloseTo(
    0.6730876006966301,
    12,
  );
  expect(runCategoricalMethod('g', named([5, 5, 8]), named([4, 6, 8])).pValue).toBeCloseTo(0.817622013379844, 12);
  expect(runCategoricalMethod('fisher', named([0, 6]), named([6, 0])).pValue).toBeCloseTo(0.0021645021645021645, 12);
  expect(runCategoricalMethod('linf', named([3, 3, 1]), named([3, 3, 0])).statistic).toBeCloseTo(1 / 7, 12);
});
