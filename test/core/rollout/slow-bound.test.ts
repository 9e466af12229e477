import { LATENCY_NOISE_US, slowBound } from '../../../core/rollout/slow-bound';

describe('slowBound', () => {
  it.each([
    [300, LATENCY_NOISE_US],
    [2_000, 2_000],
    [9_000, 9_000],
  ])('of a champion with a p99 of %d µs is %d µs', (p99, bound) => {
    expect(slowBound(p99)).toBe(bound);
  });

  it('is not known while the p99 is not: no data is no baseline', () => {
    expect(slowBound(null)).toBeNull();
  });
});
