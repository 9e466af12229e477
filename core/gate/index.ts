/** `temporal-ratchet/core/gate`: is the candidate better than the champion on held-out clusters? */
export { clusterBootstrapInterval, type BootstrapInterval, type BootstrapOptions } from './cluster-bootstrap';
export type { GateInput, GateReport, GateRuleResult } from './judge-gate';
export { judgeGate } from './judge-gate';
export { pairedDifference, type PairedDifference } from './paired-difference';
export { rowBootstrapDifference, type RowBootstrapDifference, type RowBootstrapInput } from './row-bootstrap';
