import { MockActivityEnvironment } from '@temporalio/testing';
import { createOperateActivities } from '../../activities/operate';
import { createPolicyActivities } from '../../activities/policy';
import { createRolloutActivities, type BeginRolloutInput, type RolloutHandle } from '../../activities/rollout';
import {
  MemoryClaimStore,
  MemoryDatabase,
  MemoryDecisionStore,
  MemoryGatewayStatusStore,
  MemoryIncidentStore,
  MemoryModelStore,
  MemoryPredictionReader,
  MemoryRouteStore,
} from '../../adapters/memory';
import { MemoryRegistryStore } from '../../adapters/memory/registry';
import { RatchetError } from '../../core/errors';
import type { Blessing, VersionRecord } from '../../core/model';
import type { Policy } from '../../core/policy';
import type { Notification } from '../../core/ports';
import { testPolicy } from '../workflows/fixtures';

const BECAUSE = { actor: 'ann', reason: 'try', verdict: null, reasons: [], evidence: {} };

function world(overrides: Record<string, unknown> = {}) {
  const policy = testPolicy({
    shadow: null,
    blessings: { required: ['evaluated', 'parity'], vouched: ['evaluated'] },
    rollout: { approval: null },
    ...overrides,
  });
  let now = 1_000_000;
  const clock = { now: (): number => now };
  const db = new MemoryDatabase(clock);
  const silent = { debug: noop, info: noop, warn: noop, error: noop };
  const notifications: Notification[] = [];
  const ports = {
    models: new MemoryModelStore(db),
    routes: new MemoryRouteStore(db),
    claims: new MemoryClaimStore(db),
    decisions: new MemoryDecisionStore(db),
    incidents: new MemoryIncidentStore(db),
    predictions: new MemoryPredictionReader(db),
    gateways: new MemoryGatewayStatusStore(db),
    registry: new MemoryRegistryStore(),
    notifier: { notify: async (n: Notification): Promise<void> => void notifications.push(n) },
    workflows: {
      reportEvaluation: async (): Promise<void> => undefined,
      nudgeModel: async (): Promise<void> => undefined,
      describe: async () => ({ state: 'closed' as const, status: 'TERMINATED', runId: 'r' }),
    },
    clock,
    logger: silent,
    codeVersion: 'test',
  };
  return {
    policy,
    ports,
    db,
    notifications,
    rollout: createRolloutActivities(ports),
    operate: createOperateActivities(ports),
    pass: (ms: number): void => void (now += ms),
  };
}
type World = ReturnType<typeof world>;
const noop = (): void => undefined;

const versionOf = (version: string, origin: string, blessings: readonly Blessing[]): VersionRecord => ({
  model: 'late',
  version,
  sha256: version.padStart(64, '0'),
  artifactUri: `mlflow-artifacts:/1/models/m-${version}/artifacts/model.onnx`,
  contract: { inputs: [], outputs: {} } as unknown as VersionRecord['contract'],
  golden: { features: { columns: {}, rows: 0 }, scores: [] } as unknown as VersionRecord['golden'],
  holdoutMetrics: { logLoss: 0.4 },
  referenceProfile: null,
  mlflow: { runId: null, modelId: null },
  blessings: blessings.map((blessing) => ({ blessing, how: 'earned', actor: 'ratchet', reason: 'test', at: 1 })),
  createdAt: 1,
  origin,
});

/** Champion 1, and candidate 2 with the given blessings, loaded on one gateway. */
async function withCandidate(
  blessings: readonly Blessing[],
  origin = 'retrain/late/1',
  overrides = {},
): Promise<World> {
  const w = world(overrides);
  await w.ports.models.saveVersion(versionOf('1', 'retrain/late/0', ['evaluated', 'parity']));
  await w.ports.models.saveVersion(versionOf('2', origin, blessings));
  await w.ports.routes.changeRoute('late', { kind: 'adopt', version: '1' }, null, draft('adopt'));
  await loaded(w, 'ready');
  return w;
}
const draft = (key: string) => ({
  ...BECAUSE,
  key,
  model: 'late',
  version: '1',
  kind: 'route.adopt',
  workflowId: null,
});
const loaded = (w: World, state: 'ready' | 'failed', error: string | null = null): Promise<void> =>
  w.ports.gateways.report('gw-1', [{ model: 'late', version: '2', state, error }], { late: 1 }, 60_000);

const beginInput = (policy: Policy, run = 'canary/late/2:r1'): BeginRolloutInput => ({
  kind: 'canary',
  model: 'late',
  version: '2',
  policy,
  run,
  workflowId: 'canary/late/2',
  actor: 'ann',
  reason: 'try',
});
const begin = (w: World, input: Partial<BeginRolloutInput> = {}): ReturnType<World['rollout']['beginRollout']> =>
  new MockActivityEnvironment().run(w.rollout.beginRollout as never, { ...beginInput(w.policy), ...input } as never);
