import * as fc from 'fast-check';
import { symmetricEigen } from '../../../../core/drift/multivariate';

const matrices = fc.integer({ min: 1, max: 9 }).chain((n) =>
  fc
    .array(fc.oneof(fc.double({ min: -1e3, max: 1e3, noNaN: true }), fc.constantFrom(0, 1, -1)), {
      minLength: n * n,
      maxLength: n * n,
    })
    .map((half) => ({ n, matrix: half.map((_, i) => half[Math.min(i, (i % n) * n + Math.floor(i / n))]!) })),
);

it('axes are orthonormal, the trace is kept, values descend and V diag(w) Vᵀ is the matrix', () => {
  fc.assert(
    fc.property(matrices, ({ n, matrix }) => {
      const { values, vectors } = symmetricEigen(matrix, n);
      const size = Math.max(1e-300, ...matrix.map(Math.abs));
      for (let i = 0; i < n; i++) {
        if (i > 0) expect(values[i]!).toBeLessThanOrEqual(values[i - 1]!);
        for (let j = 0; j < n; j++) {
          const dot = vectors[i]!.reduce((sum, v, k) => sum + v * vectors[j]![k]!, 0);
          expect(Math.abs(dot - (i === j ? 1 : 0))).toBeLessThan(1e-12);
          const back = values.reduce((sum, w, k) => sum + w * vectors[k]![i]! * vectors[k]![j]!, 0);
          expect(Math.abs(back - matrix[i * n + j]!)).toBeLessThanOrEqual(1e-12 * n * size);
        }
      }
      const trace = Array.from({ length: n }, (_, i) => matrix[i * n + i]!).reduce((a, b) => a + b, 0);
      expect(Math.abs(values.reduce((a, b) => a + b, 0) - trace)).toBeLessThanOrEqual(1e-12 * n * size);
    }),
    { numRuns: 300 },
  );
});

it('matrices of any finite size, 1e±300 too, have finite values', () => {
  fc.assert(
    fc.property(matrices, fc.constantFrom(1e-303, 1e-150, 1e150, 1e300), ({ n, matrix }, unit) => {
      const { values } = symmetricEigen(
        matrix.map((v) => v * unit),
        n,
      );
      for (const value of values) expect(Number.isFinite(value)).toBe(true);
    }),
    { numRuns: 200 },
  );
});
