/** What a thread is asked and what it answers: plain data, columns in shared memory. */
import type { ColumnRows, FloatArray } from '../../core/drift/exact';
import type { MethodResult } from '../../core/drift/method';

/** Exact tests of number columns, named as in core/drift/method.ts. */
export const EXACT_TESTS = ['ks', 'psi', 'wasserstein', 'cvm'] as const;
export type ExactTest = (typeof EXACT_TESTS)[number];

export interface ColumnTask {
  readonly reference: FloatArray;
  readonly current: FloatArray;
  readonly tests: readonly ExactTest[];
  /** Quantile bins of PSI. */
  readonly bins: number;
}

export interface ColumnAnswer {
  readonly reference: ColumnRows;
  readonly current: ColumnRows;
  /** One a test, in the order asked. */
  readonly results: readonly MethodResult[];
}

/** A task with the number that its answer carries back. */
export interface NumberedTask extends ColumnTask {
  readonly id: number;
}

export type ThreadMessage =
  { readonly id: number; readonly answer: ColumnAnswer } | { readonly id: number; readonly failure: string };
