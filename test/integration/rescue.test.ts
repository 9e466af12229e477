/** A bad version on real servers: caught inside a step by its wrong answers, or before it ever answered anybody. */
import type { RolloutResult } from '../../core/workflow-io';
import { canaryWorkflowId, shadowWorkflowId } from '../../core/ids';
import type { CanaryJudgement } from '../../core/rollout/judge-canary';
import { judgeCanary } from '../../core/rollout/judge-canary';
import type { Segment } from '../../core/rollout/evidence';
import { amountsModel, amountsTraffic } from '../loop/amounts';
import { Installation, until } from '../loop/installation';
import type { Traffic } from '../loop/traffic';

jest.setTimeout(120_000);

const BY = { actor: 'data science', reason: 'better offline' };

let at: Installation;
let traffic: Traffic | null = null;

beforeAll(async () => {
  at = await Installation.start();
  await at.worker.start();
});
afterAll(async () => {
  await at.stop();
});
afterEach(async () => {
  await traffic?.stop();
  traffic = null;
});

/** The moment at which the gateway had applied the route without a canary: what was asked later is the champion's. */
async function appliedAt(model: string, generation: number): Promise<number> {
  await until('the gateway to apply the route', async () => {
    const seen = at.gateway.status().models.find((m) => m.model === model);
    return seen !== undefined && seen.generation >= generation;
  });
  return Date.now();
}

describe('an inverted version, trained elsewhere', () => {
  it('is rolled back by the guardrail `wrong` within a step, and answers nothing that is asked after the route changed', async () => {
    // a step that would take five minutes: only a guardrail can end it sooner
    const slow = {
      steps: [
        { weight: 30, minHold: '5m', maxHold: '10m', minKeys: 1 },
        { weight: 100, minHold: '0s', maxHold: '5m', minKeys: 0 },
      ],
      deadline: '20m',
    };
    const { model, champion, candidate } = await amountsModel(at, 'inverted', slow);
    traffic = amountsTraffic(at, model);
    await traffic.send(120);
    await at.client.rollout(model, candidate, BY);
    const canaryId = canaryWorkflowId(model, candidate);
    await at.canaryHas(model, 3000);
    traffic.start();
    const rolledBack = await until('the rollback', async () =>
      (await at.decisions.list(model, { workflowId: canaryId })).find((d) => d.kind === 'route.rollback'),
    );
    const generation = (rolledBack.evidence['route'] as { generation: number }).generation;
    const applied = await appliedAt(model, generation);
    const before = traffic.answers.length;
    await until('more traffic', async () => (traffic as Traffic).answers.length > before + 120);
    await traffic.stop();

    const result = await at.result<RolloutResult>(canaryId);
    expect(result.outcome).toBe('rolledBack');
    expect(result.reasons.map((r) => r.code)).toContain('guardrail.wrong');
    expect(traffic.failures).toEqual([]);
    const bad = traffic.answers.filter((a) => a.version === candidate);
    expect(bad.length).toBeGreaterThan(0);
    expect(bad.filter((a) => a.askedAt >= applied)).toEqual([]);
    expect(await at.routes.getRoute(model)).toMatchObject({ champion, previous: null, canary: null, shadow: null });
    expect(await at.claims.currentClaims(model)).toEqual([]);

    // the verdict again, from nothing but what was stored with it
    const begin = (await at.decisions.list(model, { workflowId: canaryId })).find((d) => d.kind === 'canary.begin');
    const stored = rolledBack.evidence['judgement'] as CanaryJudgement;
    const again = judgeCanary({
      segments: rolledBack.evidence['segments'] as Segment[],
      policy: begin?.evidence['policy'] as Parameters<typeof judgeCanary>[0]['policy'],
    });
    expect(again).toEqual(stored);
    expect(again.verdict).toBe('fail');
    expect(rolledBack.verdict).toBe('fail');
  });

  it('never answers anybody when a shadow test stands before the canary', async () => {
    const { model, champion, candidate } = await amountsModel(
      at,
      'inverted',
      {},
      {
        shadow: { min: '500ms', max: '2m', minPairs: 100 },
      },
    );
    traffic = amountsTraffic(at, model, 2);
    await traffic.send(60);
    await at.client.rollout(model, candidate, BY);
    const shadowId = shadowWorkflowId(model, candidate);
    await until('the shadow test', async () => (await at.rollout(shadowId))?.phase === 'shadow');
    traffic.start();
    const result = await at.result<RolloutResult>(shadowId);
    await traffic.stop();
    expect(result.outcome).toBe('failed');
    expect(result.reasons.map((r) => r.code)).toContain('shadow.worse');
    expect(new Set(traffic.answers.map((a) => a.version))).toEqual(new Set([champion]));
    expect(await at.exists(canaryWorkflowId(model, candidate))).toBe(false);
    expect(await at.routes.getRoute(model)).toMatchObject({ champion, canary: null, shadow: null });
    expect(await at.claims.currentClaims(model)).toEqual([]);
  });
});

describe('a person says stop', () => {
  it('an aborted shadow test ends `aborted` by their name, and the champion serves on', async () => {
    const { model, champion, candidate } = await amountsModel(
      at,
      'good',
      {},
      {
        shadow: { min: '10m', max: '20m', minPairs: 1_000_000 },
      },
    );
    traffic = amountsTraffic(at, model, 3);
    await traffic.send(60);
    await at.client.rollout(model, candidate, BY);
    const shadowId = shadowWorkflowId(model, candidate);
    await until('the shadow test', async () => (await at.rollout(shadowId))?.phase === 'shadow');
    await at.client.abort(model, { version: candidate, actor: 'on call', reason: 'not tonight' });
    const result = await at.result<RolloutResult>(shadowId);
    expect(result).toMatchObject({ outcome: 'aborted', reasons: [{ code: 'aborted', text: 'on call: not tonight' }] });
    expect(await at.routes.getRoute(model)).toMatchObject({ champion, shadow: null });
    const ended = (await at.decisions.list(model, { workflowId: shadowId })).find((d) => d.kind === 'rollout.end');
    expect(ended).toMatchObject({ actor: 'on call', reason: 'not tonight' });
  });
});