const begunHandle = async (w: World): Promise<RolloutHandle> => {
  const begun = await begin(w);
  if (begun.kind !== 'begun') throw new Error(`refused: ${JSON.stringify(begun.reasons)}`);
  return begun.handle;
};
const claims = (w: World): Promise<readonly { holder: string }[]> => w.ports.claims.currentClaims('late');

describe('beginRollout', () => {
  it('takes the claim and records the beginning with champion, policy and code version', async () => {
    const w = await withCandidate(['evaluated', 'parity']);
    const handle = await begunHandle(w);
    expect(handle).toMatchObject({ champion: '1', version: '2', fence: { holder: 'canary/late/2:r1' } });
    expect(await claims(w)).toMatchObject([{ holder: 'canary/late/2:r1' }]);
    const [record] = await w.ports.decisions.list('late', { kind: 'canary.begin' });
    expect(record?.evidence).toMatchObject({ champion: '1', codeVersion: 'test' });
    expect(await begin(w)).toMatchObject({ kind: 'begun', handle: { fence: handle.fence } });
  });

  it('refuses a version that lacks the blessing parity, names it, and gives the claim back', async () => {
    const w = await withCandidate(['evaluated']);
    expect(await begin(w)).toMatchObject({
      kind: 'refused',
      reasons: [{ code: 'RATCHET_BLESSING_MISSING', text: expect.stringContaining('also needs parity') }],
    });
    expect(await claims(w)).toEqual([]);
  });

  it('is refused while another rollout holds the claim, and leaves that one in place', async () => {
    const w = await withCandidate(['evaluated', 'parity']);
    await w.ports.claims.claim('late', 'rollout', 'canary/late/9:x');
    expect(await begin(w)).toMatchObject({ kind: 'refused', reasons: [{ code: 'RATCHET_CLAIM_HELD' }] });
    expect(await claims(w)).toMatchObject([{ holder: 'canary/late/9:x' }]);
  });

  it('is refused with the words of the gateway that cannot load the version', async () => {
    const w = await withCandidate(['evaluated', 'parity']);
    await loaded(w, 'failed', 'golden row 3 differs by 0.2');
    expect(await begin(w)).toMatchObject({
      kind: 'refused',
      reasons: [{ code: 'RATCHET_MODEL_LOAD_FAILED', text: expect.stringContaining('golden row 3 differs by 0.2') }],
    });
    expect(await claims(w)).toEqual([]);
  });

  it.each([
    ['an unknown version', { version: '77' }, 'RATCHET_VERSION_UNKNOWN'],
    ['the champion itself', { version: '1' }, 'RATCHET_BLESSING_MISSING'],
  ] as const)('refuses %s', async (_, input, code) => {
    const w = await withCandidate(['evaluated', 'parity']);
    expect(await begin(w, input)).toMatchObject({ kind: 'refused', reasons: [{ code }] });
    expect(await claims(w)).toEqual([]);
  });

  it('records by name what the trainer of an outside version vouches for, and only what the policy lets it', async () => {
    const w = await withCandidate(['parity'], 'team-b');
    expect((await begin(w)).kind).toBe('begun');
    const { blessings } = await w.ports.models.getVersion('late', '2');
    expect(blessings.map((b) => [b.blessing, b.how, b.actor])).toEqual([
      ['parity', 'earned', 'ratchet'],
      ['evaluated', 'vouched', 'ann'],
    ]);
  });

  it('does not vouch for a version of our own training', async () => {
    const w = await withCandidate(['parity'], 'retrain/late/3');
    expect(await begin(w)).toMatchObject({ kind: 'refused', reasons: [{ code: 'RATCHET_BLESSING_MISSING' }] });
  });

  it('gives the claim back when it is cancelled while it waits for a gateway', async () => {
    const w = await withCandidate(['evaluated', 'parity']);
    w.pass(120_000); // no gateway reports any more
    const env = new MockActivityEnvironment();
    const waiting = env.run(w.rollout.beginRollout as never, beginInput(w.policy) as never);
    env.cancel();
    await expect(waiting).rejects.toThrow();
    expect(await claims(w)).toEqual([]);
  });
});

