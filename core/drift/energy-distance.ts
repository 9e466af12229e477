/**
 * Energy distance between two samples, equal to `scipy.stats.energy_distance`:
 *
 *   E = √(2·∫ (F − G)² dx) = √(2·E|X−Y| − E|X−X'| − E|Y−Y'|),
 *
 * F and G the empirical distribution functions. >= 0, 0 only for equal distributions, in √(unit of the data): it has no natural
 * threshold across features.
 *
 * Reference: G. J. Székely & M. L. Rizzo, "Energy statistics: a class of statistics based on distances", J. Statist. Plann.
 * Inference 143, 2013.
 */
import { powerOfTwoScale, scaledBy } from './power-of-two-scale';
import { forEachTie } from './sort-finite';

/**
 * Both samples sorted ascending, finite, non-empty. Always finite. O(n + m).
 *
 * @example
 * energyDistanceSorted(Float64Array.of(0), Float64Array.of(1)) // 1.4142135623730951
 */
export function energyDistanceSorted(a: Float64Array, b: Float64Array): number {
  const scale = powerOfTwoScale(a, b);
  let last: number | null = null;
  let sum = 0;
  let i = 0;
  let j = 0;
  forEachTie(scaledBy(a, scale), scaledBy(b, scale), (value, inA, inB) => {
    if (last !== null) sum += (i / a.length - j / b.length) ** 2 * (value - last);
    last = value;
    i += inA;
    j += inB;
  });
  return Math.sqrt(2 * sum) / Math.sqrt(scale);
}
