/** The whole loop on real servers with the real trainer: a model goes stale, is retrained, proven and promoted. */
import { ParquetSnapshotFiles } from '../../adapters/parquet';
import { OnnxModelRuntime } from '../../adapters/onnx';
import { PostgresTrainingSource } from '../../adapters/postgres';
import { countPlanOf } from '../../core/drift/count-plan';
import { countWindow } from '../../core/drift/count-window';
import { measureCounts } from '../../core/drift/measure';
import { frameOf } from '../../core/frame';
import { judgeGate } from '../../core/gate/judge-gate';
import { canaryWorkflowId, retrainWorkflowId, shadowWorkflowId } from '../../core/ids';
import type { FeatureColumns, VersionRecord } from '../../core/model';
import type { Policy } from '../../core/policy';
import { measurePerformance } from '../../core/performance/measure';
import type { DecisionRecord, Snapshot } from '../../core/ports';
import type { Segment } from '../../core/rollout/evidence';
import { judgeCanary } from '../../core/rollout/judge-canary';
import { judgeShadow, type ShadowJudgement } from '../../core/rollout/judge-shadow';
import type { DriftCheckResult, RetrainResult, RolloutResult } from '../../core/workflow-io';
import { Installation, until } from '../loop/installation';
import { HISTORY_MS, Payments, paymentsPolicy, ROWS_A_DAY, START } from '../loop/payments';
import type { Traffic } from '../loop/traffic';

jest.setTimeout(180_000);

const DAY = 86_400_000;

let at: Installation;
let model: string;
let policy: Policy;
let payments: Payments;
let traffic: Traffic;

beforeAll(async () => {
  at = await Installation.start();
  await at.worker.start();
  model = at.newModel('payments');
  payments = new Payments(at);
  await payments.store(START - HISTORY_MS, START);
  await at.register(paymentsPolicy(model, at.taskQueue));
  policy = (await at.models.getModel(model)).policy;
  traffic = payments.traffic(model);
}, 120_000);
afterAll(async () => {
  await traffic?.stop();
  await at?.stop();
}, 60_000);

/** The story is one: each part begins where the one before ended. */
describe('a model goes stale and heals', () => {
  it('1. the first version is trained on twelve days, has nothing to be compared with, and serves', async () => {
    await at.client.retrain(model, { actor: 'test', reason: 'the first version', asOf: START, lookbackMs: HISTORY_MS });
    const workflowId = retrainWorkflowId(model, 1);
    await until('the first retraining', () => at.exists(workflowId));
    const result = await at.result<RetrainResult>(workflowId);
    expect(result).toMatchObject({ outcome: 'champion', version: '1' });
    await at.gatewayServes(model);
    expect(await at.routes.getRoute(model)).toMatchObject({ champion: '1', previous: null, canary: null });
    expect(await at.registry.getAliases(model)).toEqual({ champion: '1' });
  });

  it('2. a quiet day is checked and nothing happens; six days after the world turned, the check of the first bad day opens an incident', async () => {
    await traffic.send(ROWS_A_DAY * 7);
    expect(traffic.failures).toEqual([]);
    await payments.store(START, START + 7 * DAY);
    await until('the prediction log to be drained', async () => {
      const { rows } = await at.pool.query<{ n: number }>('SELECT count(*)::int AS n FROM ratchet.predictions');
      return rows[0]?.n === ROWS_A_DAY * 7;
    });
    const check = async (): Promise<DriftCheckResult> => (await at.client.checkDrift(model)).result();
    expect(await check()).toMatchObject({ outcome: 'noDrift', windowStart: START, windowEnd: START + DAY });
    expect((await at.client.status(model)).model).toMatchObject({ phase: 'watching', incident: null });

    const bad = await check();
    expect(bad).toMatchObject({ outcome: 'breach', version: '1', windowStart: START + DAY });
    expect([...bad.driftedFeatures].sort()).toEqual(['amount', 'shop']);
    await until('the incident', async () => (await at.incidents.listIncidents(model)).length === 1);
  });

  it('3. the model retrains itself on the new days; the challenger passes the gate', async () => {
    const workflowId = retrainWorkflowId(model, 2);
    await until('the retraining', () => at.exists(workflowId));
    const result = await at.result<RetrainResult>(workflowId);
    expect(result).toMatchObject({ outcome: 'challenger', version: '2' });
    expect(await at.registry.getAliases(model)).toEqual({ champion: '1', challenger: '2' });
  });

  it('4. the shadow test certifies it, the canary promotes it, the incident is closed, and MLflow follows', async () => {
    const shadowId = shadowWorkflowId(model, '2');
    await until('the shadow test', async () => (await at.rollout(shadowId))?.phase === 'shadow');
    traffic.start();
    expect(await at.result<RolloutResult>(shadowId)).toMatchObject({ outcome: 'passed' });
    const shadowed = traffic.answers.length;
    expect(traffic.answers.slice(0, shadowed).every((a) => a.version === '1')).toBe(true);

    const canaryId = canaryWorkflowId(model, '2');
    await until('the canary', () => at.exists(canaryId));
    expect(await at.result<RolloutResult>(canaryId)).toMatchObject({ outcome: 'promoted' });
    await traffic.stop();
    expect(traffic.failures).toEqual([]);
    expect(traffic.answers.at(-1)?.version).toBe('2');
    expect(await at.routes.getRoute(model)).toMatchObject({ champion: '2', previous: '1', canary: null, shadow: null });
    await until('the incident to close', async () => {
      const [incident] = await at.incidents.listIncidents(model);
      return incident?.outcome === 'healed' && incident.closedAt !== null;
    });
    expect(await at.registry.getAliases(model)).toEqual({ champion: '2', previous: '1' });
    expect(await at.claims.currentClaims(model)).toEqual([]);
  });
});

