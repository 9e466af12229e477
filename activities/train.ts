/** Activities on the GPU queues (or on `ratchet-cpu` when no card's worker answers): trials and the final fit. */
import type { Policy } from '../core/policy';
import type { FinishedTrial, Snapshot, TrainerJob, TrainerProgress, TrainerResult, TrialParams } from '../core/ports';
import { guarded, withHeartbeat } from './failure';
import { Context } from './peers';
import type { ActivityPorts } from './ports';
import { ensureJobFolder, findTrainerResult, writeTrainerResult } from './work-folder';

export interface TrainInput {
  readonly key: string;
  readonly policy: Policy;
  readonly snapshot: Snapshot;
  readonly holdoutClusters: readonly string[];
  readonly params: TrialParams;
  readonly compareRandomHoldout: boolean;
}

export interface TrialOutcome {
  readonly value: number;
  readonly params: TrialParams;
  readonly device: 'cpu' | 'gpu';
  readonly seconds: number;
}

export interface FitOutcome {
  readonly outputDir: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly importance: Readonly<Record<string, number>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly params: TrialParams;
  readonly device: 'cpu' | 'gpu';
  readonly seconds: number;
  readonly sha256: string;
}

export interface SuggestInput {
  readonly policy: Policy;
  readonly finished: readonly FinishedTrial[];
  readonly running: readonly TrialParams[];
  readonly count: number;
}

const GOLDEN_ROWS = 64;

// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the table's type is the contract
export function createTrainActivities(ports: Pick<ActivityPorts, 'trainer' | 'gpus' | 'workDir' | 'logger'>) {
  async function run(kind: 'trial' | 'fit', input: TrainInput): Promise<{ result: TrainerResult; outputDir: string }> {
    const { policy } = input;
    const outputDir = await ensureJobFolder(ports.workDir, input.key);
    const done = await findTrainerResult(outputDir);
    if (done !== null) return { result: done, outputDir };
    const job: TrainerJob = {
      kind,
      snapshotUri: input.snapshot.uri,
      snapshotDigest: input.snapshot.digest,
      task: policy.task,
      features: policy.features,
      classes: policy.classes,
      threshold: policy.threshold,
      algorithm: policy.training.algorithm,
      params: { ...policy.training.params, ...input.params },
      seed: policy.training.seed,
      holdoutClusters: input.holdoutClusters,
      folds: policy.training.folds,
      goldenRows: GOLDEN_ROWS,
      compareRandomHoldout: input.compareRandomHoldout,
      outputDir,
    };
    const { workflowExecution, activityId, attempt } = Context.current().info;
    const holder = `${workflowExecution?.workflowId ?? 'standalone'}/${activityId}/${attempt}`;
    const card = ports.gpus.acquire(holder);
    try {
      const result = await withHeartbeat(1000, (signal, beat) =>
        ports.trainer.run(job, {
          command: policy.training.command,
          onProgress: (progress: TrainerProgress) => beat(progress),
          signal,
          cudaDevice: card === null ? null : String(card),
          silenceMs: policy.training.heartbeatTimeoutMs,
        }),
      );
      await writeTrainerResult(outputDir, result);
      return { result, outputDir };
    } finally {
      ports.gpus.release(holder);
    }
  }

  return guarded({
    /** Cross-validation over training clusters with one set of parameters. The metric: log-loss, or RMSE. */
    async runTrial(input: TrainInput): Promise<TrialOutcome> {
      const { result } = await run('trial', input);
      const metric = input.policy.task === 'regression' ? 'rmse' : 'logLoss';
      return {
        value: result.metrics[metric] as number,
        params: input.params,
        device: result.device,
        seconds: result.seconds,
      };
    },

    /** The final fit: model.onnx, golden rows and native scores in the job's folder; only a summary enters history. */
    async fitModel(input: TrainInput): Promise<FitOutcome> {
      const { result, outputDir } = await run('fit', input);
      return {
        outputDir,
        metrics: result.metrics,
        importance: result.importance,
        versions: result.versions,
        params: result.params,
        device: result.device,
        seconds: result.seconds,
        sha256: result.model?.sha256 ?? '',
      };
    },
  });
}

/** The search has no database: the study is rebuilt from the workflow's history at each ask (stack.md §7). */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the table's type is the contract
export function createSearchActivities(ports: Pick<ActivityPorts, 'trainer'>) {
  return guarded({
    async suggestTrials(input: SuggestInput): Promise<readonly TrialParams[]> {
      return ports.trainer.suggest({
        search: input.policy.training.search,
        seed: input.policy.training.seed,
        direction: 'minimize',
        finished: input.finished,
        running: input.running,
        count: input.count,
      });
    },
  });
}
