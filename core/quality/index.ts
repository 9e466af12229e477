/** `temporal-ratchet/core/quality`: is the data fit to be judged and trained on? */
export { checkQuality } from './check';
export { checkFrame, type CheckFrameOptions } from './check-frame';
export { cellsOf, type Cells } from './cells';
export { countQuality, type QualityTable } from './count';
export * from './expectation';
export { judgeQuality, type Freshness } from './judge';
export { type Leakage } from './leakage';
export { compilePattern, type Pattern } from './pattern';
export * from './quality-counts';
export * from './quality-report';
export { unitChange, type UnitChange } from './unit-change';
