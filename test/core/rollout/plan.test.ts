import { planDetection, planSteps } from '../../../core/rollout/plan';
import { rolloutPolicy } from './canary-fixtures';

const base = { eventsPerHour: 12, nullRatio: 1, alpha: 0.05, guardrails: 1 };

describe('planDetection', () => {
  it('says that at 12 errors an hour and 5 %, twice the errors need about 16 hours', () => {
    expect(planDetection({ ...base, weight: 500, ratio: 2 }).hours).toBeCloseTo(16, 0);
  });

  it.each([
    [500, 1.5, 790],
    [500, 2, 200],
    [500, 5, 22],
    [1000, 1.5, 400],
    [1000, 2, 115],
    [1000, 3, 38],
    [1000, 10, 8],
    [5000, 1.5, 190],
    [5000, 2, 58],
    [5000, 3, 23],
    [5000, 10, 11],
  ])('at weight %d and ratio %d is within 25 %% of the %d events of rollout.md', (weight, ratio, published) => {
    expect(Math.abs(planDetection({ ...base, weight, ratio }).events / published - 1)).toBeLessThan(0.25);
  });

  it.each([{ weight: 0 }, { weight: 10_000 }, { ratio: 1 }, { eventsPerHour: 0 }])('refuses %j', (more) => {
    expect(() => planDetection({ ...base, weight: 500, ratio: 2, ...more })).toThrow(
      expect.objectContaining({ code: 'RATCHET_INPUT_INVALID' }),
    );
  });

  it('plans every step below full weight and says which cannot see the harm within its longest hold', () => {
    const plans = planSteps(rolloutPolicy(), { eventsPerHour: 12, ratio: 2, nullRatio: 1 });
    expect(plans.map((p) => [p.weight, p.withinMaxHold])).toEqual([
      [500, false],
      [1000, false],
      [5000, false],
    ]);
  });
});
