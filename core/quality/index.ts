/** `temporal-ratchet/core/quality`: is the data fit to be judged and trained on? */
export { checkQuality } from './check';
export * from './quality-report';
