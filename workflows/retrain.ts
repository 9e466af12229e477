import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import { TimeoutType } from '@temporalio/common';
import type { CandidateJudgement } from '../activities/retrain';
import type { FitOutcome, TrainInput, TrialOutcome } from '../activities/train';
import { idempotencyKey } from '../core/ids';
import type { Policy } from '../core/policy';
import type { FinishedTrial, Snapshot, TrialParams } from '../core/ports';
import type { Reason } from '../core/verdict';
import type { RetrainInput, RetrainResult } from '../core/workflow-io';
import { failureCode, failureText } from './activity-failure';
import { callActivity, callOnCpu } from './call-activity';
import { createPresence, showDetails, showTime } from './presence';
import { reportToModel } from './report-to-model';

type Outcome = RetrainResult['outcome'];

/** The training data cannot be used: people are told. */
const DATA_FAULTS: ReadonlySet<string> = new Set([
  'RATCHET_DATA_INVALID',
  'RATCHET_COLUMN_MISSING',
  'RATCHET_COLUMN_TYPE',
  'RATCHET_WINDOW_EMPTY',
  'RATCHET_INSUFFICIENT_DATA',
]);

/** What has been done so far: shown in the details pane and written to the retraining's MLflow run. */
interface Progress {
  snapshot: Snapshot | null;
  holdoutClusters: readonly string[];
  champion: string | null;
  trials: FinishedTrial[];
  fit: FitOutcome | null;
  judgement: CandidateJudgement | null;
  queue: string | null;
}

/**
 * snapshot → data validation → search (trials in parallel on the GPU queue) → fit → parity and gate → registration.
 * Stops with a reason at any of them; whatever happens the champion stays and the claim is given back.
 */
