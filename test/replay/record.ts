/**
 * Records the histories that replay.test.ts replays: real workflow code on the time-skipping server with scripted activities.
 * `npm run record-histories`. A recorded history is never edited; it is recorded anew when no released version can have
 * open workflows of its kind.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { temporal } from '@temporalio/proto';
import { ApplicationFailure } from '@temporalio/common';
import type { ModelStatus } from '../../core/messages';
import type { Policy } from '../../core/policy';
import { judgementOf, retrainScript, rolloutScript, searchPolicy, testPolicy, tickOf } from '../workflows/fixtures';
import { WorkflowHarness, type Script } from '../workflows/harness';

export const HISTORIES = path.join(__dirname, '..', 'histories');
export const INDEX = path.join(HISTORIES, 'index.json');
const QUEUE = 'replay';
const RUN = { model: 'late', version: '2', actor: 'ann', reason: 'recorded' };

interface Recording {
  readonly name: string;
  readonly type: string;
  readonly workflowId: string;
  readonly input: unknown;
  readonly script: Script;
  /** Drives it to its end. Default: waits for it. */
  readonly drive?: (harness: WorkflowHarness, workflowId: string) => Promise<void>;
}

const steps = {
  steps: [
    { weight: 10, minHold: '10m', maxHold: '24h', minKeys: 1 },
    { weight: 100, minHold: '0s', maxHold: '1h', minKeys: 0 },
  ],
  tick: '5m',
  lease: '30m',
  deadline: '7d',
  watch: '10m',
  noTraffic: '4h',
};

export async function recordHistories(): Promise<readonly string[]> {
  await rm(HISTORIES, { recursive: true, force: true });
  await mkdir(HISTORIES, { recursive: true });
  const index: Record<string, string> = {};
  for (const recording of recordings()) {
    const harness = await WorkflowHarness.start();
    try {
      await record(harness, recording, index);
    } finally {
      await harness.stop();
    }
  }
  await writeFile(INDEX, `${JSON.stringify(index, null, 2)}\n`);
  return Object.keys(index);
}

async function record(harness: WorkflowHarness, recording: Recording, index: Record<string, string>): Promise<void> {
  const { name, type, workflowId, input, script } = recording;
  const { workflow } = harness.env.client;
  await harness.withScript(QUEUE, script, async () => {
    const handle = await workflow.start(type, { workflowId, taskQueue: QUEUE, args: [input] });
    if (recording.drive === undefined) await handle.result();
    else await recording.drive(harness, workflowId);
    const history = await workflow.getHandle(workflowId).fetchHistory();
    const bytes = temporal.api.history.v1.History.encode(history).finish();
    await writeFile(path.join(HISTORIES, `${name}.bin`), bytes);
    index[name] = workflowId;
  });
}

function recordings(): readonly Recording[] {
  const plain = testPolicy({ rollout: { ...steps, approval: null } });
  const gated = testPolicy({
    rollout: {
      ...steps,
      approval: { beforeWeight: 100, expires: '12h', reminder: '1h', onExpiry: 'rollback', actors: [] },
    },
  });
  const training = searchPolicy([`${QUEUE}-cpu`]);
  const canary = (name: string, script: Script, drive?: Recording['drive']): Recording => ({
    name,
    type: 'canary',
    workflowId: `canary/late/${name}`,
    input: RUN,
    script,
    ...(drive === undefined ? {} : { drive }),
  });
  const retrain = (name: string, script: Script): Recording => ({
    name,
    type: 'retrain',
    workflowId: `retrain/late/${name}`,
    input: { model: 'late', reason: 'drift', actor: 'ann' },
    script: retrainScript(training, script),
  });
  const failing = (): Script => {
    let ticks = 0;
    return rolloutScript(plain, { tickCanary: async () => tickOf(100, (ticks += 1) < 2 ? 'pass' : 'fail') });
  };
  return [
    canary('canary-promoted', rolloutScript(plain)),
    canary('canary-rolled-back', failing()),
    canary('canary-approved', rolloutScript(gated), approve),
    {
      name: 'shadow-passed',
      type: 'shadowTest',
      workflowId: 'shadow/late/2',
      input: RUN,
      script: rolloutScript(testPolicy({ shadow: { share: 100, min: '10m', max: '24h' } })),
    },
    retrain('retrain-challenger', {}),
    retrain('retrain-refused', { judgeCandidate: async () => judgementOf('fail') }),
    retrain('retrain-failed', {
      runTrial: async () => {
        const failure = ApplicationFailure.nonRetryable('exit 1', 'RATCHET_TRAINER_FAILED');
        failure.stack = 'Error: exit 1'; // no path of this machine in a committed file
        throw failure;
      },
    }),
    { ...model(), name: 'model-heal' },
    {
      name: 'drift-check-breach',
      type: 'driftCheck',
      workflowId: 'drift/late/1',
      input: { model: 'late' },
      script: driftScript(plain),
    },
    {
      name: 'rollback',
      type: 'rollback',
      workflowId: 'rollback/late/1',
      input: { model: 'late', actor: 'ann', reason: 'wrong answers' },
      script: {
        rollBackModel: async () => ({ outcome: 'rolledBack', from: '2', to: '1', reasons: [] }),
        projectAliases: async () => ({ movedByHand: [] }),
      },
    },
  ];
}

