/** A worker that dies inside an analysis tick must not cost the canary its lease when another one is there in time. */
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
  await traffic?.stop();
  await at?.stop();
}, 60_000);

it('the dead tick is given up in half the lease, the next one renews it, and the canary is promoted', async () => {
  const fatal = new NodeProcess(
    'fatal worker',
    path.join(__dirname, 'fatal-worker.js'),
    { ...at.env, RATCHET_TEST_DIE_AFTER: 'predictions.readSegments' },
    path.join(at.folder, 'fatal-worker.log'),
  );
  const { pid } = await fatal.start();
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