export async function retrain(input: RetrainInput): Promise<RetrainResult> {
  const { workflowId, firstExecutionRunId, runStartTime } = workflowInfo();
  const { model } = input;
  const key = (step: string): string => idempotencyKey(workflowId, firstExecutionRunId, step);
  const holder = `${workflowId}:${firstExecutionRunId}`;
  const presence = createPresence();
  const progress: Progress = {
    snapshot: null,
    holdoutClusters: [],
    champion: null,
    trials: [],
    fit: null,
    judgement: null,
    queue: null,
  };
  presence({ model, phase: 'starting' });

  const policy = await callActivity('loadPolicy', { model, policy: input.policy ?? null }, `policy of ${model}`);
  const show = (phase: string, reasons: readonly Reason[] = []): void => {
    presence({ phase });
    showProgress(model, input, phase, progress, reasons);
  };

  const begun = await callOnCpu(
    'beginRetrain',
    { model, policy, holder, asOf: input.asOf ?? null, lookbackMs: input.lookbackMs ?? null },
    'take the retrain claim',
  );
  if (begun.kind === 'refused') {
    presence({ phase: 'ended', outcome: 'refused' });
    showProgress(model, input, 'ended: refused', progress, begun.reasons);
    return end(model, {
      outcome: 'refused',
      version: null,
      reasons: begun.reasons,
      snapshotDigest: null,
      mlflowRunId: null,
    });
  }
  progress.champion = begun.champion;
  const startTime = runStartTime.getTime();
  let runId: string | null = null;

  const finish = async (
    outcome: Outcome,
    version: string | null,
    reasons: readonly Reason[],
  ): Promise<RetrainResult> => {
    presence({ phase: 'ended', outcome, ...(version === null ? {} : { version }) });
    showProgress(model, input, `ended: ${outcome}`, progress, reasons);
    if (outcome === 'dataInvalid') {
      await tellPeople(policy, workflowId, `Training data of ${model} refused`, reasons);
    }
    await callOnCpu('releaseClaim', { model, kind: 'retrain', holder }, 'give the retrain claim back');
    const result: RetrainResult = {
      outcome,
      version,
      reasons,
      snapshotDigest: progress.snapshot?.digest ?? null,
      mlflowRunId: runId,
    };
    // The model goes on at once; its report and plots follow.
    await end(model, result, outcome === 'failed' ? null : progress.snapshot);
    if (runId !== null) {
      await callActivity(
        'finishRetrainRun',
        {
          model,
          policy,
          runId,
          workflowId,
          outcome,
          reason: input.reason,
          reasons,
          version,
          champion: progress.champion,
          snapshot: progress.snapshot,
          holdoutClusters: progress.holdoutClusters,
          trials: progress.trials,
          fit: progress.fit,
          judgement: progress.judgement,
          startTime,
        },
        'report and plots to MLflow',
        { retry: { maximumAttempts: 5 } },
      ).catch(() => undefined);
    }
    return result;
  };

  try {
    show('snapshot');
    progress.snapshot = await callOnCpu(
      'takeSnapshot',
      { policy, from: begun.from, to: begun.to, asOf: begun.asOf },
      `training data ${showTime(begun.from)} to ${showTime(begun.to)}`,
    );
    if (progress.snapshot.digest === input.unchangedDigest) {
      const text = `the training data are the same as last time (${progress.snapshot.digest.slice(0, 12)}): nothing new to learn`;
      return await finish('unchanged', null, [{ code: 'snapshot.unchanged', text }]);
    }
    const run = await callActivity(
      'startRun',
      {
        key: key('run'),
        model,
        name: workflowId,
        startTime,
        tags: {
          'ratchet.workflow': workflowId,
          'ratchet.reason': input.reason,
          'ratchet.actor': input.actor,
          'ratchet.snapshot': progress.snapshot.digest,
        },
      },
      'MLflow run',
    );
    runId = run.runId;

    show('validation');
    const prepared = await callOnCpu(
      'prepareTraining',
      { model, policy, champion: begun.champion, snapshot: progress.snapshot },
      `validate ${progress.snapshot.rows} rows`,
    );
    if (prepared.verdict !== 'pass') {
      return await finish('dataInvalid', null, prepared.reasons);
    }
    progress.holdoutClusters = prepared.holdoutClusters;

    show('search');
    const base = { policy, snapshot: progress.snapshot, holdoutClusters: prepared.holdoutClusters };
    const best = await search(policy, base, key, progress, runId, model, () => show('search'));

    show('fit');
    progress.fit = await onTrainingQueue(policy, progress, (queue, scheduleToStartTimeout) =>
      callActivity(
        'fitModel',
        { ...base, key: key('fit'), params: best, compareRandomHoldout: true },
        `fit ${policy.training.algorithm} on ${prepared.rows - prepared.holdoutRows} rows`,
        trainingOptions(policy, queue, scheduleToStartTimeout),
      ),
    );

    show('gate');
    progress.judgement = await callOnCpu(
      'judgeCandidate',
      {
        model,
        policy,
        champion: begun.champion,
        snapshot: progress.snapshot,
        holdoutClusters: prepared.holdoutClusters,
        outputDir: progress.fit.outputDir,
        key: key('gate'),
        workflowId,
      },
      `parity and gate on ${prepared.holdoutRows} held-out rows of ${prepared.holdoutClusters.length} clusters`,
    );
    const reasons = [...progress.judgement.reasons, whereTrained(progress.fit, progress.queue)];
    if (progress.judgement.verdict !== 'pass') return await finish('refused', null, reasons);

    show('registration');
    const registered = await callOnCpu(
      'registerCandidate',
      {
        model,
        policy,
        snapshot: progress.snapshot,
        outputDir: progress.fit.outputDir,
        judgement: progress.judgement,
        holdoutClusters: progress.holdoutClusters,
        mlflowRunId: runId,
        key: key('register'),
        workflowId,
      },
      'register the challenger',
    );
    if (begun.champion !== null) return await finish('challenger', registered.version, reasons);
    await callOnCpu(
      'adoptFirstVersion',
      {
        model,
        version: registered.version,
        policy,
        actor: input.actor,
        reason: input.reason,
        asOf: begun.asOf,
        key: key('adopt'),
        workflowId,
      },
      `version ${registered.version} is the first champion`,
    );
    return await finish('champion', registered.version, reasons);
  } catch (error) {
    const reason = faultReason(error);
    const outcome = DATA_FAULTS.has(reason.code) ? 'dataInvalid' : 'failed';
    const ended = await CancellationScope.nonCancellable(() => finish(outcome, null, [reason]));
    if (isCancellation(error)) throw error;
    return ended;
  }
}

