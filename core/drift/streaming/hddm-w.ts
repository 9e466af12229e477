/**
 * HDDM-W: as HDDM-A with exponentially weighted means (recent values weigh more) and McDiarmid's inequality, so it sees abrupt
 * changes sooner.
 *
 * EWMA x̂ ← λx + (1 − λ)x̂, and v ← λ² + (1 − λ)² v its sum of squared weights; ε = √(v · ln(1/δ)/2). The sample up to the cut
 * point (where x̂ + ε was smallest, for a rise) is compared with the sample after it: the mean has risen when
 * x̂₂ − x̂₁ > √((v₁ + v₂) · ln(1/δ)/2). With `twoSided` falls count too. Assumes independent values in [0, 1].
 *
 * Detections equal river 0.26.1's HDDMW (test/golden); like it, v starts from 1.
 * Reference: I. Frías-Blanco et al., "Online and Non-Parametric Drift Detection Methods Based on Hoeffding's Bounds", IEEE TKDE
 * 27(3), 2015.
 */
import { isOpenShare, problemsOf, type StreamingDetector } from './streaming-detector';
import type { HddmAParameters } from './hddm-a';

export interface HddmWParameters extends HddmAParameters {
  /** Weight λ of the newest value, in (0, 1). */
  readonly lambda: number;
}

/** null: no value yet. `weight`: the sum of squared weights v. */
type WeightedMean = { readonly mean: number; readonly weight: number } | null;

interface Side {
  /** The extreme bound x̂ ± ε so far; null: none yet. */
  cutPoint: number | null;
  before: WeightedMean;
  after: WeightedMean;
}

export interface HddmWMemory {
  all: WeightedMean;
  readonly rise: Side;
  readonly fall: Side;
}

const freshSide = (): Side => ({ cutPoint: null, before: null, after: null });

export const HDDM_W: StreamingDetector<HddmWParameters, HddmWMemory> = {
  defaults: { driftConfidence: 0.001, warningConfidence: 0.005, lambda: 0.05, twoSided: false },
  domain: 'unit',
  problems: (p) =>
    problemsOf([
      [isOpenShare(p.driftConfidence), 'driftConfidence must lie between 0 and 1'],
      [
        p.warningConfidence >= p.driftConfidence && p.warningConfidence < 1,
        'warningConfidence must lie between driftConfidence and 1',
      ],
      [isOpenShare(p.lambda), 'lambda must lie between 0 and 1'],
    ]),
  start: () => ({ all: null, rise: freshSide(), fall: freshSide() }),
  step(parameters, memory, value) {
    const { driftConfidence, warningConfidence, lambda, twoSided } = parameters;
    const all = added(memory.all, value, lambda);
    memory.all = all;
    const bound = mcDiarmid(all.weight, driftConfidence);
    // A fall is a rise of the mirrored bound.
    track(memory.rise, all, all.mean + bound, value, lambda);
    track(memory.fall, all, -(all.mean - bound), value, lambda);
    const grows = (confidence: number): boolean => exceeds(memory.rise.after, memory.rise.before, confidence);
    const shrinks = (confidence: number): boolean =>
      twoSided && exceeds(memory.fall.before, memory.fall.after, confidence);
    if (grows(driftConfidence) || shrinks(driftConfidence)) return 'drift';
    return grows(warningConfidence) || shrinks(warningConfidence) ? 'warning' : 'none';
  },
};

function added(sample: WeightedMean, value: number, lambda: number): NonNullable<WeightedMean> {
  const weight = lambda * lambda + (1 - lambda) ** 2 * (sample?.weight ?? 1);
  return { mean: sample === null ? value : lambda * value + (1 - lambda) * sample.mean, weight };
}

function track(side: Side, all: WeightedMean, bound: number, value: number, lambda: number): void {
  if (side.cutPoint === null || bound < side.cutPoint) {
    side.cutPoint = bound;
    side.before = all;
    side.after = null;
  } else {
    side.after = added(side.after, value, lambda);
  }
}

const mcDiarmid = (weight: number, confidence: number): number => Math.sqrt((weight * Math.log(1 / confidence)) / 2);

function exceeds(larger: WeightedMean, smaller: WeightedMean, confidence: number): boolean {
  if (larger === null || smaller === null) return false;
  return larger.mean - smaller.mean > mcDiarmid(smaller.weight + larger.weight, confidence);
}
