/** `temporal-ratchet/core`: the words that all parts share, and the ports that adapters implement. Pure: no I/O, no clock. */
export { canonicalJson } from './canonical-json';
export { ERROR_CODES, type ErrorCode, type ErrorCodeInfo } from './error-codes';
export { isRatchetError, RatchetError, type RatchetErrorOptions } from './errors';
export * from './ids';
export * from './messages';
export * from './model';
export type * from './policy';
export type * from './ports';
export { worstVerdict, type Judgement, type Reason, type Verdict } from './verdict';
export type * from './workflow-io';