async function approve(harness: WorkflowHarness, workflowId: string): Promise<void> {
  const handle = harness.env.client.workflow.getHandle(workflowId);
  await harness.sleepUntil('it awaits approval', () => harness.inputs('notify').length > 0);
  const decision = { id: 'yes', version: '2', actor: 'ann', reason: 'looks good' };
  await handle.executeUpdate('approve', { args: [decision], updateId: 'yes' });
  await handle.result();
}

function model(): Omit<Recording, 'name'> {
  const policy = testPolicy({
    triggers: {
      breaches: 1,
      of: 1,
      cooldown: '2h',
      automatic: true,
      debounce: '0s',
      skipUnchangedSnapshot: false,
      deployDeadline: null,
    },
    training: { algorithm: 'lightgbm', search: {}, queues: [{ queue: `${QUEUE}-cpu` }] },
    shadow: { share: 100, min: '10m', max: '24h' },
    rollout: { ...steps, approval: null },
  });
  return {
    type: 'model',
    workflowId: 'model/late',
    input: { model: 'late', policy },
    script: {
      ...retrainScript(policy),
      ...rolloutScript(policy),
      savePolicy: async () => policy,
      openIncident: async ({ id, model: name, reasons }) => ({
        id,
        model: name,
        reasons,
        openedAt: 1,
        closedAt: null,
        outcome: null,
      }),
      closeIncident: async () => undefined,
      recordTriggers: async () => undefined,
      attributeTriggers: async () => ({ count: 1 }),
      describeWorkflow: async () => ({ state: 'running', status: 'RUNNING' }),
    },
    drive: async (harness, workflowId) => {
      const handle = harness.env.client.workflow.getHandle(workflowId);
      await handle.signal('evaluationSignal', driftReport());
      await harness.sleepUntil('it is healed', async () => {
        const status = (await handle.query('status').catch(() => null)) as ModelStatus | null;
        return status?.lastOutcome?.outcome === 'promoted' && status.incident === null;
      });
    },
  };
}

const driftReport = () => ({
  version: '1',
  windowStart: 0,
  windowEnd: 1000,
  breached: true,
  driftScore: 0.4,
  reasons: [{ code: 'drift.psi', text: 'x moved' }],
});

const driftScript = (policy: Policy): Script => ({
  loadPolicy: async () => policy,
  nextCheckWindow: async () => ({ version: '1', start: 0, end: 1000 }),
  evaluateWindow: async () => ({
    outcome: 'breach',
    report: driftReport(),
    driftedFeatures: ['x'],
    summary: '700 rows',
  }),
  reportEvaluation: async () => undefined,
  logCheckToMlflow: async () => ({ reportUrl: 'http://mlflow/#/experiments/1/runs/r/artifacts/report/drift.html' }),
});
