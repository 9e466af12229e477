/** MLflow is gone in the middle of a rollout: the traffic does not wait for it, and the registry follows when it is back. */
import { canaryWorkflowId } from '../../core/ids';
import type { RolloutResult } from '../../core/workflow-io';
import { amountsModel, amountsTraffic } from '../loop/amounts';
import { Installation, until } from '../loop/installation';
import { Relay } from '../loop/relay';
import type { Traffic } from '../loop/traffic';

jest.setTimeout(120_000);

let relay: Relay;
let at: Installation;
let traffic: Traffic | null = null;

beforeAll(async () => {
  relay = await Relay.start(process.env['RATCHET_TEST_MLFLOW_URL'] ?? '');
  at = await Installation.start({ mlflowUrl: relay.url });
  await at.worker.start();
}, 60_000);
afterAll(async () => {
  await traffic?.stop();
  await at?.stop();
  await relay?.cut();
}, 60_000);

it('the rollout goes on and promotes, the model is told, and the alias converges when MLflow is back', async () => {
  const { model, champion, candidate } = await amountsModel(at, 'good');
  traffic = amountsTraffic(at, model);
  await traffic.send(60);
  await at.client.rollout(model, candidate, { actor: 'test', reason: 'a rollout without MLflow' });
  const canaryId = canaryWorkflowId(model, candidate);
  await at.canaryHas(model, 2000);

  await relay.cut();
  traffic.start();
  await until('the promotion', async () => (await at.routes.getRoute(model))?.champion === candidate);
  await until('the model to be told', async () => {
    const { lastOutcome, active } = (await at.client.status(model)).model;
    return lastOutcome?.outcome === 'promoted' && active === null;
  });
  await traffic.stop();
  expect(traffic.failures).toEqual([]);
  expect(traffic.answers.at(-1)?.version).toBe(candidate);
  expect(await at.claims.currentClaims(model)).toEqual([]);
  // asked directly, not through the relay: the projection is behind, and only it
  expect(await at.registry.getAliases(model)).toEqual({ champion });

  await relay.mend();
  await until('the alias to follow', async () => (await at.registry.getAliases(model))['champion'] === candidate);
  expect(await at.result<RolloutResult>(canaryId)).toMatchObject({ outcome: 'promoted' });
  expect(await at.registry.getAliases(model)).toEqual({ champion: candidate, previous: champion });
});
