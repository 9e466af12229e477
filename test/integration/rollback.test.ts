/** A person takes the rollback button on real servers: what goes back is what was meant, and only that. */
import { canaryWorkflowId, rollbackWorkflowId } from '../../core/ids';
import type { RollbackResult, RolloutResult } from '../../core/workflow-io';
import { adoptAmounts, amountsModel } from '../loop/amounts';
import { Installation, until } from '../loop/installation';

jest.setTimeout(120_000);

const BY = { actor: 'on call', reason: 'something smells' };
/** A hold that ends only when somebody ends it. */
const LONG = {
  steps: [
    { weight: 30, minHold: '10m', maxHold: '20m', minKeys: 1 },
    { weight: 100, minHold: '0s', maxHold: '5m', minKeys: 0 },
  ],
  deadline: '30m',
};

let at: Installation;

beforeAll(async () => {
  at = await Installation.start();
  await at.worker.start();
}, 60_000);
afterAll(async () => {
  await at?.stop();
}, 60_000);

/** Version 2 is champion and version 1 its predecessor. */
async function modelWithHistory(): Promise<{
  readonly model: string;
  readonly champion: string;
  readonly previous: string;
}> {
  const { model, champion, candidate } = await amountsModel(at, 'good', LONG);
  await at.routes.changeRoute(model, { kind: 'promote', version: candidate }, null, {
    key: `${model}:promote`,
    model,
    version: candidate,
    kind: 'route.promote',
    verdict: null,
    reasons: [],
    evidence: {},
    actor: 'test',
    reason: 'as if by a rollout',
    workflowId: null,
  });
  return { model, champion: candidate, previous: champion };
}

it('in the middle of a canary it ends the canary, and leaves champion and previous as they are', async () => {
  const { model, champion, previous } = await modelWithHistory();
  const candidate = await adoptAmounts(at, model, 'inverted');
  await at.client.rollout(model, candidate, BY);
  const canaryId = canaryWorkflowId(model, candidate);
  await at.canaryHas(model, 3000);
  await at.client.rollback(model, BY);
  const rollbackId = rollbackWorkflowId(model, 1);
  await until('the rollback', () => at.exists(rollbackId));
  expect(await at.result<RollbackResult>(rollbackId)).toMatchObject({ outcome: 'rolledBack', to: champion });
  expect(['aborted', 'rolledBack']).toContain((await at.result<RolloutResult>(canaryId)).outcome);
  expect(await at.routes.getRoute(model)).toMatchObject({ champion, previous, canary: null });
  expect(await at.claims.currentClaims(model)).toEqual([]);
  await until('the model to watch again', async () => (await at.client.status(model)).model.phase === 'watching');
});

it('with nothing running the previous champion serves again, and MLflow follows', async () => {
  const { model, champion, previous } = await modelWithHistory();
  await at.client.rollback(model, BY);
  const rollbackId = rollbackWorkflowId(model, 1);
  await until('the rollback', () => at.exists(rollbackId));
  expect(await at.result<RollbackResult>(rollbackId)).toMatchObject({
    outcome: 'rolledBack',
    from: champion,
    to: previous,
  });
  expect(await at.routes.getRoute(model)).toMatchObject({ champion: previous, previous: null, canary: null });
  expect(await at.registry.getAliases(model)).toEqual({ champion: previous });
  const [decision] = await at.decisions.list(model, { workflowId: rollbackId });
  expect(decision).toMatchObject({ kind: 'route.rollback', actor: 'on call', reason: 'something smells' });
});

it('a second canary that is started by hand while one runs is refused with the holder named, and the first goes on (I4)', async () => {
  const { model, candidate } = await amountsModel(at, 'good', LONG);
  const other = await adoptAmounts(at, model, 'inverted');
  await at.client.rollout(model, candidate, BY);
  const canaryId = canaryWorkflowId(model, candidate);
  await at.canaryHas(model, 3000);
  const second = await at.client.startCanary({ model, version: other, ...BY });
  const refused = await second.result();
  expect(refused).toMatchObject({ outcome: 'refused', reasons: [{ code: 'RATCHET_CLAIM_HELD' }] });
  expect(refused.reasons[0]?.text).toContain(canaryId);
  expect(await at.rollout(canaryId)).toMatchObject({ phase: 'step', weight: 3000, outcome: null });
  await at.client.abort(model, { version: candidate, ...BY });
  expect(await at.result<RolloutResult>(canaryId)).toMatchObject({ outcome: 'aborted' });
});
