/**
 * `npm run bench:loop`: rows in PostgreSQL → registered challenger, time a phase. The activities of `retrain` over the real adapters
 * and the real trainer, in the order of the workflow, called directly: Temporal's own time is not in it.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createCpuActivities, type ActivityPorts, type CpuActivities } from '../activities';
import { resolveBinaries, startMlflow } from '../adapters/embedded';
import { MlflowRegistryStore, MlflowTransport } from '../adapters/mlflow';
import { OnnxModelRuntime } from '../adapters/onnx';
import { ParquetSnapshotFiles } from '../adapters/parquet';
import {
  PostgresClaimStore,
  PostgresDecisionStore,
  PostgresModelStore,
  PostgresPredictionReader,
  PostgresProfileStore,
  PostgresRouteStore,
  PostgresTrainingSource,
} from '../adapters/postgres';
import type { ModelVersion } from '../core/model';
import type { Policy } from '../core/policy';
import type { FinishedTrial, Snapshot, TrialParams } from '../core/ports';
import { describeMachine } from './report/machine';
import { metricOf, type Metric } from './report/metric';
import { printReport } from './report/print';
import { benchArguments } from './world/arguments';
import { startBenchDatabase, type BenchDatabase } from './world/database';
import { loopPolicy, storeRows } from './world/loop-data';
import { projectRoot } from './world/project-root';
import { DATA_END, numericFeatures, syntheticRows } from './world/rows';
import { progress, runBench, type Cleanup } from './world/run-bench';
import { benchTrainer, MODEL, silent } from './world/trained-model';

const PHASES = ['snapshot', 'validate', 'trials', 'fit', 'judge', 'register'] as const;
type Phase = (typeof PHASES)[number];
type Seconds = Record<Phase, number>;

interface Round {
  readonly seconds: Seconds;
  readonly snapshot: Snapshot;
  readonly holdoutClusters: readonly string[];
  readonly trials: readonly TrialParams[];
  readonly version: ModelVersion;
  readonly verdict: string;
  readonly logLoss: number;
}

runBench(async (cleanup) => {
  const { rows, features, rounds, trials } = benchArguments(
    'npm run bench:loop -- [--quick] [--rows N] [--features N] [--trials N] [--rounds N]',
    {
      rows: { full: 100_000, quick: 20_000 },
      features: { full: 20, quick: 10 },
      trials: { full: 4, quick: 2 },
      rounds: { full: 3, quick: 2 },
    },
  );
  const database = await startBenchDatabase(cleanup);
  progress('starting MLflow');
  const { python } = resolveBinaries({ pythonEnv: join(projectRoot(), '.ratchet', 'python') });
  const mlflow = await startMlflow({ dataDir: database.folder, python });
  cleanup.add(() => mlflow.stop());
  const specs = numericFeatures(features);
  progress(`storing ${rows} rows × ${features} features`);
  await storeRows(database.pool, syntheticRows(rows, specs, 1));
  const policy = loopPolicy(specs, trials);
  const activities = connect(cleanup, database, mlflow.url);
  await new PostgresModelStore(database.pool).saveModel(policy, { actor: 'bench', reason: 'benchmark' });

  // the first round warms trainers and MLflow, and gives the champion that the others are judged against
  progress('first version');
  const first = await runLoop(activities, policy, 0, null);
  await adoptFirst(activities, policy, first.version);
  const seen: Round[] = [];
  for (let i = 1; i <= rounds; i++) {
    progress(`round ${i}/${rounds}`);
    seen.push(await runLoop(activities, policy, i, first.version));
  }
  const last = seen.at(-1) as Round;
  progress('the same by hand');
  const hand = await byHand(database.folder, python, policy, last);

  const PEER = 'scikit-learn script, no validation, ONNX, bounds or registry';
  const size = `${rows}x${features}`;
  const metric = (id: string, ours: readonly number[], peer?: number): Metric =>
    metricOf({
      id: `loop.${id}.${size}`,
      unit: 's',
      ours,
      ...(peer === undefined ? {} : { peer: { name: PEER, values: [peer] } }),
    });
  const total = (round: Round): number => PHASES.reduce((sum, phase) => sum + round.seconds[phase], 0);
  printReport(
    'bench:loop',
    describeMachine(),
    [
      ...PHASES.map((phase) =>
        metric(
          phase,
          seen.map((round) => round.seconds[phase]),
          hand.seconds[phase],
        ),
      ),
      metric(
        'total',
        seen.map(total),
        Object.values(hand.seconds).reduce((a, b) => a + b, 0),
      ),
    ],
    [
      `${rows} rows × ${features} features from PostgreSQL to a registered challenger; ${trials} trials × ${policy.training.folds} folds, ${policy.training.parallelTrials} at a time; gate against a champion with ${policy.gate.resamples} resamples of days.`,
      `Last round: gate ${last.verdict}, hold-out log-loss ${last.logLoss.toFixed(4)}; by hand ${hand.log_loss.toFixed(4)} on the same rows, clusters and parameters.`,
      `The peer gets the finished Parquet file (reading it: ${hand.seconds['read']?.toFixed(2) ?? '?'} s, in its total) and all cores a fit; ours fits with one thread a trial. Its fit makes no ONNX file and its judge no bounds.`,
      'Activities are called directly: Temporal adds about 50 ms each (notes, §1), some 10 of them here. Registration is done whatever the gate says.',
    ],
  );
});

function connect(cleanup: Cleanup, database: BenchDatabase, mlflowUrl: string): CpuActivities {
  const { pool, folder } = database;
  const workDir = join(folder, 'work');
  mkdirSync(workDir, { recursive: true });
  const ports: Omit<ActivityPorts, UnusedPort> = {
    models: new PostgresModelStore(pool),
    routes: new PostgresRouteStore(pool),
    claims: new PostgresClaimStore(pool),
    decisions: new PostgresDecisionStore(pool),
    predictions: new PostgresPredictionReader(pool),
    profiles: new PostgresProfileStore(pool),
    training: new PostgresTrainingSource({
      warehouse: pool,
      ledger: pool,
      files: new ParquetSnapshotFiles(),
      folder: join(workDir, 'snapshots'),
    }),
    trainer: benchTrainer(cleanup),
    gpus: { acquire: () => null, release: () => undefined },
    runtime: new OnnxModelRuntime(),
    registry: new MlflowRegistryStore(new MlflowTransport(mlflowUrl, {})),
    clock: { now: () => Date.now() },
    logger: silent,
    workDir,
    codeVersion: 'bench',
  };
  return createCpuActivities(ports as ActivityPorts);
}

/** Ports that no activity of the loop touches. */
type UnusedPort =
  | 'statistics'
  | 'quality'
  | 'triggers'
  | 'probe'
  | 'incidents'
  | 'evaluations'
  | 'gateways'
  | 'tracking'
  | 'notifier'
  | 'workflows'
  | 'reports';

