/** Confidence intervals of proportions and means. Rows are taken as independent: the gate resamples clusters instead. */
import { chiSquareSurvival } from '../drift/gamma';

/** Normal quantile of 0.975: the intervals that are shown are at 95 %. */
export const Z_95 = 1.959963984540054;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * z with P(|Z| > z) = alpha for a standard normal Z: the half width of a two-sided interval at level 1 − alpha, in standard
 * errors. `alpha` in (0, 1); Z² is chi-square with one degree of freedom, inverted by bisection to the last bit.
 */
export function twoSidedZ(alpha: number): number {
  if (alpha === 0.05) return Z_95;
  let low = 0;
  let high = 40;
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (chiSquareSurvival(middle * middle, 1) > alpha) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Wilson's score interval of k successes in n trials, within [0, 1]; sensible at k = 0 and k = n where the normal interval has
 * no width. null for n = 0. Reference: E. B. Wilson, JASA 22, 1927.
 */
export function wilsonInterval(k: number, n: number, z: number = Z_95): Interval | null {
  if (!(n > 0)) return null;
  const z2 = z * z;
  const centre = (k + z2 / 2) / (n + z2);
  const half = (z / (n + z2)) * Math.sqrt((k * (n - k)) / n + z2 / 4);
  // The ends are exactly 0 and 1 there; rounding must not say otherwise, nor put the share itself outside.
  return {
    low: k === 0 ? 0 : Math.max(0, Math.min(k / n, centre - half)),
    high: k === n ? 1 : Math.min(1, Math.max(k / n, centre + half)),
  };
}

/** Normal interval of a value in [0, 1], cut there. Without variance the sample says nothing: Wilson's for `trials` stands in. */
export function boundedInterval(value: number, variance: number, trials: number, z: number): Interval | null {
  if (!(variance > 0)) return wilsonInterval(Math.min(trials, value * trials), trials, z);
  const half = z * Math.sqrt(variance);
  return { low: Math.max(0, value - half), high: Math.min(1, value + half) };
}

export interface MeanEstimate {
  readonly mean: number;
  /** Standard error s/√n with the n−1 standard deviation; null for fewer than two values. */
  readonly standardError: number | null;
}

/** Two passes, so that the variance does not cancel. null for no values. */
export function meanEstimate(values: ArrayLike<number>): MeanEstimate | null {
  const n = values.length;
  if (n === 0) return null;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i]!;
  const mean = sum / n;
  if (n < 2) return { mean, standardError: null };
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i]! - mean) ** 2;
  return { mean, standardError: Math.sqrt(squares / (n - 1) / n) };
}
