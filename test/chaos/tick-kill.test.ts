/** A worker that dies inside an analysis tick, or in the rollback itself, leaves work that another one ends. */
import path from 'node:path';
import { canaryWorkflowId } from '../../core/ids';
import type { RolloutResult } from '../../core/workflow-io';
import { NodeProcess } from '../../examples/late-flights/processes';
import { amountsModel, amountsTraffic } from '../loop/amounts';
import { Installation, isAlive, until } from '../loop/installation';
import type { Traffic } from '../loop/traffic';

jest.setTimeout(120_000);

let at: Installation;
let traffic: Traffic | null = null;

beforeAll(async () => {
  at = await Installation.start();
}, 60_000);
afterAll(async () => {
  await at?.stop();
}, 60_000);
afterEach(async () => {
  await traffic?.stop();
  traffic = null;
  await at.worker.stop();
}, 60_000);

/** A worker that dies after `effect`; returns its process id. */
async function startFatalWorker(effect: string): Promise<number> {
  const env = { ...at.env, RATCHET_TEST_DIE_AFTER: effect };
  const script = path.join(__dirname, 'fatal-worker.js');
  return (await new NodeProcess('fatal worker', script, env, path.join(at.folder, 'fatal-worker.log')).start()).pid;
}

it('the dead tick is given up in half the lease, the next one renews it, and the canary is promoted', async () => {
  const pid = await startFatalWorker('predictions.readSegments');
  const { model, candidate } = await amountsModel(at, 'good', { lease: '30s' });
  traffic = amountsTraffic(at, model);
  await traffic.send(60);
  await at.client.rollout(model, candidate, { actor: 'test', reason: 'a canary whose tick dies' });
  traffic.start();
  // it measured, and died before it could judge or renew
  await until('the worker to die', () => Promise.resolve(!isAlive(pid)));
  await at.worker.start();
  const result = await at.result<RolloutResult>(canaryWorkflowId(model, candidate));
  expect(result.outcome).toBe('promoted');
  expect(result.reasons.map((r) => r.code)).not.toContain('leaseLost');
  expect(traffic.failures).toEqual([]);
  const kinds = (await at.decisions.list(model)).map((d) => d.kind);
  expect(kinds.filter((k) => k.startsWith('route.'))).toEqual([
    'route.adopt',
    'route.setCanary',
    'route.setCanary',
    'route.promote',
  ]);
});

it('a rollback that was committed is not done again by the worker that takes over', async () => {
  const pid = await startFatalWorker('routes.changeRoute:clearCanary');
  const { model, champion, candidate } = await amountsModel(at, 'good', { lease: '60s' });
  await at.client.rollout(model, candidate, { actor: 'test', reason: 'a canary to be aborted' });
  const canaryId = canaryWorkflowId(model, candidate);
  await at.canaryHas(model, 2000);
  await at.client.abort(model, { version: candidate, actor: 'on call', reason: 'enough', via: 'signal' });
  await until('the worker to die', () => Promise.resolve(!isAlive(pid)));
  // the champion serves alone already: nobody has to come back for that
  expect(await at.routes.getRoute(model)).toMatchObject({ generation: 3, champion, canary: null });
  await at.worker.start();
  expect(await at.result<RolloutResult>(canaryId)).toMatchObject({ outcome: 'aborted' });
  expect(await at.routes.getRoute(model)).toMatchObject({ generation: 3, champion, canary: null });
  const kinds = (await at.decisions.list(model, { workflowId: canaryId })).map((d) => d.kind);
  expect(kinds).toEqual(['canary.begin', 'route.setCanary', 'message.abort', 'route.rollback', 'rollout.end']);
  expect(await at.claims.currentClaims(model)).toEqual([]);
});
