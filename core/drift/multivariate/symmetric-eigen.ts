import { RatchetError } from '../../errors';

export interface SymmetricEigen {
  /** Descending. */
  readonly values: Float64Array;
  /** `vectors[k]`: the unit eigenvector of `values[k]`; its coordinate of largest size is positive. */
  readonly vectors: readonly Float64Array[];
}

/** Sweeps until nothing is left off the diagonal: 6 to 12 in practice. */
const MAXIMUM_SWEEPS = 60;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations: each rotation makes one pair of entries
 * off the diagonal zero; the rotations' product is the eigenvectors, orthonormal to rounding.
 *
 * Source: Golub and Van Loan, Matrix Computations, 4th edition, §8.5. Time grows as n³ (n = 200: about a second).
 *
 * @param matrix n × n, row by row; only its upper triangle is read
 * @throws RATCHET_INPUT_INVALID for a value that is not finite or a length that is not n²
 */
export function symmetricEigen(matrix: ArrayLike<number>, n: number): SymmetricEigen {
  if (!Number.isInteger(n) || n < 0 || matrix.length !== n * n)
    throw new RatchetError('RATCHET_INPUT_INVALID', `${matrix.length} numbers are no ${n} x ${n} matrix`);
  const a = new Float64Array(n * n);
  let total = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      const value = matrix[i * n + j]!;
      if (!Number.isFinite(value))
        throw new RatchetError('RATCHET_INPUT_INVALID', `entry (${i}, ${j}) of the matrix is ${value}`);
      a[i * n + j] = value;
      a[j * n + i] = value;
      total = Math.max(total, Math.abs(value));
    }
  }
  // Squares of entries near the limits of a double would overflow or vanish.
  const unit = total === 0 ? 1 : total;
  for (let i = 0; i < a.length; i++) a[i]! /= unit;
  // Row k: the k-th eigenvector.
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  for (let sweep = 0; sweep < MAXIMUM_SWEEPS && offDiagonal(a, n) > 0; sweep++) {
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q);
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j]! - a[i * n + i]! || i - j);
  return {
    values: Float64Array.from(order, (i) => a[i * n + i]! * unit),
    vectors: order.map((i) => withPositiveLargest(v.slice(i * n, (i + 1) * n))),
  };
}

function offDiagonal(a: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) sum += Math.abs(a[i * n + j]!);
  return sum;
}

function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q]!;
  if (apq === 0) return;
  const app = a[p * n + p]!;
  const aqq = a[q * n + q]!;
  // Too small to change either diagonal entry: it is zero already, to rounding.
  if (Math.abs(apq) <= Number.EPSILON * 1e-2 * Math.min(Math.abs(app), Math.abs(aqq)) || Math.abs(apq) < 1e-300) {
    a[p * n + q] = 0;
    a[q * n + p] = 0;
    return;
  }
  const theta = (aqq - app) / (2 * apq);
  // The smaller of the two angles; a huge theta would overflow when squared.
  const t =
    Math.abs(theta) > 1e150 ? 1 / (2 * theta) : Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    if (k === p || k === q) continue;
    const akp = a[p * n + k]!;
    const akq = a[q * n + k]!;
    const nextP = c * akp - s * akq;
    const nextQ = s * akp + c * akq;
    a[p * n + k] = nextP;
    a[k * n + p] = nextP;
    a[q * n + k] = nextQ;
    a[k * n + q] = nextQ;
  }
  a[p * n + p] = app - t * apq;
  a[q * n + q] = aqq + t * apq;
  a[p * n + q] = 0;
  a[q * n + p] = 0;
  for (let k = 0; k < n; k++) {
    const vp = v[p * n + k]!;
    const vq = v[q * n + k]!;
    v[p * n + k] = c * vp - s * vq;
    v[q * n + k] = s * vp + c * vq;
  }
}

/** A vector and its negative are the same axis: one of them, always the same. */
function withPositiveLargest(vector: Float64Array): Float64Array {
  let largest = 0;
  for (const value of vector) if (Math.abs(value) > Math.abs(largest) * (1 + 1e-9)) largest = value;
  return largest < 0 ? vector.map((value) => -value) : vector;
}
