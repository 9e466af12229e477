export { createPool, type PoolOptions } from './pool';
export { checkSchema, migrate } from './migrate';
export { PostgresClaimStore } from './claim-store';
export { PostgresDecisionStore } from './decision-store';
export { PostgresLabelStore } from './label-store';
export { PostgresPredictionSink } from './prediction-sink';
export { PostgresRouteSource, type RouteSourceOptions } from './route-source';
export { PostgresRouteStore } from './route-store';