describe('the record of it', () => {
  it('is complete and in order: what was live, why, by whose decision (I8)', async () => {
    const decisions = await at.decisions.list(model);
    const told = decisions.map((d) => `${d.kind}${d.version === null ? '' : ` ${d.version}`}`);
    const positions = [
      'policy.set',
      'gate',
      'blessing 1',
      'route.adopt 1',
      'drift 1',
      'drift 1',
      'gate',
      'blessing 2',
      'shadow.begin 2',
      'route.setShadow 2',
      'route.clearShadow 2',
      'blessing 2',
      'rollout.end 2',
      'canary.begin 2',
      'route.setCanary 2',
      'route.setCanary 2',
      'route.promote 2',
      'rollout.end 2',
    ].reduce<number[]>((found, kind) => [...found, told.indexOf(kind, (found.at(-1) ?? -1) + 1)], []);
    expect({ told, missing: positions.filter((p) => p < 0) }).toMatchObject({ missing: [] });
    expect(decisions.every((d, i) => i === 0 || d.at >= (decisions[i - 1] as DecisionRecord).at)).toBe(true);
    expect(decisions.every((d) => d.actor !== '' && d.reason !== '')).toBe(true);
    expect(new Set(decisions.map((d) => d.key)).size).toBe(decisions.length);

    // every generation of the route is the work of one recorded decision
    const generations = decisions.flatMap((d) => {
      const route = d.evidence['route'] as { generation: number } | undefined;
      return route === undefined ? [] : [route.generation];
    });
    const last = (await at.routes.getRoute(model))?.generation ?? 0;
    expect(generations).toEqual(Array.from({ length: last }, (_, i) => i + 1));

    // I1: version 2 served in full with every blessing of the policy, each earned
    const { blessings } = await at.models.getVersion(model, '2');
    expect(blessings.map((b) => `${b.blessing} ${b.how}`).sort()).toEqual(
      policy.blessings.required.map((b) => `${b} earned`).sort(),
    );
  });

  it('lets every verdict be judged again from what was stored with it: gate, drift, shadow test, canary (I5)', async () => {
    const decisions = await at.decisions.list(model);
    const rollout = decisions.find((d) => d.kind === 'canary.begin')?.evidence['policy'] as Policy['rollout'];
    const verdicts = { gate: 0, drift: 0, shadow: 0, canary: 0 };
    for (const d of decisions) {
      if (d.kind === 'gate') {
        expect(await gateAgain(d)).toEqual(d.evidence['gate']);
        verdicts.gate += 1;
      } else if (d.kind === 'drift') {
        expect(rounded(await driftAgain(d))).toEqual(
          rounded({ drift: d.evidence['drift'], performance: d.evidence['performance'] }),
        );
        verdicts.drift += 1;
      } else if (d.kind === 'route.clearShadow') {
        const stored = d.evidence['judgement'] as ShadowJudgement;
        expect(await shadowAgain(d, stored)).toEqual(stored);
        expect(stored.verdict).toBe(d.verdict);
        verdicts.shadow += 1;
      } else if (d.evidence['judgement'] != null && d.workflowId === canaryWorkflowId(model, '2')) {
        const segments = d.evidence['segments'] as Segment[];
        expect(judgeCanary({ segments, policy: rollout })).toEqual(d.evidence['judgement']);
        verdicts.canary += 1;
      }
    }
    expect(verdicts).toMatchObject({ gate: 2, drift: 2, shadow: 1 });
    expect(verdicts.canary).toBeGreaterThanOrEqual(3);
  });
});

