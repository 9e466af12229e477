import { RatchetError } from '../errors';
import { logBeta } from './log-gamma';

/** Beta(½, ½): puts weight near 0, where error shares live. */
const PRIOR = 0.5;
const BISECTIONS = 60;

/**
 * Any-time lower confidence bound of a share: with probability 1 − alpha it stays below the true share at **every** look, so
 * it may be looked at after each request. Robbins' beta-binomial mixture: the smallest p with
 * B(½ + k, ½ + n − k)/B(½, ½) / (p^k (1 − p)^(n − k)) < 1/alpha. Wider than Wilson's interval, which holds for one look only.
 *
 * `events` of `total`, whole numbers, events <= total; total 0 gives 0 (nothing known). Result in [0, events/total].
 * Throws RATCHET_INPUT_INVALID for counts that cannot be.
 */
export function lowerBoundOfShare(events: number, total: number, alpha: number): number {
  const valid = Number.isSafeInteger(events) && Number.isSafeInteger(total) && events >= 0 && events <= total;
  if (!valid || !(alpha > 0 && alpha < 1)) {
    throw new RatchetError(
      'RATCHET_INPUT_INVALID',
      `a share needs 0 <= events <= total (whole) and 0 < alpha < 1, got ${events} of ${total}, alpha ${alpha}`,
    );
  }
  if (events === 0) return 0;
  const others = total - events;
  const marginal = logBeta(PRIOR + events, PRIOR + others) - logBeta(PRIOR, PRIOR);
  const limit = -Math.log(alpha);
  const rejected = (p: number): boolean =>
    marginal - events * Math.log(p) - (others === 0 ? 0 : others * Math.log1p(-p)) >= limit;
  let low = 0;
  let high = events / total;
  if (rejected(high)) return high;
  for (let i = 0; i < BISECTIONS; i += 1) {
    const middle = (low + high) / 2;
    if (rejected(middle)) low = middle;
    else high = middle;
  }
  return low;
}
