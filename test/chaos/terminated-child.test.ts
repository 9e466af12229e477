/** Somebody terminates a canary in the Temporal UI: `model` takes back its claim and its weight, and goes on. */
import { canaryWorkflowId } from '../../core/ids';
import type { RolloutResult } from '../../core/workflow-io';
import { amountsModel, amountsTraffic } from '../loop/amounts';
import { Installation, until } from '../loop/installation';
import type { Traffic } from '../loop/traffic';

// `model` looks after its child every half minute
jest.setTimeout(180_000);

let at: Installation;
let traffic: Traffic | null = null;

beforeAll(async () => {
  at = await Installation.start();
  await at.worker.start();
}, 60_000);
afterAll(async () => {
  await traffic?.stop();
  await at?.stop();
}, 60_000);

it('a terminated canary leaves no claim and no weight behind, and the next rollout of the version is promoted', async () => {
  const { model, champion, candidate } = await amountsModel(at, 'good');
  traffic = amountsTraffic(at, model);
  await traffic.send(60);
  const by = { actor: 'test', reason: 'a canary to be terminated' };
  await at.client.rollout(model, candidate, by);
  const canaryId = canaryWorkflowId(model, candidate);
  await at.canaryHas(model, 2000);
  const handle = at.client.temporal.workflow.getHandle(canaryId);
  await handle.terminate('wrong button');
  const claims = await at.claims.currentClaims(model);
  expect(claims).toHaveLength(1);
  expect(claims[0]?.holder).toMatch(new RegExp(`^${canaryId}:`));

  const healed = await until(
    'the model to heal',
    async () => (await at.decisions.list(model, { kind: 'route.heal' }))[0],
    120_000,
  );
  expect(healed).toMatchObject({ version: candidate, workflowId: canaryId, actor: 'ratchet' });
  await until('the claim to be given back', async () => (await at.claims.currentClaims(model)).length === 0);
  expect(await at.routes.getRoute(model)).toMatchObject({ champion, canary: null });
  await until('the model to watch again', async () => {
    const { phase, lastOutcome } = (await at.client.status(model)).model;
    return phase === 'watching' && lastOutcome?.reasons[0]?.code === 'child.gone';
  });

  await at.client.rollout(model, candidate, { actor: 'test', reason: 'once more' });
  traffic.start();
  const promoted = await until('the second canary to promote', async () => {
    const [found] = await at.decisions.list(model, { kind: 'route.promote' });
    return found;
  });
  expect(promoted.version).toBe(candidate);
  expect(await at.result<RolloutResult>(canaryId)).toMatchObject({ outcome: 'promoted' });
  expect(traffic.failures).toEqual([]);
  expect(await at.routes.getRoute(model)).toMatchObject({ champion: candidate, previous: champion });
});