async function score(version: VersionRecord, features: FeatureColumns): Promise<number[]> {
  const loaded = await new OnnxModelRuntime().load(await at.registry.fetchModel(version.artifactUri), version.contract);
  try {
    return (await loaded.predict(features)).map((p) => p.score);
  } finally {
    await loaded.release();
  }
}

/** The snapshot by its digest, the held-out clusters and the champion by the record, the candidate by its workflow. */
async function gateAgain(d: DecisionRecord): Promise<unknown> {
  const evidence = d.evidence as unknown as {
    snapshot: Snapshot;
    holdoutClusters: string[];
    champion: string | null;
    policy: Policy['gate'];
  };
  const source = new PostgresTrainingSource({
    warehouse: at.pool,
    ledger: at.pool,
    files: new ParquetSnapshotFiles(),
    folder: at.folder,
  });
  const rows = await source.readSnapshot(evidence.snapshot, policy.features);
  const held = new Set(evidence.holdoutClusters);
  const index = rows.cluster.flatMap((c, i) => (held.has(c) ? [i] : []));
  const take = <T>(values: readonly T[]): T[] => index.map((i) => values[i] as T);
  const columns = Object.fromEntries(Object.entries(rows.features.columns).map(([name, v]) => [name, take(v)]));
  const features = { rows: index.length, columns };
  const candidate = (await at.models.listVersions(model)).find((v) => v.origin === d.workflowId) as VersionRecord;
  const champion = evidence.champion === null ? null : await at.models.getVersion(model, evidence.champion);
  return judgeGate(
    {
      task: policy.task,
      classes: policy.classes,
      threshold: policy.threshold,
      truth: take(rows.target),
      candidate: await score(candidate, features),
      champion: champion === null ? null : await score(champion, features),
      cluster: take(rows.cluster),
      seed: policy.training.seed,
      firstVersion: champion === null,
    },
    evidence.policy,
  );
}

/** PostgreSQL adds rows in an order of its own: the last bit of a sum may differ, no more. */
const rounded = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, v: unknown) => (typeof v === 'number' ? Number(v.toPrecision(12)) : v)));

async function driftAgain(d: DecisionRecord): Promise<unknown> {
  const { window, thresholds } = d.evidence as unknown as {
    window: { version: string; start: number; end: number };
    thresholds: { drift: Policy['drift']; performance: Policy['performance'] };
  };
  const version = await at.models.getVersion(model, window.version);
  const rows = await at.predictions.readWindow(model, version.contract, window.start, window.end);
  if (version.referenceProfile === null) throw new Error('version without a reference profile');
  const plan = countPlanOf(version.referenceProfile, policy.features);
  const frame = frameOf(rows.features, policy.features);
  const counts = countWindow({ ...rows, frame, from: window.start, to: window.end }, plan);
  return {
    drift: measureCounts(version.referenceProfile, counts, policy.features, thresholds.drift),
    performance: measurePerformance(
      { task: policy.task, classes: policy.classes, scores: rows.scores, labels: rows.labels, truths: rows.truths },
      thresholds.performance,
      version.holdoutMetrics,
    ),
  };
}

async function shadowAgain(d: DecisionRecord, stored: ShadowJudgement): Promise<ShadowJudgement> {
  if (policy.shadow === null) throw new Error('the policy has no shadow test');
  const { runId } = await at.client.temporal.workflow.getHandle(d.workflowId ?? '').describe();
  const pairs = await at.predictions.readPairs(model, `${d.workflowId}:${runId}`, d.evidence['matureBefore'] as number);
  const { requests, errors } = stored.errors;
  return judgeShadow({
    pairs,
    counts: { requests, errors, dropped: stored.dropped, disagreements: stored.disagreements },
    policy: policy.shadow,
    task: policy.task,
    classes: policy.classes,
    threshold: policy.threshold,
    elapsedMs: stored.elapsedMs,
  });
}
