/** Temporal and the worker are dead longer than the lease: the gateways serve the champion alone, whatever comes later (I3). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startTemporal, type EmbeddedTemporal } from '../../adapters/embedded';
import { canaryWorkflowId } from '../../core/ids';
import type { RolloutResult } from '../../core/workflow-io';
import type { LeasedStatus } from '../../gateway';
import { amountsModel, amountsTraffic } from '../loop/amounts';
import { Installation, until } from '../loop/installation';
import type { Traffic } from '../loop/traffic';

jest.setTimeout(120_000);

let folder: string;
let temporal: EmbeddedTemporal;
let at: Installation;
let traffic: Traffic | null = null;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'ratchet-orchestrator-'));
  // a server of its own: this one dies
  temporal = await startTemporal({ dataDir: folder, cli: process.env['RATCHET_TEST_TEMPORAL_CLI'] ?? '' });
  at = await Installation.start({ temporalAddress: temporal.address });
  await at.worker.start();
}, 120_000);
afterAll(async () => {
  await traffic?.stop();
  await at?.stop();
  await temporal?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

it('the champion serves alone once the lease has ended, and the canary that comes back ends with leaseLost', async () => {
  const { model, champion, candidate } = await amountsModel(at, 'good', {
    lease: '4s',
    steps: [
      { weight: 50, minHold: '10m', maxHold: '20m', minKeys: 1 },
      { weight: 100, minHold: '0s', maxHold: '5m', minKeys: 0 },
    ],
    deadline: '30m',
  });
  traffic = amountsTraffic(at, model);
  await traffic.send(60);
  await at.client.rollout(model, candidate, { actor: 'test', reason: 'a canary to be orphaned' });
  const canaryId = canaryWorkflowId(model, candidate);
  await at.canaryHas(model, 5000);
  traffic.start();
  const { answers } = traffic;
  await until('answers of the canary', () => Promise.resolve(answers.some((a) => a.version === candidate)));

  await Promise.all([at.worker.kill9(), temporal.kill9()]);
  const canaryOf = (): LeasedStatus | null | undefined =>
    at.gateway.status().models.find((m) => m.model === model)?.canary;
  await until('the lease to end', () => Promise.resolve(canaryOf()?.state === 'leaseEnded'));
  const alone = Date.now();
  const before = answers.length;
  await until('more traffic', () => Promise.resolve(answers.length > before + 240));
  const after = answers.filter((a) => a.askedAt >= alone);
  expect(after.length).toBeGreaterThan(200);
  expect(new Set(after.map((a) => a.version))).toEqual(new Set([champion]));
  // the weight is still written in the route: it was the lease that ended it, with nobody there to take it back
  expect((await at.routes.getRoute(model))?.canary).toMatchObject({ version: candidate, weight: 5000 });

  await temporal.restart();
  await at.worker.start();
  const result = await at.result<RolloutResult>(canaryId);
  expect(result.outcome).toBe('rolledBack');
  expect(result.reasons.map((r) => r.code)).toContain('leaseLost');
  await traffic.stop();
  expect(traffic.failures).toEqual([]);
  expect(new Set(answers.filter((a) => a.askedAt >= alone).map((a) => a.version))).toEqual(new Set([champion]));
  expect(await at.routes.getRoute(model)).toMatchObject({ champion, previous: null, canary: null });
  expect(await at.claims.currentClaims(model)).toEqual([]);
  const kinds = (await at.decisions.list(model, { workflowId: canaryId })).map((d) => d.kind);
  expect(kinds).toEqual(['canary.begin', 'route.setCanary', 'route.rollback', 'rollout.end']);
});
