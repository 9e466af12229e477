/** `temporal-ratchet/core/performance`: how well did the served version answer, on labels that have arrived? */
export type { Interval } from './interval';
export type { LabelledRows } from './labelled-rows';
export * from './measure';
export type { MetricValue } from './metric';
