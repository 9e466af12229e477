/** MLflow runs, plots and reports. Tracking writes are kept and replayed by the port: they never stop the loop (DESIGN §7). */
import type { EpochMs, ModelName, ModelVersion } from '../core/model';
import type { Policy } from '../core/policy';
import type { FinishedTrial, Snapshot } from '../core/ports';
import type { Reason } from '../core/verdict';
import { guarded } from './failure';
import type { ActivityPorts } from './ports';
import type { CandidateJudgement } from './retrain';
import { readTrainerResult } from './work-folder';
import type { FitOutcome, TrialOutcome } from './train';
import { pick } from './retrain';

export interface StartRunInput {
  readonly key: string;
  readonly model: ModelName;
  readonly name: string;
  readonly startTime: EpochMs;
  readonly tags: Readonly<Record<string, string>>;
}

export interface LogTrialInput {
  readonly key: string;
  readonly model: ModelName;
  readonly parentRunId: string;
  readonly number: number;
  readonly trial: TrialOutcome;
  readonly startTime: EpochMs;
}

export interface FinishRetrainRunInput {
  readonly model: ModelName;
  readonly policy: Policy;
  readonly runId: string;
  readonly workflowId: string;
  readonly outcome: string;
  readonly reason: string;
  readonly reasons: readonly Reason[];
  readonly version: ModelVersion | null;
  readonly champion: ModelVersion | null;
  readonly snapshot: Snapshot | null;
  readonly holdoutClusters: readonly string[];
  readonly trials: readonly FinishedTrial[];
  readonly fit: FitOutcome | null;
  readonly judgement: CandidateJudgement | null;
  readonly startTime: EpochMs;
}

export interface ReportRolloutInput {
  readonly model: ModelName;
  readonly version: ModelVersion;
  readonly champion: ModelVersion;
  readonly workflowId: string;
  readonly run: string;
  readonly outcome: string;
  readonly reasons: readonly Reason[];
  /** The frozen bound of a slow answer; null: unknown, or a shadow test. */
  readonly slowUs: number | null;
  readonly startTime: EpochMs;
}

type TrackPorts = Pick<
  ActivityPorts,
  'tracking' | 'reports' | 'evaluations' | 'profiles' | 'decisions' | 'predictions' | 'training' | 'clock'
>;

// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the table's type is the contract
export function createTrackActivities(ports: TrackPorts) {
  return guarded({
    async startRun(input: StartRunInput): Promise<{ readonly runId: string; readonly url: string }> {
      const { runId, url } = await ports.tracking.ensureRun({
        key: input.key,
        experiment: `ratchet/${input.model}`,
        name: input.name,
        startTime: input.startTime,
        tags: input.tags,
      });
      return { runId, url };
    },

    async logTrial(input: LogTrialInput): Promise<void> {
      const { runId } = await ports.tracking.ensureRun({
        key: input.key,
        experiment: `ratchet/${input.model}`,
        name: `trial ${input.number}`,
        parentRunId: input.parentRunId,
        startTime: input.startTime,
      });
      await ports.tracking.logRun(runId, {
        params: input.trial.params,
        metrics: [
          { key: 'cv.value', value: input.trial.value, timestamp: input.startTime },
          { key: 'seconds', value: input.trial.seconds, timestamp: input.startTime },
        ],
        tags: { 'ratchet.device': input.trial.device },
      });
      await ports.tracking.endRun(runId, 'FINISHED', ports.clock.now());
    },

    /** Parameters, metrics, dataset, the drift report that caused it, plots and the HTML report of a retraining. */
    async finishRetrainRun(input: FinishRetrainRunInput): Promise<void> {
      const at = ports.clock.now();
      const { runId, snapshot, fit, judgement } = input;
      const metrics = Object.entries({
        ...prefixed('holdout.', judgement?.holdoutMetrics),
        ...(fit === null ? {} : { 'train.seconds': fit.seconds }),
      })
        .filter(([, value]) => Number.isFinite(value))
        .map(([key, value]) => ({ key, value, timestamp: input.startTime }));
      await ports.tracking.logRun(runId, {
        params: {
          ...(fit?.params ?? {}),
          algorithm: input.policy.training.algorithm,
          seed: input.policy.training.seed,
        },
        metrics,
        tags: {
          'ratchet.outcome': input.outcome,
          ...(input.version === null ? {} : { 'ratchet.version': input.version }),
          ...(fit === null ? {} : { 'ratchet.device': fit.device }),
        },
        datasets:
          snapshot === null
            ? []
            : [
                {
                  name: `${input.model} training`,
                  digest: snapshot.digest,
                  source: {
                    uri: snapshot.uri,
                    sha256: snapshot.digest,
                    rows: snapshot.rows,
                    from: snapshot.from,
                    to: snapshot.to,
                    asOf: snapshot.asOf,
                  },
                  context: 'training',
                },
              ],
      });
      const evaluations = await ports.evaluations.listEvaluations(input.model);
      const caused = evaluations.filter((e) => e.report.breached).at(-1) ?? evaluations.at(-1) ?? null;
      const data = {
        model: input.model,
        version: input.version,
        workflowId: input.workflowId,
        outcome: input.outcome,
        at,
        reason: input.reason,
        snapshot,
        trials: input.trials,
        gate: judgement?.gate ?? null,
        gateReasons: input.reasons,
        importance: fit?.importance ?? {},
        drift: caused?.measurement ?? null,
        holdout: await heldOut(input),
        classes: input.policy.classes,
      };
      await ports.tracking.logArtifact(
        runId,
        'report/retrain.html',
        await ports.reports.renderRetrain(data),
        'text/html',
      );
      for (const [name, svg] of Object.entries(await ports.reports.renderPlots(data))) {
        await ports.tracking.logArtifact(runId, `plots/${name}`, svg, 'image/svg+xml');
      }
      if (caused !== null) {
        await ports.tracking.logArtifact(
          runId,
          'drift.json',
          JSON.stringify(caused.measurement, null, 2),
          'application/json',
        );
      }
      const reference = input.version === null ? null : await ports.profiles.getProfile(input.model, input.version);
      if (reference !== null) {
        await ports.tracking.logArtifact(
          runId,
          'reference-profile.json',
          JSON.stringify({ digest: reference.digest, ...reference.profile }),
          'application/json',
        );
      }
      if (judgement !== null) {
        await ports.tracking.logArtifact(runId, 'gate.json', JSON.stringify(judgement, null, 2), 'application/json');
      }
      await ports.tracking.endRun(runId, input.outcome === 'failed' ? 'FAILED' : 'FINISHED', at);
    },

    /** One run and one HTML file a rollout. */
    async reportRollout(input: ReportRolloutInput): Promise<void> {
      const { runId } = await ports.tracking.ensureRun({
        key: `${input.run}:report`,
        experiment: `ratchet/${input.model}`,
        name: input.workflowId,
        startTime: input.startTime,
        tags: {
          'ratchet.outcome': input.outcome,
          'ratchet.version': input.version,
          'ratchet.workflow': input.workflowId,
        },
      });
      const latest = await ports.predictions.latestOccurredAt(input.model);
      const html = await ports.reports.renderRollout({
        model: input.model,
        version: input.version,
        champion: input.champion,
        workflowId: input.workflowId,
        outcome: input.outcome,
        at: ports.clock.now(),
        decisions: await ports.decisions.list(input.model, { workflowId: input.workflowId }),
        segments: await ports.predictions.readSegments(input.model, input.run, input.slowUs, latest ?? 0),
        reasons: input.reasons,
      });
      await ports.tracking.logArtifact(runId, 'report/rollout.html', html, 'text/html');
      await ports.tracking.endRun(runId, 'FINISHED', ports.clock.now());
    },
  });

  async function heldOut(
    input: FinishRetrainRunInput,
  ): Promise<{ truth: readonly string[]; candidate: readonly number[]; champion: null } | null> {
    if (input.fit === null || input.snapshot === null) return null;
    const result = await readTrainerResult(input.fit.outputDir);
    if (result.holdoutScores === null) return null;
    const rows = await ports.training.readSnapshot(input.snapshot, input.policy.features);
    const held = new Set(input.holdoutClusters);
    const index = rows.cluster.flatMap((c, i) => (held.has(c) ? [i] : []));
    return { truth: pick(rows, index).target, candidate: result.holdoutScores, champion: null };
  }
}

function prefixed(prefix: string, metrics: Readonly<Record<string, number>> | undefined): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics ?? {}).map(([name, value]) => [`${prefix}${name}`, value]));
}
