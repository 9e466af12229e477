export { createGateway, type Gateway } from './gateway';
export { DEFAULT_LIMITS, type GatewayLimits, type GatewayOptions, type GatewayPorts } from './options';
export { parseApiKeys, SCOPES, type ApiKey, type Authorize, type Scope } from './http/api-keys';
export { SegmentPredictionLog, type SegmentPredictionLogOptions } from './log/segment-prediction-log';
export type { ModelSlot, SlotAnswer } from './models/model-slot';
export type { CanaryGuard } from './routing/assignment';
export type { GatewayStatus, LeasedStatus, ModelStatus } from './status';
export type { WatchPorts } from './watch/ports';
export { tableReader, type TableReaders } from './read-table';
