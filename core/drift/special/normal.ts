import { regularizedGammaQ } from '../gamma';

/**
 * P(Z >= z) of the standard normal distribution, through erfc(z/√2) = Q(½, z²/2): full relative accuracy in the upper tail.
 *
 * @example
 * normalSurvival(0) // 0.5
 * normalSurvival(6) // 9.865876450376981e-10
 */
export function normalSurvival(z: number): number {
  const tail = 0.5 * regularizedGammaQ(0.5, (z * z) / 2);
  return z < 0 ? 1 - tail : tail;
}