/** Trials in batches of `parallelTrials`; the study is rebuilt from what history holds. Returns the best parameters. */
async function search(
  policy: Policy,
  base: Pick<TrainInput, 'policy' | 'snapshot' | 'holdoutClusters'>,
  key: (step: string) => string,
  progress: Progress,
  runId: string,
  model: string,
  show: () => void,
): Promise<TrialParams> {
  const { training } = policy;
  if (Object.keys(training.search).length === 0 || training.trials === 0) return {};
  const logs: Promise<unknown>[] = [];
  while (progress.trials.length < training.trials) {
    const count = Math.min(training.parallelTrials, training.trials - progress.trials.length);
    const first = progress.trials.length;
    const asked = await callOnCpu(
      'suggestTrials',
      { policy, finished: progress.trials, running: [], count },
      `ask for ${count} trials`,
    );
    const finished = await Promise.all(
      asked.map(async (params, i): Promise<FinishedTrial> => {
        const number = first + i + 1;
        const startTime = Date.now();
        try {
          const trial: TrialOutcome = await onTrainingQueue(policy, progress, (queue, scheduleToStartTimeout) =>
            callActivity(
              'runTrial',
              { ...base, key: key(`trial:${number}`), params, compareRandomHoldout: false },
              `trial ${number} of ${training.trials}: ${describe(params)}`,
              trainingOptions(policy, queue, scheduleToStartTimeout),
            ),
          );
          logs.push(
            callActivity(
              'logTrial',
              { key: key(`trial:${number}:run`), model, parentRunId: runId, number, trial, startTime },
              `trial ${number} to MLflow`,
              { retry: { maximumAttempts: 3 } },
            ).catch(() => undefined),
          );
          return { params, value: trial.value };
        } catch (error) {
          if (isCancellation(error)) throw error;
          return { params, value: null };
        }
      }),
    );
    progress.trials.push(...finished);
    show();
  }
  await Promise.all(logs);
  const best = progress.trials.reduce<FinishedTrial | null>(
    (a, b) => (b.value !== null && (a === null || a.value === null || b.value < a.value) ? b : a),
    null,
  );
  if (best === null)
    throw ApplicationFailure.nonRetryable(`all ${progress.trials.length} trials failed`, 'RATCHET_TRAINER_FAILED');
  return best.params;
}

/**
 * Tries the policy's queues in order: when no worker takes the task within the queue's time, the next one is asked.
 * The last queue waits as long as it takes.
 */
async function onTrainingQueue<R>(
  policy: Policy,
  progress: Progress,
  run: (queue: string, scheduleToStartTimeout: number | null) => Promise<R>,
): Promise<R> {
  const { queues } = policy.training;
  for (const [i, { queue, scheduleToStartMs }] of queues.entries()) {
    const last = i === queues.length - 1;
    try {
      progress.queue = queue;
      return await run(queue, last ? null : scheduleToStartMs);
    } catch (error) {
      const waited =
        error instanceof ActivityFailure &&
        error.cause instanceof TimeoutFailure &&
        error.cause.timeoutType === TimeoutType.SCHEDULE_TO_START;
      if (!waited || last) throw error;
    }
  }
  throw ApplicationFailure.nonRetryable('the policy names no training queue', 'RATCHET_GPU_UNAVAILABLE');
}

