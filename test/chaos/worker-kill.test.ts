/** The worker is killed in the middle of a rollout: nothing happens twice, nothing is lost, no hold starts anew (I6, I7). */
import path from 'node:path';
import type { DecisionRecord } from '../../core/ports';
import type { RolloutResult } from '../../core/workflow-io';
import { canaryWorkflowId } from '../../core/ids';
import { NodeProcess } from '../../examples/late-flights/processes';
import { amountsModel, amountsTraffic } from '../loop/amounts';
import { Installation, isAlive, until } from '../loop/installation';
import type { Traffic } from '../loop/traffic';

jest.setTimeout(120_000);

const BY = { actor: 'test', reason: 'a rollout to be interrupted' };
const ROLLOUT = {
  steps: [
    { weight: 30, minHold: '10s', maxHold: '5m', minKeys: 20 },
    { weight: 100, minHold: '0s', maxHold: '5m', minKeys: 0 },
  ],
  // long enough for a worker to come back: what a lost lease does is the subject of orchestrator-dead.test.ts
  lease: '60s',
};

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

/** Route changes of a rollout as they were recorded: kind and the generation that each made. */
async function routeChanges(model: string): Promise<readonly string[]> {
  const generationOf = (d: DecisionRecord): number | undefined =>
    (d.evidence['route'] as { generation: number } | undefined)?.generation;
  return (await at.decisions.list(model)).flatMap((d) => {
    const generation = generationOf(d);
    return generation === undefined ? [] : [`${generation} ${d.kind}`];
  });
}

const ONCE_EACH = ['1 route.adopt', '2 route.setCanary', '3 route.promote'];

describe('a worker that is killed in the hold of a canary', () => {
  it('comes back to the same deadline, and repeats no step', async () => {
    await at.worker.start();
    const { model, candidate } = await amountsModel(at, 'good', ROLLOUT);
    traffic = amountsTraffic(at, model);
    await traffic.send(60);
    await at.client.rollout(model, candidate, BY);
    const canaryId = canaryWorkflowId(model, candidate);
    await at.canaryHas(model, 3000);
    const before = await until('the hold', async () => {
      const status = await at.rollout(canaryId);
      return status?.weight === 3000 && status.nextDeadline !== null ? status : null;
    });
    await at.worker.kill9();
    traffic.start();
    await until('answers of the canary without any worker', async () =>
      (traffic as Traffic).answers.some((a) => a.version === candidate),
    );
    await at.worker.start();
    const after = await until('the workflow to be asked again', () => at.rollout(canaryId));
    expect(after).toMatchObject({ phase: 'step', step: 0, weight: 3000, nextDeadline: before.nextDeadline });

    expect(await at.result<RolloutResult>(canaryId)).toMatchObject({ outcome: 'promoted' });
    expect(traffic.failures).toEqual([]);
    expect(await routeChanges(model)).toEqual(ONCE_EACH);
    const promoted = (await at.decisions.list(model, { kind: 'route.promote' }))[0];
    expect(promoted?.at).toBeGreaterThanOrEqual(before.nextDeadline as number);
  });
});

describe('a worker that is killed between the commit of a route change and the word that it is done', () => {
  it.each([
    ['the first weight', 'setCanary', 2],
    ['the promotion', 'promote', 3],
  ])('%s: the retry finds the decision and changes nothing', async (_what, change, generation) => {
    const fatal = new NodeProcess(
      'fatal worker',
      path.join(__dirname, 'fatal-worker.js'),
      { ...at.env, RATCHET_TEST_DIE_AFTER: `routes.changeRoute:${change}` },
      path.join(at.folder, 'fatal-worker.log'),
    );
    const { pid } = await fatal.start();
    const { model, champion, candidate } = await amountsModel(at, 'good', {
      ...ROLLOUT,
      steps: ROLLOUT.steps.map((step) => ({ ...step, minHold: '0s' })),
    });
    traffic = amountsTraffic(at, model);
    await traffic.send(60);
    await at.client.rollout(model, candidate, BY);
    traffic.start();
    await until('the worker to die', () => Promise.resolve(!isAlive(pid)));
    // dead after the commit: the route and its decision are there together, though no workflow knows
    expect((await at.routes.getRoute(model))?.generation).toBe(generation);
    expect(await routeChanges(model)).toEqual(ONCE_EACH.slice(0, generation));

    await at.worker.start();
    expect(await at.result<RolloutResult>(canaryWorkflowId(model, candidate))).toMatchObject({ outcome: 'promoted' });
    expect(traffic.failures).toEqual([]);
    expect(await routeChanges(model)).toEqual(ONCE_EACH);
    expect(await at.routes.getRoute(model)).toMatchObject({ generation: 3, champion: candidate, previous: champion });
    expect(await at.registry.getAliases(model)).toEqual({ champion: candidate, previous: champion });
  });
});