describe('route changes', () => {
  it('refuses to promote a version without every blessing of the policy, and the champion stays (I1)', async () => {
    const w = await withCandidate(['evaluated', 'parity']);
    const handle = await begunHandle(w);
    const stricter = {
      ...handle,
      policy: { ...handle.policy, blessings: { required: ['evaluated', 'approved'] as const, vouched: [] } },
    };
    await expect(w.rollout.promoteVersion({ handle: stricter, because: BECAUSE })).rejects.toMatchObject({
      type: 'RATCHET_BLESSING_MISSING',
      nonRetryable: true,
    });
    expect((await w.ports.routes.getRoute('late'))?.champion).toBe('1');
    await w.rollout.promoteVersion({ handle, because: BECAUSE });
    expect(await w.ports.routes.getRoute('late')).toMatchObject({ champion: '2', previous: '1' });
  });

  it('sets a weight once when the activity is retried, and a weight that comes back as another change', async () => {
    const w = await withCandidate(['evaluated', 'parity']);
    const handle = await begunHandle(w);
    const set = (change: number): Promise<void> =>
      w.rollout.setCanaryWeight({ handle, step: 0, change, weight: 500, because: BECAUSE });
    await set(1);
    const first = await w.ports.routes.getRoute('late');
    await set(1);
    expect((await w.ports.routes.getRoute('late'))?.generation).toBe(first?.generation);
    await set(2);
    expect((await w.ports.routes.getRoute('late'))?.generation).toBe((first?.generation ?? 0) + 1);
    expect(await w.ports.decisions.list('late', { kind: 'route.setCanary' })).toHaveLength(2);
  });

  it('says that the lease is lost when a tick comes after its end, and refuses a late weight with RATCHET_LEASE_LOST', async () => {
    const w = await withCandidate(['evaluated', 'parity']);
    const handle = await begunHandle(w);
    await w.rollout.setCanaryWeight({ handle, step: 0, change: 1, weight: 500, because: BECAUSE });
    expect(await w.rollout.tickCanary({ handle, step: 0, slowUs: null })).toMatchObject({ leaseRenewed: true });
    w.pass(handle.policy.rollout.leaseMs + 1);
    const late = await w.rollout.tickCanary({ handle, step: 0, slowUs: null });
    expect(late.leaseRenewed).toBe(false);
    expect(late.judgement.verdict).not.toBe('pass');
    const weight = w.rollout.setCanaryWeight({ handle, step: 1, change: 2, weight: 5000, because: BECAUSE });
    await expect(weight).rejects.toMatchObject({ type: 'RATCHET_LEASE_LOST', nonRetryable: true });
  });
});

