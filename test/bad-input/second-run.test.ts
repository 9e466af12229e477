import { createRetrainActivities } from '../../activities/retrain';
import { createRolloutActivities } from '../../activities/rollout';
import type { ActivityPorts } from '../../activities';
import { graph, MODEL, POLICY, run, ServingWorld, silent } from './serving-world';

const world = new ServingWorld();
beforeAll(() => world.start());
afterAll(() => world.stop());

const ports = (): ActivityPorts =>
  ({
    ...world,
    registry: {},
    notifier: {},
    clock: { now: () => Date.now() },
    logger: silent,
  }) as unknown as ActivityPorts;

it('a second retraining while one runs is refused, naming the first, and takes nothing from it', async () => {
  const begin = (holder: string) =>
    run(() =>
      createRetrainActivities(ports()).beginRetrain({
        model: MODEL,
        policy: POLICY,
        holder,
        asOf: 0,
        lookbackMs: null,
      }),
    );
  expect(await begin('retrain/late/1:run-a')).toMatchObject({ kind: 'begun', champion: '1' });
  const second = await world.unharmed(() => begin('retrain/late/2:run-b'));
  expect(second).toEqual({
    kind: 'refused',
    reasons: [{ code: 'claim.held', text: expect.stringMatching(/retrain\/late\/1:run-a/) }],
  });
  // the first one's own retry is no second one
  expect(await world.unharmed(() => begin('retrain/late/1:run-a'))).toMatchObject({ kind: 'begun' });
  expect(await world.claims.currentClaims(MODEL)).toMatchObject([{ kind: 'retrain', holder: 'retrain/late/1:run-a' }]);
  await world.claims.release(MODEL, 'retrain', 'retrain/late/1:run-a');
});

describe('rollouts that may not begin', () => {
  const begin = (version: string, runId: string) =>
    run(() =>
      createRolloutActivities(ports()).beginRollout({
        kind: 'canary',
        model: MODEL,
        version,
        policy: POLICY,
        run: runId,
        workflowId: `canary/late/${version}`,
        actor: 'test',
        reason: 'bad input',
      }),
    );

  it('a second one while one runs: RATCHET_CLAIM_HELD, and the first keeps its claim', async () => {
    await world.saveVersion('2', graph('binary-columns'));
    await world.claims.claim(MODEL, 'rollout', 'canary/late/2:run-a');
    const refused = await world.unharmed(() => begin('2', 'canary/late/2:run-b'));
    expect(refused).toEqual({
      kind: 'refused',
      reasons: [{ code: 'RATCHET_CLAIM_HELD', text: expect.stringMatching(/canary\/late\/2:run-a/) }],
    });
    await world.claims.release(MODEL, 'rollout', 'canary/late/2:run-a');
  });

  it.each([
    ['a version that is not there', '99', 'RATCHET_VERSION_UNKNOWN', /99/],
    ['the champion itself', '1', 'RATCHET_BLESSING_MISSING', /^version 1 is the champion already\.$/],
  ])('%s: %s', async (_, version, code, text) => {
    const refused = await world.unharmed(() => begin(version, `canary/late/${version}:run-c`));
    expect(refused).toEqual({ kind: 'refused', reasons: [{ code, text: expect.stringMatching(text) }] });
  });

  it('a version without the blessing shadowed: RATCHET_BLESSING_MISSING says which it has and which it lacks', async () => {
    await world.models.saveVersion({
      ...(await world.models.getVersion(MODEL, '1')),
      version: '3',
      blessings: [],
    });
    const refused = await world.unharmed(() => begin('3', 'canary/late/3:run-d'));
    expect(refused).toEqual({
      kind: 'refused',
      reasons: [
        {
          code: 'RATCHET_BLESSING_MISSING',
          text: 'version 3 of "late" has no blessing; its policy also needs evaluated, parity, infra, shadowed.',
        },
      ],
    });
  });
});
