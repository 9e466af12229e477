/** `temporal-ratchet/core/performance`: how well did the served version answer, on labels that have arrived? */
export { addPerformanceCounts, countPerformance, countSlices, emptyPerformanceCounts } from './count';
export * from './evaluate-predictions';
export { metricsFromCounts, type MetricOptions } from './from-counts';
export type { Interval } from './interval';
export type { AnsweredRows, LabelledRows } from './labelled-rows';
export * from './measure';
export { isLoss, type MetricValue } from './metric';
export type * from './performance-counts';
export type { PerformanceRuleResult } from './rule';
export { measureSlices, type SliceMeasurement, type SliceReport } from './slices';
