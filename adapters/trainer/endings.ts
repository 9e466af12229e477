import { RatchetError } from '../../core/errors';
import type { WorkerAnswer } from './warm-worker';
import type { StopCause } from './watch';

/** "Interrupted, a checkpoint is written, try again" (sysexits EX_TEMPFAIL). */
export const EXIT_RETRYABLE = 75;

/** Signals by which hosts and people end processes. Others (SIGSEGV, SIGABRT …) are the program's own fault. */
const FROM_OUTSIDE: readonly string[] = ['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP'];

/**
 * The fault behind an ending. Ended by us: RATCHET_TRAINER_PREEMPTED (aborted) or _HUNG. Exit 75 or a signal from outside
 * (spot loss, the kernel's out-of-memory killer): _PREEMPTED. Anything else: _FAILED. Carries the last 40 lines of stderr.
 */
export function endedBadly(
  answer: WorkerAnswer,
  cause: StopCause | null,
  stderr: readonly string[],
  silenceMs: number,
): RatchetError {
  const exit = answer.kind === 'exit' ? answer.exit : null;
  const details = { exitCode: exit?.code ?? null, signal: exit?.signal ?? null, stderr };
  if (cause === 'aborted') {
    return new RatchetError('RATCHET_TRAINER_PREEMPTED', 'The training was cancelled and its process has ended.', {
      details: { ...details, aborted: true },
    });
  }
  if (cause === 'hung') {
    return new RatchetError('RATCHET_TRAINER_HUNG', `The trainer wrote no progress line for ${silenceMs} ms.`, {
      details: { ...details, silenceMs },
    });
  }
  if (answer.kind === 'error') return new RatchetError('RATCHET_TRAINER_FAILED', answer.message, { details });
  if (exit?.startError != null) {
    return new RatchetError('RATCHET_TRAINER_FAILED', `The trainer cannot be started: ${exit.startError.message}`, {
      hint: 'Check training.command of the policy, or the Python environment of the built-in trainer.',
      details,
      cause: exit.startError,
    });
  }
  if (exit?.code === EXIT_RETRYABLE) {
    return new RatchetError(
      'RATCHET_TRAINER_PREEMPTED',
      'The trainer was interrupted and asks to be retried (exit 75).',
      {
        details,
      },
    );
  }
  if (exit?.signal != null && FROM_OUTSIDE.includes(exit.signal)) {
    return new RatchetError('RATCHET_TRAINER_PREEMPTED', `The trainer was ended from outside by ${exit.signal}.`, {
      details,
    });
  }
  const how = exit?.signal != null ? `was ended by ${exit.signal}` : `ended with exit code ${exit?.code ?? 'unknown'}`;
  const last = [...stderr].reverse().find((line) => line.trim() !== '');
  return new RatchetError('RATCHET_TRAINER_FAILED', `The trainer ${how}${last === undefined ? '' : `: ${last}`}`, {
    details,
  });
}
