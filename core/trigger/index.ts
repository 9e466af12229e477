/** `temporal-ratchet/core/trigger`: when evaluations and messages become a retraining. Pure: no clock, no I/O. */
export { nextAllowedStart, type OffsetAt } from './allowed-start';
export {
  EMPTY_BREACHES,
  recordEvaluation,
  startBreaches,
  type BreachDecision,
  type BreachRule,
  type BreachState,
  type Evaluation,
} from './breaches';
export { dataArrived, type ArrivalProbe } from './data-arrival';
export * from './import';
export { triggerSettings } from './settings';
export {
  BUDGET_SPAN_MS,
  budgetUntil,
  debouncedUntil,
  decideTrigger,
  mergePage,
  mergeTriggers,
  NO_TRIGGERS,
  pageOf,
  pendingText,
  type PendingTriggers,
  type TriggerAction,
  type TriggerAnswer,
  type TriggerPage,
  type TriggerQuestion,
} from './triggers';
