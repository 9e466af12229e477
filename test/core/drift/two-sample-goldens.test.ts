import { cramerVonMisesTail } from '../../../core/drift/special/cramer-von-mises-tail';
import { studentTwoSided } from '../../../core/drift/special/student-t';
import type { NumericMethod } from '../../../core/drift/method';
import { runNumericMethodSorted, type NumericMethodOptions } from '../../../core/drift/methods';
import { sortFinite } from '../../../core/drift/sort-finite';
import { wassersteinSorted } from '../../../core/drift/wasserstein';
import { driftGoldens, samplesOf, type NumericCase } from '../../golden/scipy-drift-goldens';

/** Agreement: 1e-9 absolute, and 1e-9 relative for values above 1 as well as 1e-6 relative down to 1e-300. */
const agrees = (actual: number | null, expected: number): boolean => {
  if (actual === null) return false;
  const error = Math.abs(actual - expected);
  const size = Math.abs(expected);
  return error <= 1e-9 * Math.max(1, size) && (size < 1e-300 || error <= 1e-6 * size || error <= 1e-13);
};

const prepared = driftGoldens.numeric.map((golden) => {
  const [reference, current] = samplesOf(golden);
  return { golden, made: reference.at(-1), reference: sortFinite(reference), current: sortFinite(current) };
});

/** Cases in which ours differs from SciPy's, each with both numbers. */
function wrong(
  method: NumericMethod,
  expected: (golden: NumericCase) => readonly [number | null, number | null] | undefined,
  options: NumericMethodOptions = {},
): { readonly compared: number; readonly different: readonly unknown[] } {
  const different: unknown[] = [];
  let compared = 0;
  for (const { golden, reference, current } of prepared) {
    const pair = expected(golden);
    if (pair === undefined || pair[0] === null) continue;
    compared++;
    const ours = runNumericMethodSorted(method, reference, current, options);
    const [statistic, p] = pair;
    const same = agrees(ours.statistic, statistic) && (p === null ? ours.pValue === null : agrees(ours.pValue, p));
    if (!same) different.push({ kind: golden.kind, n: golden.n, m: golden.m, ours, statistic, p });
  }
  return { compared, different };
}

test('the goldens are of SciPy 1.17.1 and the samples are remade exactly, 1 × 50,000 and 100 × 50,000 among them', () => {
  expect(driftGoldens.versions.scipy).toBe('1.17.1');
  expect(prepared.filter(({ golden, made }) => golden.check !== made)).toEqual([]);
  const sizes = prepared.map(({ golden }) => `${golden.n} × ${golden.m}`);
  expect(sizes).toEqual(expect.arrayContaining(['1 × 50000', '100 × 50000', '20000 × 15000']));
});

const evidently: NumericMethodOptions = { binning: 'evidently' };

test.each<[string, NumericMethod, (golden: NumericCase) => readonly [number | null, number | null] | undefined]>([
  ['ks_2samp', 'ks', (g) => g.ks],
  ['cramervonmises_2samp', 'cvm', (g) => g.cvm],
  ['anderson_ksamp', 'anderson', (g) => g.anderson],
  ['mannwhitneyu', 'mannwhitney', (g) => g.mannwhitney],
  ['ttest_ind', 't', (g) => g.t],
  ['ttest_ind with equal_var=False', 'welch', (g) => g.welch],
  ['energy_distance', 'energy', (g) => [g.energy, null]],
  ['wasserstein_distance over the standard deviation', 'wasserstein', (g) => [g.normed, null]],
])('equals %s to 1e-9 in at least 170 cases', (_scipy, method, expected) => {
  const { compared, different } = wrong(method, expected);
  expect(different).toEqual([]);
  expect(compared).toBeGreaterThanOrEqual(170);
});

test.each<[NumericMethod, (golden: NumericCase) => number]>([
  ['psi', (g) => g.psi],
  ['kl', (g) => g.kl],
  ['js', (g) => g.js],
])(
  '%s over Evidently’s bins equals NumPy’s histogram with SciPy’s distance to 1e-9 in 201 cases',
  (method, expected) => {
    const { compared, different } = wrong(method, (golden) => [expected(golden), null], evidently);
    expect(different).toEqual([]);
    expect(compared).toBe(201);
  },
);

test('Hellinger over Evidently’s bins equals 1 − Σ√(pq) to 1e-15, in 201 cases', () => {
  // Squared: near 0 the golden’s form has lost half its digits, ours has not.
  const different = prepared.flatMap(({ golden, reference, current }) => {
    const ours = runNumericMethodSorted('hellinger', reference, current, evidently).statistic ?? NaN;
    const near = Math.abs(ours - golden.hellinger) <= 1e-9 || Math.abs(ours ** 2 - golden.hellinger ** 2) <= 1e-15;
    return near ? [] : [{ golden, ours }];
  });
  expect(different).toEqual([]);
  expect(prepared.length).toBe(201);
});

test('PSI over ten quantile bins equals NumPy’s to 1e-9 in 201 cases', () => {
  const { compared, different } = wrong('psi', (golden) => [golden.quantilePsi, null]);
  expect(different).toEqual([]);
  expect(compared).toBe(201);
});

test('plain Wasserstein equals wasserstein_distance to 1e-9 in 201 cases', () => {
  const different = prepared.filter(
    ({ golden, reference, current }) => !agrees(wassersteinSorted(reference, current), golden.wasserstein),
  );
  expect(different).toEqual([]);
});

test('Mann–Whitney with alternative less equals SciPy’s to 1e-9 in 201 cases', () => {
  const { compared, different } = wrong('mannwhitney', (g) => [g.mannwhitney[0], g.less], { alternative: 'less' });
  expect(different).toEqual([]);
  expect(compared).toBe(201);
});

test('the limiting tail of Cramér–von Mises equals adaptive quadrature to 1e-9 from x = 0.02 to 8', () => {
  const different = driftGoldens.cramerVonMisesTail
    .map(({ x, p }) => ({ x, p, ours: cramerVonMisesTail(x) }))
    .filter(({ p, ours }) => !(Math.abs(ours - p) <= 1e-9));
  expect(different).toEqual([]);
  expect(driftGoldens.cramerVonMisesTail.length).toBe(11);
});

test('Student’s t tail equals 2·t.sf to 1e-10 relative for 0.7 to 2,000,000 degrees of freedom', () => {
  const different = driftGoldens.studentTail
    .map(({ t, df, p }) => ({ t, df, p, ours: studentTwoSided(t, df) }))
    .filter(({ p, ours }) => !(Math.abs(ours - p) <= 1e-10 * p || (p < 1e-290 && ours < 1e-290)));
  expect(different).toEqual([]);
  expect(driftGoldens.studentTail.length).toBe(96);
});
