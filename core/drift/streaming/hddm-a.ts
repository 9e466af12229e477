/**
 * HDDM-A: compares the mean of all values with the mean up to the best cut point so far, by Hoeffding's inequality.
 *
 * With ε(n) = √(ln(1/δ)/2n), the cut point is where mean + ε was smallest (for a rise). The mean has risen when
 * z̄ − x̄ ≥ √(m/2 · ln(2/δ)), m = (n_z − n_x)/(n_x n_z); δ is `driftConfidence` or `warningConfidence`. With `twoSided` falls
 * count too. Assumes independent values in [0, 1] of any distribution; binary errors are the usual case.
 *
 * Detections equal river 0.26.1's HDDMA (test/golden).
 * Reference: I. Frías-Blanco et al., "Online and Non-Parametric Drift Detection Methods Based on Hoeffding's Bounds", IEEE TKDE
 * 27(3), 2015.
 */
import { addToMean, emptyMean, type RunningMean } from './running-mean';
import { isOpenShare, problemsOf, type StreamingDetector } from './streaming-detector';

export interface HddmAParameters {
  /** Chance of a false drift, in (0, 1). */
  readonly driftConfidence: number;
  /** Chance of a false warning, at least driftConfidence. */
  readonly warningConfidence: number;
  /** true: a mean that falls is a drift as well. */
  readonly twoSided: boolean;
}

export interface HddmAMemory {
  readonly all: RunningMean;
  /** The means up to the cut points for a rise and for a fall. */
  lowest: RunningMean;
  highest: RunningMean;
}

export const HDDM_A: StreamingDetector<HddmAParameters, HddmAMemory> = {
  defaults: { driftConfidence: 0.001, warningConfidence: 0.005, twoSided: false },
  domain: 'unit',
  problems: (p) =>
    problemsOf([
      [isOpenShare(p.driftConfidence), 'driftConfidence must lie between 0 and 1'],
      [
        p.warningConfidence >= p.driftConfidence && p.warningConfidence < 1,
        'warningConfidence must lie between driftConfidence and 1',
      ],
    ]),
  start: () => ({ all: emptyMean(), lowest: emptyMean(), highest: emptyMean() }),
  step(parameters, memory, value) {
    const { driftConfidence, warningConfidence, twoSided } = parameters;
    addToMean(memory.all, value);
    moveCutPoints(memory, driftConfidence);
    const { all, lowest, highest } = memory;
    const rise = all.mean - lowest.mean;
    if (isSignificant(rise, lowest.n, all.n, driftConfidence)) return 'drift';
    const fall = highest.mean - all.mean;
    if (twoSided && isSignificant(fall, highest.n, all.n, driftConfidence)) return 'drift';
    const warned =
      isSignificant(rise, lowest.n, all.n, warningConfidence) ||
      (twoSided && isSignificant(fall, highest.n, all.n, warningConfidence));
    return warned ? 'warning' : 'none';
  },
};

function moveCutPoints(memory: HddmAMemory, confidence: number): void {
  const { all, lowest, highest } = memory;
  const here = hoeffding(all.n, confidence);
  if (lowest.n === 0 || lowest.mean + hoeffding(lowest.n, confidence) >= all.mean + here) memory.lowest = { ...all };
  if (highest.n === 0 || highest.mean - hoeffding(highest.n, confidence) <= all.mean - here)
    memory.highest = { ...all };
}

const hoeffding = (n: number, confidence: number): number => Math.sqrt((1 / (2 * n)) * Math.log(1 / confidence));

/** Is a difference between the mean of n values and that of the first `cut` of them beyond chance? */
function isSignificant(difference: number, cut: number, n: number, confidence: number): boolean {
  if (cut === n) return false;
  const m = ((n - cut) / cut) * (1 / n);
  return difference >= Math.sqrt((m / 2) * Math.log(2 / confidence));
}
