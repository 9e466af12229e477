/** `temporal-ratchet/adapters/threads`: exact statistics of whole frames on all cores. */
export { EXACT_TESTS, type ColumnAnswer, type ColumnTask, type ExactTest } from './column-task';
export { ColumnThreads, type ColumnThreadsOptions } from './column-threads';
export { compareColumnsInThreads, INLINE_VALUES, type ColumnResult, type CompareFramesOptions } from './compare-frames';
