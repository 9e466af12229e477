/** `temporal-ratchet/core/report`: the drift report as plain JSON, from what checks stored or from two tables compared. */
export type * from '../drift/report-data';
export { driftReportOfComparison, type ComparisonReportOptions } from './of-comparison';
export { driftReportOf, type EvaluationReportOptions } from './of-evaluations';
export { storedMeasurement, type StoredMeasurement } from './stored-measurement';
