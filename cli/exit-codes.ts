import type { ErrorCode } from '../core/error-codes';

/** Exit codes of `ratchet`, the same for every command. */
export const EXIT = { fine: 0, fault: 1, usage: 2, refused: 3, insufficient: 4 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  0: 'fine',
  1: 'a fault: something could not be done',
  2: 'usage: the command, the policy file or an input is not valid',
  3: 'drift, breach or refused: it was done and the answer is no',
  4: 'insufficient data: no answer is possible yet',
};

const BY_CODE: Partial<Record<ErrorCode, ExitCode>> = {
  RATCHET_USAGE: EXIT.usage,
  RATCHET_POLICY_INVALID: EXIT.usage,
  RATCHET_INPUT_INVALID: EXIT.usage,
  RATCHET_DECISION_MALFORMED: EXIT.usage,
  RATCHET_COLUMN_MISSING: EXIT.usage,
  RATCHET_COLUMN_TYPE: EXIT.usage,
  RATCHET_MODEL_CONTRACT: EXIT.usage,
  RATCHET_MODEL_LOAD_FAILED: EXIT.usage,
  RATCHET_DECISION_STALE: EXIT.refused,
  RATCHET_DECISION_DUPLICATE: EXIT.refused,
  RATCHET_DECISION_NOT_AWAITED: EXIT.refused,
  RATCHET_DECISION_IMPOSSIBLE: EXIT.refused,
  RATCHET_CLAIM_HELD: EXIT.refused,
  RATCHET_BLESSING_MISSING: EXIT.refused,
  RATCHET_NO_CHAMPION: EXIT.refused,
  RATCHET_NO_PREVIOUS: EXIT.refused,
  RATCHET_LEASE_LOST: EXIT.refused,
  RATCHET_DATA_INVALID: EXIT.refused,
  RATCHET_MODEL_GOLDEN: EXIT.refused,
  RATCHET_MODEL_EXISTS: EXIT.refused,
  RATCHET_INSUFFICIENT_DATA: EXIT.insufficient,
  RATCHET_WINDOW_EMPTY: EXIT.insufficient,
};

export const exitCodeOf = (code: ErrorCode): ExitCode => BY_CODE[code] ?? EXIT.fault;
