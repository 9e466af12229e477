/** What SciPy and scikit-learn answered (make-scipy-goldens.py). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ScipyGoldens {
  readonly versions: Readonly<Record<'scipy' | 'numpy' | 'scikitLearn', string>>;
  readonly ksSamples: readonly { kind: string; a: number[]; b: number[]; statistic: number; p: number }[];
  readonly ksPValues: readonly { na: number; nb: number; statistic: number; p: number }[];
  readonly kolmogorov: readonly { n: number; d: number; sf: number }[];
  readonly chiSquare: readonly { reference: number[]; current: number[]; statistic: number; df: number; p: number }[];
  readonly chiSquareTail: readonly { df: number; x: number; sf: number }[];
  readonly jensenShannon: readonly { reference: number[]; current: number[]; distance: number }[];
  readonly benjaminiHochberg: readonly { p: number[]; adjusted: number[] }[];
  readonly binary: readonly (Readonly<Record<BinaryMetric, number>> & { truth: boolean[]; score: number[] })[];
  readonly regression: readonly { truth: number[]; score: number[]; rmse: number; mae: number }[];
  readonly multiclass: readonly (Readonly<Record<'accuracy' | 'precision' | 'recall' | 'f1', number>> & {
    truth: string[];
    label: string[];
  })[];
  readonly wilson: readonly { k: number; n: number; low: number; high: number }[];
}

export type BinaryMetric = 'auc' | 'logLoss' | 'brier' | 'accuracy' | 'precision' | 'recall' | 'f1';

export const goldens = JSON.parse(readFileSync(join(__dirname, 'scipy-goldens.json'), 'utf8')) as ScipyGoldens;

/** Largest absolute and relative deviation allowed: absolute 1e-9, and relative 1e-9 wherever the value is not below 1e-290. */
export function deviation(actual: number, expected: number): number {
  if (!Number.isFinite(actual)) return Infinity;
  const absolute = Math.abs(actual - expected);
  return Math.abs(expected) > 1e-290 ? Math.max(absolute, absolute / Math.abs(expected)) : absolute;
}
