/** Equal to real runs of Evidently 0.7.23 (test/golden/make-evidently-goldens.py) on the same frames. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareFrames, type ComparedTest } from '../../../core/compare';
import type { DriftMethod } from '../../../core/drift/method';
import { compareRuleOf } from '../../../policy';
import { frameOfSpecs, type ColumnSpec } from './generated-frames';

interface Score {
  readonly test: string;
  readonly score: number | string;
  readonly threshold: number;
  readonly drifted: boolean;
}
interface Sides {
  readonly reference: number;
  readonly current: number;
}
interface Goldens {
  readonly versions: Readonly<Record<string, string>>;
  readonly presets: readonly (Sides & {
    readonly columns: readonly ColumnSpec[];
    readonly preset: { readonly share: number; readonly drifted: boolean; readonly columns: Record<string, Score> };
  })[];
  readonly methods: readonly (Sides & {
    readonly column: ColumnSpec;
    readonly method: string;
    readonly error?: string;
    readonly score?: number;
    readonly drifted?: boolean;
  })[];
  readonly constants: readonly (Sides & {
    readonly column: ColumnSpec;
    readonly score: number;
    readonly drifted: boolean;
  })[];
}

const goldens = JSON.parse(readFileSync(join(__dirname, '../../golden/evidently-goldens.json'), 'utf8')) as Goldens;

/** The names that Evidently's reports give its tests. */
const METHOD_OF: Readonly<Record<string, DriftMethod>> = {
  'K-S p_value': 'ks',
  'chi-square p_value': 'chisquare',
  'Z-test p_value': 'z',
  'Wasserstein distance (normed)': 'wasserstein',
  'Jensen-Shannon distance': 'js',
};

/** Evidently's arguments `num_stattest`, `cat_stattest`. */
const OWN_NAME: Readonly<Record<string, DriftMethod>> = {
  ks: 'ks',
  wasserstein: 'wasserstein',
  psi: 'psi',
  kl_div: 'kl',
  jensenshannon: 'js',
  hellinger: 'hellinger',
  ed: 'energy',
  mannw: 'mannwhitney',
  t_test: 't',
  anderson: 'anderson',
  cramer_von_mises: 'cvm',
  chisquare: 'chisquare',
  g_test: 'g',
  z: 'z',
  fisher_exact: 'fisher',
};

const rule = compareRuleOf('evidently');
const P_METHODS: readonly DriftMethod[] = [
  'ks',
  'cvm',
  'anderson',
  'mannwhitney',
  't',
  'chisquare',
  'z',
  'fisher',
  'g',
];
const scoreOf = (test: ComparedTest | undefined): number | null | undefined =>
  test === undefined ? undefined : P_METHODS.includes(test.method) ? test.pValue : test.statistic;

/** 1e-9 relative; p-values below 1e-9 are tails that Evidently itself computes as 1 − cdf, and are only asked to be small. */
function expectScore(found: number | null | undefined, wanted: number, what: string): void {
  expect({ what, type: typeof found }).toEqual({ what, type: 'number' });
  const error = Math.abs((found as number) - wanted);
  expect({ what, found, wanted, close: error <= 1e-9 * Math.max(1, Math.abs(wanted)) }).toMatchObject({ close: true });
  // Beyond 1e-9 absolute, also 1e-9 relative where the number is not a far tail.
  if (Math.abs(wanted) > 1e-6)
    expect({ what, found, wanted, relative: error <= 1e-9 * Math.abs(wanted) }).toMatchObject({ relative: true });
}

describe('the preset evidently', () => {
  it('was made by Evidently 0.7.23 on at least 30 frames', () => {
    expect(goldens.versions['evidently']).toBe('0.7.23');
    expect(goldens.presets.length).toBeGreaterThanOrEqual(30);
  });

  it.each(goldens.presets.map((golden, i) => [i, golden.reference, golden.current, golden] as const))(
    'frame %i: %i against %i rows: the same test, score and verdict for 10 columns, the same share',
    (_i, n, m, golden) => {
      const comparison = compareFrames(
        frameOfSpecs(n, golden.columns, 'reference'),
        frameOfSpecs(m, golden.columns, 'current'),
        { rule },
      );
      expect(comparison.features).toHaveLength(10);
      for (const feature of comparison.features) {
        const wanted = golden.preset.columns[feature.name]!;
        const [test] = feature.tests;
        const what = `${feature.name} by ${wanted.test}`;
        expect({ what, method: test?.method }).toEqual({ what, method: METHOD_OF[wanted.test] });
        expectScore(scoreOf(test), wanted.score as number, what);
        expect({ what, threshold: test?.threshold }).toEqual({ what, threshold: wanted.threshold });
        expect({ what, verdict: feature.verdict }).toEqual({ what, verdict: wanted.drifted ? 'drift' : 'ok' });
      }
      expect(comparison.dataset.driftedShare).toBeCloseTo(golden.preset.share, 12);
      expect(comparison.dataset.verdict).toBe(golden.preset.drifted ? 'drift' : 'noDrift');
    },
  );
});

describe('one method at a time', () => {
  const byMethod = new Map<string, Goldens['methods'][number][]>();
  for (const golden of goldens.methods) byMethod.set(golden.method, [...(byMethod.get(golden.method) ?? []), golden]);

  it.each(
    [...byMethod]
      .filter(([method]) => method !== 'TVD')
      .map(([method, cases]) => [method, cases.length, cases] as const),
  )('%s gives the score of %i real runs', (method, _count, cases) => {
    const name = OWN_NAME[method]!;
    for (const golden of cases) {
      const comparison = compareFrames(
        frameOfSpecs(golden.reference, [golden.column], 'reference'),
        frameOfSpecs(golden.current, [golden.column], 'current'),
        { rule, methods: [name] },
      );
      const test = comparison.features[0]?.tests.find((t) => t.method === name);
      const what = `${method} of ${golden.column.name}, ${golden.reference} against ${golden.current}`;
      if (golden.error === undefined) {
        expectScore(scoreOf(test), golden.score as number, what);
        expect({ what, drifted: test?.drifted }).toEqual({ what, drifted: golden.drifted });
      } else {
        // Evidently raised (unequal sizes): ours is defined.
        expect({ what, p: test?.pValue }).toEqual({ what, p: expect.any(Number) });
      }
    }
  });

  it('gives the total variation distance where Evidently permutes: between 0 and 1, for 27 columns', () => {
    const cases = byMethod.get('TVD')!;
    expect(cases).toHaveLength(27);
    for (const golden of cases) {
      const comparison = compareFrames(
        frameOfSpecs(golden.reference, [golden.column], 'reference'),
        frameOfSpecs(golden.current, [golden.column], 'current'),
        { rule, methods: ['tvd'] },
      );
      const statistic = comparison.features[0]?.tests.find((t) => t.method === 'tvd')?.statistic;
      expect(statistic).toBeGreaterThanOrEqual(0);
      expect(statistic).toBeLessThanOrEqual(1);
    }
  });
});

it.each(goldens.constants.map((golden) => [golden.column.name, golden.reference, golden] as const))(
  'a constant column "%s" at %i reference rows has the score of the real run',
  (_name, _rows, golden) => {
    const comparison = compareFrames(
      frameOfSpecs(golden.reference, [golden.column], 'reference'),
      frameOfSpecs(golden.current, [golden.column], 'current'),
      { rule },
    );
    const [feature] = comparison.features;
    expectScore(scoreOf(feature?.tests[0]), golden.score, golden.column.name);
    expect(feature?.verdict).toBe(golden.drifted ? 'drift' : 'ok');
  },
);
