import type { Pool } from 'pg';
import { createOperateActivities } from '../../activities/operate';
import { createPolicyActivities } from '../../activities/policy';
import { createRetrainActivities } from '../../activities/retrain';
import { createRolloutActivities } from '../../activities/rollout';
import { createWatchActivities } from '../../activities/watch';
import type { ActivityPorts } from '../../activities';
import {
  createPool,
  PostgresClaimStore,
  PostgresDecisionStore,
  PostgresEvaluationStore,
  PostgresGatewayStatusStore,
  PostgresIncidentStore,
  PostgresModelStore,
  PostgresPredictionReader,
  PostgresRouteStore,
} from '../../adapters/postgres';
import type { Gateway } from '../../gateway';
import { FakeWorld, infer, MODEL as FAKE_MODEL, send, until } from '../gateway/fakes';
import { BY, failureOf, MODEL, POLICY, silent } from './serving-world';

describe('every activity that needs PostgreSQL, while it is gone', () => {
  let pool: Pool;
  let ports: ActivityPorts;
  beforeAll(() => {
    // nobody listens on port 1
    pool = createPool('postgres://user:secret@127.0.0.1:1/none', { applicationName: 'ratchet-test' });
    ports = {
      models: new PostgresModelStore(pool),
      routes: new PostgresRouteStore(pool),
      claims: new PostgresClaimStore(pool),
      decisions: new PostgresDecisionStore(pool),
      incidents: new PostgresIncidentStore(pool),
      evaluations: new PostgresEvaluationStore(pool),
      gateways: new PostgresGatewayStatusStore(pool),
      predictions: new PostgresPredictionReader(pool),
      clock: { now: () => 0 },
      logger: silent,
      codeVersion: 'test',
    } as unknown as ActivityPorts;
  });
  afterAll(() => pool.end());

  const handle = {
    model: MODEL,
    version: '2',
    champion: '1',
    run: 'run',
    workflowId: 'canary/late/2',
    fence: { holder: 'run', token: 1 },
    policy: POLICY,
  };
  const because = { ...BY, verdict: null, reasons: [], evidence: {} };
  const calls: readonly [name: string, call: (ports: ActivityPorts) => Promise<unknown>][] = [
    ['loadPolicy', (p) => createPolicyActivities(p).loadPolicy({ model: MODEL, policy: null })],
    ['savePolicy', (p) => createPolicyActivities(p).savePolicy({ model: MODEL, policy: POLICY, ...BY })],
    [
      'beginRetrain',
      (p) =>
        createRetrainActivities(p).beginRetrain({
          model: MODEL,
          policy: POLICY,
          holder: 'h',
          asOf: null,
          lookbackMs: null,
        }),
    ],
    ['nextCheckWindow', (p) => createWatchActivities(p).nextCheckWindow({ model: MODEL, policy: POLICY })],
    [
      'setCanaryWeight',
      (p) => createRolloutActivities(p).setCanaryWeight({ handle, step: 0, change: 0, weight: 500, because }),
    ],
    ['tickCanary', (p) => createRolloutActivities(p).tickCanary({ handle, step: 0, slowUs: null })],
    ['rollBackCanary', (p) => createRolloutActivities(p).rollBackCanary({ handle, because })],
    ['promoteVersion', (p) => createRolloutActivities(p).promoteVersion({ handle, because })],
    ['endRollout', (p) => createRolloutActivities(p).endRollout({ handle, outcome: 'rolledBack', because })],
    ['openIncident', (p) => createOperateActivities(p).openIncident({ model: MODEL, id: 'i', reasons: [] })],
  ];

  it.each(calls)(
    '%s fails with RATCHET_POSTGRES_UNAVAILABLE, to be tried again, and names no password',
    async (_, call) => {
      const failure = await failureOf(() => call(ports));
      expect([failure.type, failure.nonRetryable]).toEqual(['RATCHET_POSTGRES_UNAVAILABLE', false]);
      expect(failure.message).toMatch(/PostgreSQL .*ECONNREFUSED/);
      expect(failure.message).toContain('Bring it back; the gateway keeps predictions meanwhile.');
      expect(failure.message).not.toContain('secret');
    },
  );
});

describe('a gateway whose PostgreSQL goes', () => {
  const world = new FakeWorld();
  let gateway: Gateway;
  let url: string;
  beforeAll(async () => {
    world.route();
    gateway = world.gateway();
    ({ url } = await gateway.start());
  });
  afterAll(() => gateway.stop());

  it('answers 30 requests by the champion meanwhile, and has all 30 rows when it is back', async () => {
    world.postgresUp = false;
    const ids: string[] = [];
    for (let i = 0; i < 30; i++) {
      const answer = await infer(url);
      expect(answer.versions).toEqual(['1']);
      ids.push(...answer.ids);
    }
    expect(world.written).toEqual([]);
    const label = await send(url, `/v2/models/${FAKE_MODEL}/labels`, {
      labels: [{ prediction_id: ids[0], value: 'late' }],
    });
    expect(label.body).toMatchObject({
      code: 'RATCHET_POSTGRES_UNAVAILABLE',
      error: 'PostgreSQL does not answer.',
    });
    expect([label.status, Number(label.headers.get('Retry-After')) > 0]).toEqual([503, true]);
    world.postgresUp = true;
    await until(() => world.written.length === 30, 'the 30 rows are drained');
    expect(world.written.map((row) => row.id)).toEqual(ids);
  });
});