describe('rollBackModel and healAfter', () => {
  const back = (w: World, holder = 'rollback/late/1:r:claim') =>
    w.operate.rollBackModel({ model: 'late', actor: 'bob', reason: 'wrong', holder, workflowId: 'rollback/late/1' });

  it('takes a running canary away, fences its writes, and leaves no claim behind', async () => {
    const w = await withCandidate(['evaluated', 'parity']);
    const handle = await begunHandle(w);
    await w.rollout.setCanaryWeight({ handle, step: 0, change: 1, weight: 500, because: BECAUSE });
    expect(await back(w)).toMatchObject({ outcome: 'rolledBack', from: '2', to: '1' });
    expect(await w.ports.routes.getRoute('late')).toMatchObject({ champion: '1', canary: null });
    const late = w.rollout.setCanaryWeight({ handle, step: 1, change: 2, weight: 5000, because: BECAUSE });
    await expect(late).rejects.toMatchObject({ type: 'RATCHET_ROUTE_FENCED' });
    await expect(w.rollout.tickCanary({ handle, step: 0, slowUs: null })).rejects.toMatchObject({
      type: 'RATCHET_ROUTE_FENCED',
    });
    expect(await claims(w)).toEqual([]);
  });

  it('restores the previous champion after a promotion, and refuses a second time with RATCHET_NO_PREVIOUS', async () => {
    const w = await withCandidate(['evaluated', 'parity']);
    const handle = await begunHandle(w);
    await w.rollout.promoteVersion({ handle, because: BECAUSE });
    expect(await back(w)).toMatchObject({ outcome: 'rolledBack', from: '2', to: '1' });
    expect(await back(w, 'rollback/late/2:r:claim')).toMatchObject({
      outcome: 'refused',
      reasons: [{ code: 'RATCHET_NO_PREVIOUS' }],
    });
    expect((await w.ports.routes.getRoute('late'))?.champion).toBe('1');
  });

  it('of a canary that ended a moment before changes nothing, says so in the record, and spares the champion', async () => {
    const w = await withCandidate(['evaluated', 'parity']);
    const handle = await begunHandle(w);
    await w.rollout.promoteVersion({ handle, because: BECAUSE });
    const gone = await w.operate.rollBackModel({
      model: 'late',
      actor: 'bob',
      reason: 'wrong',
      of: '3',
      holder: 'rollback/late/1:r:claim',
      workflowId: 'rollback/late/1',
    });
    expect(gone).toMatchObject({ outcome: 'rolledBack', from: '3', to: '2', reasons: [{ code: 'rollback.gone' }] });
    expect(await w.ports.routes.getRoute('late')).toMatchObject({ champion: '2', previous: '1' });
    expect(await w.ports.decisions.list('late', { kind: 'rollback.gone' })).toMatchObject([
      { version: '3', actor: 'bob' },
    ]);
    expect(await claims(w)).toEqual([]);
  });

  it('takes away the version it is asked to when that one was promoted meanwhile', async () => {
    const w = await withCandidate(['evaluated', 'parity']);
    const handle = await begunHandle(w);
    await w.rollout.promoteVersion({ handle, because: BECAUSE });
    const input = { model: 'late', actor: 'bob', reason: 'wrong', of: '2', holder: 'h', workflowId: 'rollback/late/1' };
    expect(await w.operate.rollBackModel(input)).toMatchObject({ outcome: 'rolledBack', from: '2', to: '1' });
    expect(await w.ports.routes.getRoute('late')).toMatchObject({ champion: '1', previous: null });
  });

  it('gives the claim back when an earlier attempt to heal died before it could', async () => {
    const w = await withCandidate(['evaluated', 'parity']);
    const handle = await begunHandle(w);
    await w.rollout.setCanaryWeight({ handle, step: 0, change: 1, weight: 500, because: BECAUSE });
    await w.ports.claims.claim('late', 'rollout', `heal:${handle.run}`, { steal: true });
    const gone = { model: 'late', workflowId: 'canary/late/2', runId: 'r1', status: 'TERMINATED' };
    expect(handle.run).toBe('canary/late/2:r1');
    await w.operate.healAfter(gone);
    expect(await w.ports.routes.getRoute('late')).toMatchObject({ champion: '1', canary: null });
    expect(await claims(w)).toEqual([]);
  });

  it('clears the weight and the claim of a canary that was terminated, says so in the record, and only once', async () => {
    const w = await withCandidate(['evaluated', 'parity']);
    const handle = await begunHandle(w);
    await w.rollout.setCanaryWeight({ handle, step: 0, change: 1, weight: 500, because: BECAUSE });
    const gone = { model: 'late', workflowId: 'canary/late/2', runId: 'r1', status: 'TERMINATED' };
    await w.operate.healAfter(gone);
    await w.operate.healAfter(gone);
    expect(await w.ports.routes.getRoute('late')).toMatchObject({ champion: '1', canary: null });
    expect(await claims(w)).toEqual([]);
    const records = await w.ports.decisions.list('late', { kind: 'route.heal' });
    expect(records.map((r) => r.reasons[0]?.text)).toEqual(['canary/late/2 ended as TERMINATED without a report']);
  });

  it("does not touch another run's claim", async () => {
    const w = await withCandidate(['evaluated', 'parity']);
    await w.ports.claims.claim('late', 'retrain', 'retrain/late/5:live');
    await w.operate.healAfter({ model: 'late', workflowId: 'retrain/late/4', runId: 'dead', status: 'TERMINATED' });
    expect(await claims(w)).toMatchObject([{ holder: 'retrain/late/5:live' }]);
    await w.operate.healAfter({ model: 'late', workflowId: 'retrain/late/5', runId: 'live', status: 'TERMINATED' });
    expect(await claims(w)).toEqual([]);
  });
});

describe('faults of activities', () => {
  it.each([
    ['RATCHET_POSTGRES_UNAVAILABLE', false],
    ['RATCHET_CLAIM_HELD', true],
    ['RATCHET_POLICY_INVALID', true],
    ['RATCHET_MLFLOW_UNAVAILABLE', false],
  ] as const)('become failures of type %s, not retried: %s, with the details', async (code, nonRetryable) => {
    const fault = new RatchetError(code, 'seen 1, expected 2', { details: { seen: 1 } });
    const models = { getModel: async (): Promise<never> => Promise.reject(fault) };
    const { loadPolicy } = createPolicyActivities({ models: models as never });
    await expect(loadPolicy({ model: 'late', policy: null })).rejects.toMatchObject({
      type: code,
      nonRetryable,
      details: [{ seen: 1 }],
      message: expect.stringContaining('seen 1, expected 2'),
    });
  });

  it('lists every problem of a policy at once and stores nothing', async () => {
    const w = world();
    const { savePolicy } = createPolicyActivities(w.ports);
    const bad = { preset: 'default', model: 'late', colour: 'red', threshold: 7 };
    const failure = await savePolicy({ model: 'late', policy: bad, actor: 'ann', reason: 'x' }).catch(
      (e: unknown) => e,
    );
    expect(failure).toMatchObject({ type: 'RATCHET_POLICY_INVALID', nonRetryable: true });
    expect(String(failure)).toContain('colour');
    expect(String(failure)).toContain('threshold');
    expect(await w.ports.models.listModels()).toEqual([]);
  });
});
