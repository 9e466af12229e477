/**
 * Does the candidate get the share of keys that the route gives it? A sample ratio mismatch means that assignment or logging
 * is broken, and that no comparison of the arms can be trusted.
 *
 * Sequential multinomial test (Lindon & Malek, arXiv:2011.03567; rollout.md §3.3 "SRM"), two arms, product over segments:
 *
 *     ln BF = ln B(k·θ0 + n) − ln B(k·θ0) − Σ_i n_i·ln θ0_i,   k = 100
 *
 * BF >= 1/α rejects with false alarm probability at most α over all looks. Unit: distinct keys, each in the arm and segment of
 * its first exposure. A 10 % arm that really gets 12 % is found after about 5,000 keys.
 */
import { logBeta } from './log-gamma';
import { boundedExp } from './log-mean-exp';

export interface KeySegment {
  /** Share of the candidate, basis points 0–10000. At 0 and 10000 the segment says nothing here. */
  readonly weight: number;
  readonly candidate: number;
  readonly champion: number;
}

/** How firmly the alternative sits at the intended share (k above). */
const CONCENTRATION = 100;

export function assessSampleRatio(segments: readonly KeySegment[]): { logBayesFactor: number; bayesFactor: number } {
  let logBayesFactor = 0;
  for (const { weight, candidate, champion } of segments) {
    if (weight <= 0 || weight >= 10_000 || candidate + champion === 0) continue;
    const share = weight / 10_000;
    const a = CONCENTRATION * share;
    const b = CONCENTRATION * (1 - share);
    logBayesFactor +=
      logBeta(a + candidate, b + champion) -
      logBeta(a, b) -
      candidate * Math.log(share) -
      champion * Math.log1p(-share);
  }
  return { logBayesFactor, bayesFactor: boundedExp(logBayesFactor) };
}
