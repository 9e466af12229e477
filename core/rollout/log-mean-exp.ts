/**
 * ln of the mean of exp(values), without overflow: the largest value is taken out first.
 * An equal-weight mixture of likelihood ratios is exactly this. Empty: NaN is impossible, so it throws a RangeError.
 */
export function logMeanExp(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('logMeanExp needs at least one value');
  const largest = values.reduce((max, v) => (v > max ? v : max), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(largest)) return largest;
  const sum = values.reduce((total, v) => total + Math.exp(v - largest), 0);
  return largest + Math.log(sum / values.length);
}

/** exp(x), held below the largest double so that it stays a number in JSON (Infinity would become null). */
export function boundedExp(x: number): number {
  return Math.exp(Math.min(x, 700));
}
