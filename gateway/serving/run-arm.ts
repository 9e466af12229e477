import { isRatchetError, RatchetError } from '../../core/errors';
import type { FeatureColumns, PredictionValue } from '../../core/model';
import { selectRows, type ModelSlot, type SlotAnswer } from '../models/model-slot';

/** What one arm made of one row: an answer, or the code of its fault. */
export type RowOutcome =
  | { readonly value: PredictionValue; readonly runUs: number }
  | { readonly fault: RatchetError; readonly runUs: number };

export interface RunArmOptions {
  readonly timeoutMs: number;
  /** Off the live path. */
  readonly aside?: boolean;
}

/**
 * Runs some rows of a request on a slot. Never rejects: throw, hang, too few answers and NaN become faults of their rows.
 * When several rows fail together they are tried one by one, so that a bad row is not charged to its neighbours.
 */
export async function runArm(
  slot: ModelSlot,
  features: FeatureColumns,
  rows: readonly number[],
  options: RunArmOptions,
): Promise<readonly RowOutcome[]> {
  const started = performance.now();
  const elapsedUs = (): number => Math.round((performance.now() - started) * 1000);
  try {
    const { values, runUs } = await withTimeout(slot, selectRows(slot.contract, features, rows), options);
    return values.map((value) => (isFiniteAnswer(value) ? { value, runUs } : { fault: notFinite(value), runUs }));
  } catch (error) {
    const fault = asFault(error);
    if (rows.length === 1 || rows.length > MOST_SINGLES || fault.details['timedOut'] === true) {
      return rows.map(() => ({ fault, runUs: elapsedUs() }));
    }
    const singles: RowOutcome[] = [];
    for (const row of rows) singles.push(...(await runArm(slot, features, [row], options)));
    return singles;
  }
}

const MOST_SINGLES = 256;

const isFiniteAnswer = (value: PredictionValue): boolean =>
  Number.isFinite(value.score) && (value.probabilities ?? []).every((p) => Number.isFinite(p));

const notFinite = (value: PredictionValue): RatchetError =>
  new RatchetError('RATCHET_INFERENCE_FAILED', `The model answered ${value.score}, which is no finite number.`);

function asFault(error: unknown): RatchetError {
  if (isRatchetError(error)) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new RatchetError('RATCHET_INFERENCE_FAILED', `The model failed: ${text}`, { cause: error });
}

async function withTimeout(slot: ModelSlot, features: FeatureColumns, options: RunArmOptions): Promise<SlotAnswer> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new RatchetError('RATCHET_INFERENCE_FAILED', `The model gave no answer in ${options.timeoutMs} ms.`, {
          details: { timedOut: true },
        }),
      );
    }, options.timeoutMs);
  });
  try {
    const run = options.aside === true ? slot.predictAside(features) : slot.predict(features);
    return await Promise.race([run, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
