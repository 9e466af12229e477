/**
 * temporal-ratchet/workflows: what a user's workflow file re-exports (`export * from 'temporal-ratchet/workflows'`).
 * Only workflow functions: every export of this module becomes a workflow type.
 */
import './peers';

export { model } from './model';
export { driftCheck } from './drift-check';
export { retrain } from './retrain';
export { shadowTest } from './shadow-test';
export { canary } from './canary';
export { rollback } from './rollback';
