/** 95 % confidence intervals of proportions and means. Rows are taken as independent: the gate resamples clusters instead. */

/** Normal quantile of 0.975. */
export const Z_95 = 1.959963984540054;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Wilson's score interval of k successes in n trials, within [0, 1]; sensible at k = 0 and k = n where the normal interval has
 * no width. null for n = 0. Reference: E. B. Wilson, JASA 22, 1927.
 */
export function wilsonInterval(k: number, n: number): Interval | null {
  if (!(n > 0)) return null;
  const z2 = Z_95 * Z_95;
  const centre = (k + z2 / 2) / (n + z2);
  const half = (Z_95 / (n + z2)) * Math.sqrt((k * (n - k)) / n + z2 / 4);
  // The ends are exactly 0 and 1 there; rounding must not say otherwise.
  return { low: k === 0 ? 0 : Math.max(0, centre - half), high: k === n ? 1 : Math.min(1, centre + half) };
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
