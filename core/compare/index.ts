/** `temporal-ratchet/core/compare`: two tables, column by column and as a whole. */
export { compareFrames, type CompareOptions } from './compare-frames';
export type { CompareRule, EffectLimit, EffectRule, EvidentlyRule } from './compare-rule';
export * from './comparison';
