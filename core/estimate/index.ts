/** `temporal-ratchet/core/estimate`: performance estimated while labels are missing (CBPE), and when not to believe it. */
export { IDENTITY_CALIBRATION, calibrate, segmentEdges, segmentOf, type CalibrationMap } from './calibration-map';
export { expectedCalibrationError } from './calibration-error';
export {
  estimateFromCounts,
  estimatePerformance,
  type MetricEstimate,
  type PerformanceEstimate,
} from './estimate-performance';
export {
  buildEstimateReference,
  type EstimateReference,
  type EstimateReferenceOptions,
  type MetricReference,
} from './estimate-reference';
export { expectedAuc, type EstimatedMetric, type ExpectedConfusion } from './expected-confusion';
export { fitCalibration, type CalibrationOptions, type FittedCalibration } from './fit-calibration';
export { isotonicMap } from './isotonic';
export { judgeEstimate, type EstimateJudgement, type EstimatePolicy, type EstimateVerdict } from './judge-estimate';
export { judgeReliability, type FeatureSupport, type Reliability, type ReliabilityPolicy } from './judge-reliability';
export { countForEstimate, type EstimateCount, type EstimateCounts } from './score-counts';
