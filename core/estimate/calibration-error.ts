import { RatchetError } from '../errors';
import { assertBinary, assertScores } from './binary-rows';

/**
 * Expected calibration error over bins of equal row counts: Σ_bins (n_bin/n)·|mean probability − mean truth|, in [0, 1].
 * Reference: M. P. Naeini et al., "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015.
 *
 * @param probabilities n >= 1 values in [0, 1]. @param truths n values 0 or 1. @param bins an integer >= 1; at most n are used.
 * @throws RatchetError RATCHET_INPUT_INVALID: no row, a bad row (with its index), unequal lengths, a bad number of bins.
 */
export function expectedCalibrationError(
  probabilities: ArrayLike<number>,
  truths: ArrayLike<number>,
  bins: number,
): number {
  const n = probabilities.length;
  assertScores(probabilities);
  assertBinary('truth', truths, n);
  if (n === 0 || !(Number.isInteger(bins) && bins >= 1)) {
    throw new RatchetError('RATCHET_INPUT_INVALID', `${n} rows in ${bins} bins, expected at least one of each`);
  }
  // Equal probabilities: truths in a fixed order, so that the order of the rows does not count.
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort(
    (a, b) => probabilities[a]! - probabilities[b]! || truths[a]! - truths[b]!,
  );
  const count = Math.min(bins, n);
  let error = 0;
  for (let bin = 0; bin < count; bin++) {
    let apart = 0;
    for (let i = Math.floor((bin * n) / count); i < Math.floor(((bin + 1) * n) / count); i++) {
      apart += probabilities[order[i]!]! - truths[order[i]!]!;
    }
    error += Math.abs(apart) / n;
  }
  return error;
}
