import { createPolicyActivities } from '../../activities/policy';
import { BY, failureOf, MODEL, POLICY, ServingWorld, WRITTEN_POLICY } from './serving-world';

const world = new ServingWorld();
beforeAll(() => world.start());
afterAll(() => world.stop());

const step = (weight: number): object => ({ weight, minHold: '1s', maxHold: '1m', minKeys: 1 });

describe('a bad policy is refused as a whole, and the champion serves under the old one', () => {
  const bad: readonly [what: string, change: Record<string, unknown>, message: RegExp][] = [
    ['an unknown key', { rollouts: {} }, /rollouts: unknown key/],
    ['an unknown key inside a section', { rollout: { colour: 'red' } }, /rollout\.colour: unknown key/],
    ['a weight of 101 %', { rollout: { steps: [step(101)] } }, /rollout\.steps\.0\.weight: /],
    ['a weight of 0 %', { rollout: { steps: [step(0), step(100)] } }, /rollout\.steps\.0\.weight: /],
    [
      'a ladder that does not rise',
      { rollout: { steps: [step(10), step(10), step(100)] } },
      /rollout\.steps\.1\.weight: /,
    ],
    ['a ladder that falls', { rollout: { steps: [step(50), step(5), step(100)] } }, /rollout\.steps\.1\.weight: /],
    ['a drift window of nothing', { drift: { window: '0s' } }, /drift\.window: /],
    ['a verdict on 0 rows', { quality: { minRows: 0 } }, /quality\.minRows: /],
    ['the policy of another model', { model: 'other' }, /is for model "other", expected "late"/],
  ];

  it.each(bad)('%s', async (_, change, message) => {
    const failure = await world.unharmed(() =>
      failureOf(() =>
        createPolicyActivities(world).savePolicy({ model: MODEL, policy: { ...WRITTEN_POLICY, ...change }, ...BY }),
      ),
    );
    expect(failure.type).toBe('RATCHET_POLICY_INVALID');
    expect(failure.nonRetryable).toBe(true);
    expect(failure.message).toMatch(message);
    expect((await world.models.getModel(MODEL)).policy).toEqual(POLICY);
  });

  it('two problems are named at once', async () => {
    const policy = { ...WRITTEN_POLICY, rollouts: {}, drift: { window: '0s' } };
    const failure = await world.unharmed(() =>
      failureOf(() => createPolicyActivities(world).savePolicy({ model: MODEL, policy, ...BY })),
    );
    expect(failure.message).toMatch(/rollouts/);
    expect(failure.message).toMatch(/drift\.window/);
  });
});

describe('a route change out of range', () => {
  it.each([10_001, -1, 0.5, NaN])('weight %d is RATCHET_INPUT_INVALID and the route stays', async (weight) => {
    const change = { kind: 'setCanary', version: '2', run: 'r', step: 0, leaseMs: 1_000, salt: 's', weight } as const;
    const refused = await world.unharmed(() =>
      world.routes.changeRoute(MODEL, change, null, world.decision(`w${weight}`)).catch((error: unknown) => error),
    );
    expect(refused).toMatchObject({
      code: 'RATCHET_INPUT_INVALID',
      message: `weight ${weight} for late is not an integer from 0 to 10000`,
    });
  });

  it.each([0, -5, 86_400_001, Infinity])('a lease of %d ms is RATCHET_INPUT_INVALID', async (leaseMs) => {
    const change = { kind: 'setCanary', version: '2', run: 'r', step: 0, leaseMs, salt: 's', weight: 100 } as const;
    const refused = await world.unharmed(() =>
      world.routes.changeRoute(MODEL, change, null, world.decision(`l${leaseMs}`)).catch((error: unknown) => error),
    );
    expect(refused).toMatchObject({ code: 'RATCHET_INPUT_INVALID', message: expect.stringMatching(/^lease of /) });
  });
});
