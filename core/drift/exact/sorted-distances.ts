/**
 * Exact Wasserstein distance and Cramér–von Mises test of whole columns: radix-sorted once, then the merges of wasserstein.ts and
 * cramer-von-mises.ts. Formulas, assumptions and sources stand there.
 */
import { cramerVonMisesSorted, type CramerVonMisesResult } from '../cramer-von-mises';
import { normedWassersteinSorted, wassersteinSorted } from '../wasserstein';
import type { FloatArray } from './radix-sort';
import { finiteSorted, type SortedRows } from './sorted-column';
import { sameType, type SortedColumn } from './two-columns';

export interface SortedPair {
  readonly reference: SortedRows & { readonly sorted: Float64Array };
  readonly current: SortedRows & { readonly sorted: Float64Array };
}

/**
 * Both columns ascending as doubles, NaN and infinities left out and counted; a mixed pair is compared as float32. Linear in rows;
 * made once for several statistics of one pair.
 */
export function sortPair(reference: FloatArray | SortedColumn, current: FloatArray): SortedPair {
  const isSorted = 'sorted' in reference;
  const [a, b] = sameType(isSorted ? reference.sorted : reference, current);
  return { reference: asDoubles(finiteSorted(a, isSorted)), current: asDoubles(finiteSorted(b)) };
}

function asDoubles(side: SortedRows): SortedRows & { readonly sorted: Float64Array } {
  return { ...side, sorted: side.sorted instanceof Float64Array ? side.sorted : Float64Array.from(side.sorted) };
}

export interface ExactWasserstein {
  /** In the unit of the values, >= 0. */
  readonly distance: number;
  /** distance / max(σ of the reference, 0.001). */
  readonly normed: number;
}

/** null when a side has no finite value. */
export function exactWasserstein({ reference, current }: SortedPair): ExactWasserstein | null {
  if (reference.rows === 0 || current.rows === 0) return null;
  return {
    distance: wassersteinSorted(reference.sorted, current.sorted),
    normed: normedWassersteinSorted(reference.sorted, current.sorted),
  };
}

/** null when a side has no finite value. */
export function exactCramerVonMises({ reference, current }: SortedPair): CramerVonMisesResult | null {
  if (reference.rows === 0 || current.rows === 0) return null;
  return cramerVonMisesSorted(reference.sorted, current.sorted);
}