function trainingOptions(
  policy: Policy,
  taskQueue: string,
  scheduleToStartTimeout: number | null,
): NonNullable<Parameters<typeof callActivity>[3]> {
  return {
    taskQueue,
    startToCloseTimeout: policy.training.timeoutMs,
    heartbeatTimeout: Math.max(policy.training.heartbeatTimeoutMs, 5000),
    retry: { initialInterval: '1 second', maximumInterval: '1 minute', maximumAttempts: 5 },
    ...(scheduleToStartTimeout === null ? {} : { scheduleToStartTimeout }),
  };
}

/** `judged`: the training data of which this is the judgement; null when there is none. */
async function end(model: string, result: RetrainResult, judged: Snapshot | null = null): Promise<RetrainResult> {
  await reportToModel(model, {
    kind: 'retrain',
    version: result.version,
    outcome: result.outcome,
    reasons: result.reasons,
    ...(judged === null ? {} : { snapshot: { digest: judged.digest, to: judged.to } }),
  });
  return result;
}

async function tellPeople(
  policy: Policy,
  workflowId: string,
  title: string,
  reasons: readonly Reason[],
): Promise<void> {
  await callActivity(
    'notify',
    {
      policy,
      notification: {
        id: `${workflowId}:dataInvalid`,
        kind: 'dataInvalid',
        model: policy.model,
        version: null,
        title,
        text: reasons.map((r) => r.text).join('\n'),
        links: {},
      },
    },
    title,
    { retry: { maximumAttempts: 5 } },
  ).catch(() => undefined);
}

/** Says plainly when the GPU queue was served without a card. */
function whereTrained(fit: FitOutcome, queue: string | null): Reason {
  const onCpu =
    fit.device === 'cpu' && (queue?.includes('gpu') ?? false) ? ': no card used, the CPU served the GPU queue' : '';
  return {
    code: 'training.device',
    text: `fitted in ${fit.seconds.toFixed(1)} s on the ${fit.device} (queue ${queue ?? '–'}${onCpu})`,
  };
}

function faultReason(error: unknown): Reason {
  if (isCancellation(error)) return { code: 'cancelled', text: 'the workflow was cancelled' };
  return { code: failureCode(error) ?? 'RATCHET_INTERNAL', text: failureText(error) };
}

const describe = (params: TrialParams): string =>
  Object.entries(params)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? Number(value.toPrecision(4)) : String(value)}`)
    .join(', ');

function showProgress(
  model: string,
  input: RetrainInput,
  phase: string,
  p: Progress,
  reasons: readonly Reason[],
): void {
  showDetails({
    title: `Retraining ${model}: ${phase}`,
    facts: [
      ['because', input.reason],
      ['asked by', input.actor],
      ['champion', p.champion ?? 'none yet'],
      ...(p.snapshot === null
        ? []
        : ([
            [
              'snapshot',
              `${p.snapshot.rows} rows, ${showTime(p.snapshot.from)} to ${showTime(p.snapshot.to)}, \`${p.snapshot.digest.slice(0, 12)}\``,
            ],
          ] as const)),
      ...(p.queue === null ? [] : ([['training queue', p.queue]] as const)),
      ...(p.fit === null ? [] : ([['trained', `${p.fit.seconds.toFixed(1)} s on ${p.fit.device}`]] as const)),
      ...(p.judgement?.randomRows == null
        ? []
        : ([
            [
              'a random-row hold-out would have said',
              `${p.judgement.randomRows.difference.toFixed(3)} [${p.judgement.randomRows.low.toFixed(3)}, ${p.judgement.randomRows.high.toFixed(3)}]`,
            ],
          ] as const)),
    ],
    ...(p.trials.length === 0
      ? {}
      : {
          table: {
            head: ['trial', 'parameters', 'cross-validated loss'],
            rows: p.trials.map((t, i) => [
              String(i + 1),
              describe(t.params),
              t.value === null ? 'failed' : t.value.toFixed(4),
            ]),
          },
        }),
    reasons,
  });
}