/** As a worker would run it. */
const run = <O>(activity: () => Promise<O>): Promise<O> => new MockActivityEnvironment().run(activity);

/** One retraining, in the order of workflows/retrain.ts. */
async function runLoop(
  activities: CpuActivities,
  policy: Policy,
  round: number,
  champion: ModelVersion | null,
): Promise<Round> {
  const seconds = {} as Seconds;
  const timed = async <T>(phase: Phase, work: () => Promise<T>): Promise<T> => {
    const begun = performance.now();
    const value = await work();
    seconds[phase] = (performance.now() - begun) / 1000;
    return value;
  };
  const key = (step: string): string => `retrain/${MODEL}/${round}:bench:${step}`;

  const snapshot = await timed('snapshot', () =>
    run(() =>
      activities.takeSnapshot({
        policy,
        from: DATA_END - policy.data.lookbackMs,
        to: DATA_END,
        asOf: DATA_END,
      }),
    ),
  );
  const prepared = await timed('validate', () =>
    run(() => activities.prepareTraining({ model: MODEL, policy, champion, snapshot })),
  );
  const { holdoutClusters } = prepared;
  const training = { policy, snapshot, holdoutClusters, compareRandomHoldout: false };
  const finished = await timed('trials', async () => {
    const done: FinishedTrial[] = [];
    while (done.length < policy.training.trials) {
      const count = Math.min(policy.training.parallelTrials, policy.training.trials - done.length);
      const suggested = await run(() => activities.suggestTrials({ policy, finished: done, running: [], count }));
      const outcomes = await Promise.all(
        suggested.map((params, i) =>
          run(() =>
            activities.runTrial({
              ...training,
              params,
              key: key(`trial:${done.length + i}`),
            }),
          ),
        ),
      );
      done.push(...outcomes.map(({ params, value }) => ({ params, value })));
    }
    return done;
  });
  const best = finished.reduce((a, b) => ((b.value ?? Infinity) < (a.value ?? Infinity) ? b : a));
  const fit = await timed('fit', () =>
    run(() => activities.fitModel({ ...training, params: best.params, key: key('fit') })),
  );
  const judgement = await timed('judge', () =>
    run(() =>
      activities.judgeCandidate({
        model: MODEL,
        policy,
        champion,
        snapshot,
        holdoutClusters,
        outputDir: fit.outputDir,
        key: key('gate'),
        workflowId: `retrain/${MODEL}/${round}`,
      }),
    ),
  );
  const { version } = await timed('register', () =>
    run(() =>
      activities.registerCandidate({
        model: MODEL,
        policy,
        snapshot,
        outputDir: fit.outputDir,
        judgement,
        holdoutClusters,
        mlflowRunId: null,
        key: key('register'),
        workflowId: `retrain/${MODEL}/${round}`,
      }),
    ),
  );
  return {
    seconds,
    snapshot,
    holdoutClusters,
    trials: finished.map((trial) => trial.params),
    version,
    verdict: judgement.verdict,
    logLoss: judgement.holdoutMetrics['logLoss'] ?? NaN,
  };
}

async function adoptFirst(activities: CpuActivities, policy: Policy, version: ModelVersion): Promise<void> {
  await run(() =>
    activities.adoptFirstVersion({
      model: MODEL,
      version,
      policy,
      actor: 'bench',
      reason: 'benchmark',
      asOf: DATA_END,
      key: 'bench:adopt',
      workflowId: `retrain/${MODEL}/0`,
    }),
  );
}

interface ByHand {
  readonly seconds: Readonly<Record<string, number>>;
  readonly log_loss: number;
}

async function byHand(folder: string, python: string, policy: Policy, round: Round): Promise<ByHand> {
  const job = join(folder, 'by-hand.json');
  writeFileSync(
    job,
    JSON.stringify({
      snapshot: round.snapshot.uri,
      features: policy.features.map((f) => f.name),
      holdout_clusters: round.holdoutClusters,
      trials: round.trials,
      fixed: policy.training.params,
      folds: policy.training.folds,
      seed: policy.training.seed,
    }),
  );
  const { stdout } = await promisify(execFile)(
    python,
    [join(projectRoot(), 'bench', 'peers', 'train_by_hand.py'), job],
    {
      env: { ...process.env, OMP_WAIT_POLICY: 'passive' },
    },
  );
  return JSON.parse(stdout) as ByHand;
}
