/** `core/drift/exact`: exact statistics of whole columns, fast. See two-columns.ts for the method. */
export type { ColumnRows } from './column-keys';
export {
  buildKeyHistogram,
  decodeKeyHistogram,
  encodedHistograms,
  encodeKeyHistogram,
  ksBounds,
  mergeKeyHistograms,
  type KeyHistogram,
} from './key-histogram';
export type { ColumnBins } from './quantile-bins';
export { radixSorted, type FloatArray } from './radix-sort';
export { finiteSorted, type SortedRows } from './sorted-column';
export {
  exactCramerVonMises,
  exactWasserstein,
  sortPair,
  type ExactWasserstein,
  type SortedPair,
} from './sorted-distances';
export { compareColumns, exactKs, ExactWorkspace, type ColumnComparison, type SortedColumn } from './two-columns';
