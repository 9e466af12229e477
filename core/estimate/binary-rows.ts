import { RatchetError } from '../errors';

/** Checks scores: probabilities in [0, 1]. @throws RatchetError RATCHET_INPUT_INVALID with `details.index`. */
export function assertScores(scores: ArrayLike<number>): void {
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    if (!(typeof score === 'number' && score >= 0 && score <= 1))
      throw invalid('score', i, score, 'a number in [0, 1]');
  }
}

/** Checks 0/1 values. @throws RatchetError RATCHET_INPUT_INVALID with `details.index`. */
export function assertBinary(name: string, values: ArrayLike<number>, rows: number): void {
  if (values.length !== rows) {
    throw new RatchetError('RATCHET_INPUT_INVALID', `${rows} scores but ${values.length} ${name} values`);
  }
  for (let i = 0; i < rows; i++) if (values[i] !== 0 && values[i] !== 1) throw invalid(name, i, values[i], '0 or 1');
}

const invalid = (name: string, index: number, value: unknown, expected: string): RatchetError =>
  new RatchetError('RATCHET_INPUT_INVALID', `${name} ${String(value)} at index ${index} is not ${expected}`, {
    details: { index, value: String(value), expected },
  });
