import * as fc from 'fast-check';
import {
  benjaminiHochberg,
  CATEGORICAL_METHODS,
  ksTwoSample,
  NUMERIC_METHODS,
  quantileBins,
  runCategoricalMethod,
  runNumericMethod,
  sturgesEdges,
  buildProfileFromFrame,
} from '../../core/drift';
import { createDetector, DETECTOR_NAMES, detectChanges, updateDetector } from '../../core/drift/streaming';
import { compareMultivariate, fitPca, reconstructionError, symmetricEigen } from '../../core/drift/multivariate';
import { anything, expectNumbers, frame, name, number, numbers, runs, survives } from './hostile';

it.each(NUMERIC_METHODS)('%s of any two lists: an answer without NaN, null when a side is empty', (method) => {
  fc.assert(
    fc.property(numbers, numbers, fc.constantFrom('quantile', 'evidently'), (reference, current, binning) => {
      const result = survives(() => runNumericMethod(method, reference, current, { binning: binning as 'quantile' }));
      expectNumbers(result);
      if (result !== null && !(reference.some(Number.isFinite) && current.some(Number.isFinite)))
        expect([result.statistic, result.pValue]).toEqual([null, null]);
      if (result?.pValue != null) expect(result.pValue >= 0 && result.pValue <= 1).toBe(true);
    }),
    runs,
  );
});

it.each(CATEGORICAL_METHODS)('%s of any counts: an answer without NaN', (method) => {
  const counts = fc
    .array(fc.tuple(name, fc.oneof(number, fc.nat(1000))), { maxLength: 6 })
    .map((pairs) => new Map(pairs));
  fc.assert(
    fc.property(counts, counts, (reference, current) => {
      const result = survives(() => runCategoricalMethod(method, reference, current));
      expectNumbers(result);
      if (result?.pValue != null) expect(result.pValue >= 0 && result.pValue <= 1).toBe(true);
    }),
    runs,
  );
});

it('bins, edges, Kolmogorov–Smirnov and Benjamini–Hochberg of any lists', () => {
  const sorted = (values: readonly number[]): Float64Array => Float64Array.from(values).filter(Number.isFinite).sort();
  fc.assert(
    fc.property(numbers, numbers, fc.oneof(fc.integer({ min: -1, max: 50 }), number), (a, b, bins) => {
      expectNumbers(survives(() => ksTwoSample(sorted(a), sorted(b))));
      expectNumbers(survives(() => quantileBins(sorted(a), sorted(b), bins)));
      expectNumbers(survives(() => benjaminiHochberg(a.filter((value) => value >= 0 && value <= 1))));
      // Callers bring the values to the size of 1 first (power-of-two-scale.ts).
      const inner = sorted(a).filter((value) => Math.abs(value) <= 1e300 && (value === 0 || Math.abs(value) >= 1e-300));
      if (inner.length === 0) return;
      const edges = sturgesEdges(inner[0]!, inner.at(-1)!, inner.length, false);
      expectNumbers(edges, 'finite');
      expect(edges.length).toBeGreaterThanOrEqual(2);
    }),
    runs,
  );
});

it('a profile of any table: no NaN', () => {
  fc.assert(
    fc.property(frame, fc.oneof(fc.integer({ min: 2, max: 12 }), number), (table, bins) => {
      const specs = [...table.columns].map(([title, { kind }]) => ({ name: title, kind }));
      expectNumbers(survives(() => buildProfileFromFrame(table, specs, { bins, correlations: true })));
    }),
    runs,
  );
});

it.each(DETECTOR_NAMES)('%s on any stream: no NaN in its state, which is JSON', (detector) => {
  fc.assert(
    fc.property(fc.array(number, { maxLength: 120 }), (values) => {
      expectNumbers(
        survives(() => detectChanges({ detector }, values)),
        'finite',
      );
      let state = createDetector({ detector });
      for (const value of values) {
        const next = survives(() => updateDetector(state, value));
        if (next !== null) state = next.state;
      }
      expectNumbers(state, 'finite');
      expect(JSON.parse(JSON.stringify(state))).toEqual(JSON.parse(JSON.stringify({ ...state })));
    }),
    runs,
  );
});

it('a detector of any configuration is refused or works', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...DETECTOR_NAMES),
      fc.constantFrom('delta', 'clock', 'window', 'windowSize', 'threshold', 'alpha', 'warmStart', 'minInstances'),
      anything,
      (detector, key, value) => {
        const state = survives(() => createDetector({ detector, [key]: value }));
        if (state === null) return;
        for (const error of [0, 1, 1, 0, 1]) survives(() => updateDetector(state, error));
        expectNumbers(state.memory);
      },
    ),
    runs,
  );
});

it('principal components of any two tables: no NaN, and never ok with fewer rows than asked for', () => {
  const options = fc.record(
    {
      variance: fc.oneof(fc.double({ min: 0.1, max: 0.95 }), number),
      chunks: fc.constantFrom(2, 3, 10),
      minimumRows: fc.constantFrom(0, 2, 10, 30),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(frame, frame, options, fc.boolean(), (reference, other, given, same) => {
      const current = same ? reference : other;
      const result = survives(() => compareMultivariate(reference, current, given));
      expectNumbers(result, 'finite');
      if (result !== null && Math.min(reference.rows, current.rows) < (given.minimumRows ?? 200))
        expect(result.verdict).toBe('insufficient');
      const specs = [...reference.columns].map(([title, { kind }]) => ({ name: title, kind }));
      const fit = survives(() => fitPca(reference, specs, { chunks: 2 }));
      expectNumbers(fit, 'finite');
      if (fit !== null)
        expectNumbers(
          survives(() => reconstructionError(fit, other)),
          'finite',
        );
    }),
    runs,
  );
});

it('eigenvalues of any list', () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: -1, max: 6 }), (list, n) => {
      expectNumbers(survives(() => symmetricEigen(list.slice(0, Math.max(0, n * n)), n)));
    }),
    runs,
  );
});
