/** `temporal-ratchet/core/rollout`: the evidence of a rollout and what follows from it. */
export * from './evidence';
export { judgeCanary } from './judge-canary';
export { judgeShadow } from './judge-shadow';
export { planDetection, type DetectionPlan, type DetectionQuestion } from './plan';
