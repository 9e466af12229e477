import { bucketOf, isCandidate } from '../../../core/rollout/assign';

const KEYS = Array.from({ length: 50_000 }, (_, i) => `customer-${i}`);

describe('bucketOf', () => {
  it('gives the pinned buckets: a change would move running rollouts', () => {
    expect(['a', 'customer-1', 'Zürich', '東京', '😀', ''].map((key) => bucketOf('salt', key))).toMatchInlineSnapshot(`
      [
        3202,
        7974,
        2208,
        8527,
        1440,
        4671,
      ]
    `);
  });

  it('hashes the UTF-8 bytes: equal to a byte-wise implementation for all of one to four bytes', () => {
    const reference = (salt: string, key: string): number => {
      let h = 0x811c9dc5;
      for (const b of Buffer.from(`${salt}\0${key}`, 'utf8')) h = Math.imul(h ^ b, 0x01000193);
      h ^= h >>> 16;
      h = Math.imul(h, 0x85ebca6b);
      h ^= h >>> 13;
      h = Math.imul(h, 0xc2b2ae35);
      h ^= h >>> 16;
      return Math.floor((h >>> 0) / 429_496.7296);
    };
    for (const key of ['plain', 'é', 'ß~', '漢字', '😀😀', 'a😀é漢'])
      expect(bucketOf('säl', key)).toBe(reference('säl', key));
  });

  it('is uniform: chi-square of 100 groups over 50,000 keys is below 149 (p = .001)', () => {
    const counts = new Array<number>(100).fill(0);
    for (const key of KEYS) {
      const group = Math.floor(bucketOf('run-1', key) / 100);
      counts[group] = (counts[group] ?? 0) + 1;
    }
    const chiSquare = counts.reduce((sum, n) => sum + (n - 500) ** 2 / 500, 0);
    expect(chiSquare).toBeLessThan(149);
  });

  it('is independent between salts: of the 10 % of one run 10 % are in that of another, within 1 point', () => {
    const first = KEYS.filter((key) => isCandidate('run-1', key, 1000));
    expect(first.length).toBeGreaterThan(4000);
    const again = first.filter((key) => isCandidate('run-2', key, 1000)).length / first.length;
    expect(Math.abs(again - 0.1)).toBeLessThan(0.01);
  });

  it('is monotone: who is on the candidate at 5 % stays there at 10, 25, 50 and 100 %', () => {
    for (const key of KEYS.slice(0, 5000)) {
      const arms = [0, 500, 1000, 2500, 5000, 10_000].map((weight) => isCandidate('run-1', key, weight));
      expect(arms[0]).toBe(false);
      expect(arms.at(-1)).toBe(true);
      expect(arms.join()).toMatch(/^(false,?)+(true,?)+$/);
    }
  });
});
