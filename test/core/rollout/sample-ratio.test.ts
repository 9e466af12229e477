import { logGamma } from '../../../core/rollout/log-gamma';
import { assessSampleRatio } from '../../../core/rollout/sample-ratio';
import { lowerBoundOfShare } from '../../../core/rollout/share-bound';
import { median, seededRandom } from './seeded-random';

function keysToFire(random: () => number, share: number, most: number): number | null {
  let candidate = 0;
  for (let n = 1; n <= most; n += 1) {
    if (random() < share) candidate += 1;
    if (n % 50 !== 0) continue;
    const { bayesFactor } = assessSampleRatio([{ weight: 1000, candidate, champion: n - candidate }]);
    if (bayesFactor >= 1000) return n;
  }
  return null;
}

describe('assessSampleRatio', () => {
  it('gives 1 without keys and at weights 0 and 10000', () => {
    expect(assessSampleRatio([]).bayesFactor).toBe(1);
    expect(assessSampleRatio([{ weight: 0, candidate: 3, champion: 9 }]).bayesFactor).toBe(1);
    expect(assessSampleRatio([{ weight: 10_000, candidate: 9, champion: 3 }]).bayesFactor).toBe(1);
  });

  it('equals the beta-binomial formula for 1 of 1 key: (k θ / k) / θ = 1', () => {
    expect(assessSampleRatio([{ weight: 1000, candidate: 1, champion: 0 }]).bayesFactor).toBeCloseTo(1, 10);
    // two of two: (10/100)(11/101) / .01
    expect(assessSampleRatio([{ weight: 1000, candidate: 2, champion: 0 }]).bayesFactor).toBeCloseTo(110 / 101, 10);
  });

  it('never fires in 60 runs of 8,000 keys with the intended share', () => {
    const random = seededRandom(11);
    const fired = Array.from({ length: 60 }, () => keysToFire(random, 0.1, 8_000)).filter((n) => n !== null);
    expect(fired).toHaveLength(0);
  });

  it('finds a 10 % arm that gets 12 % after about 5,000 keys (median of 51 runs)', () => {
    const random = seededRandom(12);
    const found = Array.from({ length: 51 }, () => keysToFire(random, 0.12, 40_000) ?? Number.POSITIVE_INFINITY);
    expect(median(found)).toBeGreaterThan(3500);
    expect(median(found)).toBeLessThan(6500);
  });
});

describe('logGamma', () => {
  it.each([
    [1, 0],
    [2, 0],
    [0.5, 0.5723649429247001],
    [10, 12.801827480081469],
    [100.5, 361.4355404677776],
    [1e6, 12815504.56914761],
  ])('of %d is %d', (x, expected) => {
    expect(Math.abs(logGamma(x) - expected)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(expected)));
  });
});

describe('lowerBoundOfShare', () => {
  it('is 0 without events or without anything, and below the share otherwise', () => {
    expect(lowerBoundOfShare(0, 0, 0.05)).toBe(0);
    expect(lowerBoundOfShare(0, 1000, 0.05)).toBe(0);
    expect(lowerBoundOfShare(50, 1000, 0.05)).toBeGreaterThan(0.028);
    expect(lowerBoundOfShare(50, 1000, 0.05)).toBeLessThan(0.05);
    expect(lowerBoundOfShare(10, 10, 0.05)).toBeGreaterThan(0.5);
  });

  it('exceeds the true share at some look in at most 5 % of 200 runs of 500 requests', () => {
    const random = seededRandom(13);
    let broken = 0;
    for (let run = 0; run < 200; run += 1) {
      let events = 0;
      for (let n = 1; n <= 500; n += 1) {
        if (random() >= 0.05) continue;
        events += 1;
        if (lowerBoundOfShare(events, n, 0.05) > 0.05) {
          broken += 1;
          break;
        }
      }
    }
    expect(broken).toBeLessThanOrEqual(10);
  });

  it('refuses more events than requests', () => {
    expect(() => lowerBoundOfShare(2, 1, 0.05)).toThrow(expect.objectContaining({ code: 'RATCHET_INPUT_INVALID' }));
  });
});
