/** `temporal-ratchet/core/gauges`: what checks found, as Prometheus text. */
export { DETECTION_GAUGES, detectionGauges } from './detection-gauges';
export { exposition, labelText, sampleLines, type GaugeFamily, type GaugeSample, type Labels } from './exposition';
