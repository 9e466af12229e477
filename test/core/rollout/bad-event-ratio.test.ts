import { assessBadEvents, certifyRatioBelow } from '../../../core/rollout/bad-event-ratio';

/**
 * P(E has reached 20 after n events), n = 1 … most, exactly: E grows with the candidate's count, so firing is a boundary, and
 * the chance of every count that has not crossed it is carried from event to event. No simulation.
 */
function chanceOfFiring({ weight, ratio, most }: { weight: number; ratio: number; most: number }): number[] {
  const w = weight / 10_000;
  const onCandidate = (w * ratio) / (w * ratio + 1 - w);
  let alive = [1];
  let boundary = 1;
  let fired = 0;
  const chances: number[] = [];
  for (let n = 1; n <= most; n += 1) {
    const next = new Array<number>(n + 1).fill(0);
    alive.forEach((chance, c) => {
      next[c] = (next[c] ?? 0) + chance * (1 - onCandidate);
      next[c + 1] = (next[c + 1] ?? 0) + chance * onCandidate;
    });
    const fires = (c: number): boolean =>
      assessBadEvents({ segments: [{ weight, candidate: c, champion: n - c }], ratio: 1 }).e >= 20;
    while (boundary <= n && !fires(boundary)) boundary += 1;
    for (let c = boundary; c <= n; c += 1) {
      fired += next[c] ?? 0;
      next[c] = 0;
    }
    alive = next;
    chances.push(fired);
  }
  return chances;
}

const quantile = (chances: readonly number[], q: number): number => chances.findIndex((chance) => chance >= q) + 1;

describe('assessBadEvents', () => {
  it('gives E = 1 without events, and at weights 0 and 10000 whatever the counts', () => {
    expect(assessBadEvents({ segments: [], ratio: 1 }).logE).toBeCloseTo(0, 12);
    for (const weight of [0, 10_000]) {
      expect(assessBadEvents({ segments: [{ weight, candidate: 50, champion: 3 }], ratio: 1 }).e).toBeCloseTo(1, 12);
    }
  });

  it('equals the formula of rollout.md §3.3 written out for 9 against 11 events at 10 %', () => {
    const theta = (r: number): number => (0.1 * r) / (0.1 * r + 0.9);
    let sum = 0;
    for (let j = 1; j <= 40; j += 1) {
      const r = 20 ** (j / 40);
      sum += (theta(r) / theta(1)) ** 9 * ((1 - theta(r)) / (1 - theta(1))) ** 11;
    }
    const { e, pAlways } = assessBadEvents({ segments: [{ weight: 1000, candidate: 9, champion: 11 }], ratio: 1 });
    expect(e / (sum / 40)).toBeCloseTo(1, 10);
    expect(pAlways).toBeCloseTo(40 / sum, 10);
  });

  it('carries evidence over weight changes: two segments give the product of their likelihoods', () => {
    const one = { weight: 500, candidate: 6, champion: 20 };
    const two = { weight: 2500, candidate: 12, champion: 9 };
    const both = assessBadEvents({ segments: [one, two], ratio: 1 }).logE;
    expect(both).toBeGreaterThan(assessBadEvents({ segments: [one], ratio: 1 }).logE);
    expect(both).toBeGreaterThan(assessBadEvents({ segments: [two], ratio: 1 }).logE);
    expect(assessBadEvents({ segments: [two, one], ratio: 1 }).logE).toBeCloseTo(both, 12);
  });

  it('stays a finite number with a million events', () => {
    const { e, logE } = assessBadEvents({ segments: [{ weight: 1000, candidate: 900_000, champion: 1e5 }], ratio: 1 });
    expect(Number.isFinite(e) && Number.isFinite(logE)).toBe(true);
    expect(e).toBeGreaterThan(1e300);
  });

  it.each([
    { weight: 1000, candidate: -1, champion: 0 },
    { weight: 1000, candidate: Number.NaN, champion: 0 },
    { weight: 10_001, candidate: 1, champion: 0 },
  ])('refuses the segment %j', (segment) => {
    expect(() => assessBadEvents({ segments: [segment], ratio: 1 })).toThrow(
      expect.objectContaining({ code: 'RATCHET_INPUT_INVALID' }),
    );
  });

  it.each([
    { weight: 500, ratio: 1.5, published: 790 },
    { weight: 500, ratio: 2, published: 200 },
    { weight: 500, ratio: 3, published: 58 },
    { weight: 500, ratio: 5, published: 22 },
    { weight: 500, ratio: 10, published: 10 },
    { weight: 1000, ratio: 1.5, published: 400 },
    { weight: 1000, ratio: 2, published: 115 },
    { weight: 1000, ratio: 3, published: 38 },
    { weight: 1000, ratio: 5, published: 16 },
    { weight: 1000, ratio: 10, published: 8 },
    { weight: 5000, ratio: 1.5, published: 190 },
    { weight: 5000, ratio: 2, published: 58 },
    { weight: 5000, ratio: 3, published: 23 },
  ])(
    'finds ratio $ratio at weight $weight in about $published events (exact median)',
    ({ weight, ratio, published }) => {
      const found = quantile(chanceOfFiring({ weight, ratio, most: 2 * published }), 0.5);
      expect(Math.abs(found - published)).toBeLessThanOrEqual(Math.max(3, 0.08 * published));
    },
  );

  it('fires on six events that all fall on the candidate at 50 % (E = 21.6), not on five', () => {
    const e = (candidate: number): number =>
      assessBadEvents({ segments: [{ weight: 5000, candidate, champion: 0 }], ratio: 1 }).e;
    expect(e(5)).toBeCloseTo(12.42, 2);
    expect(e(6)).toBeCloseTo(21.6, 2);
  });

  it.each([500, 1000, 2500, 5000])(
    'with equal arms at weight %d fires with probability below 5 %% in 600 looks',
    (weight) => {
      const chance = chanceOfFiring({ weight, ratio: 1, most: 600 }).at(-1) ?? 1;
      expect(chance).toBeGreaterThan(0);
      expect(chance).toBeLessThan(0.05);
    },
  );

  it('finds a candidate wrong in 37.3 % against 16.1 % at 5 %: the 106 events of the data page are an ordinary run', () => {
    const chances = chanceOfFiring({ weight: 500, ratio: 0.373 / 0.161, most: 600 });
    expect(quantile(chances, 0.5)).toBe(121);
    expect(quantile(chances, 0.1)).toBeLessThan(106);
    expect(quantile(chances, 0.9)).toBeGreaterThan(106);
  });
});

describe('certifyRatioBelow', () => {
  it('certifies "ratio < 1.5" for equal arms at 50 % with 400 events and not for ratio 1.5', () => {
    expect(
      certifyRatioBelow({ segments: [{ weight: 5000, candidate: 200, champion: 200 }], ratio: 1.5 }).e,
    ).toBeGreaterThan(20);
    expect(
      certifyRatioBelow({ segments: [{ weight: 5000, candidate: 240, champion: 160 }], ratio: 1.5 }).e,
    ).toBeLessThan(1);
  });

  it('certifies nothing without events', () => {
    expect(certifyRatioBelow({ segments: [], ratio: 1.5 }).e).toBeCloseTo(1, 12);
  });
});
