/** `temporal-ratchet/policy`: policy files in, complete policies out. */
export { COMPARE_PRESETS, compareRuleOf, type ComparePreset } from './compare-rule';
export { policyDigest } from './digest';
export { formatDuration, parseDuration } from './duration';
export { PRESETS } from './presets';
export { resolvePolicy } from './resolve';
export { toWrittenForm } from './resolved-form';
export type { Problem } from './rules';
export { policySchema, PRESET_NAMES } from './schema';
export type { FullPolicyInput, PolicyInput, PresetName, PresetSections } from './schema';
export { MESSAGE_PAYLOADS, parseMessage, parseWorkflowInput, WORKFLOW_INPUTS } from './workflow-inputs';
export type { MessageKind, MessagePayloads, WorkflowInputs, WorkflowKind } from './workflow-inputs';
export { openApiDocument } from './openapi';
export { WATCH_ROUTES, WATCH_SOURCES, type QueryParameter, type WatchOperation, type WatchRoute } from './watch-routes';
export * as watchApi from './watch-api';
