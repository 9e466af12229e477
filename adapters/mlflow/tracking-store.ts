import type { RunData, RunDraft, TrackingStore } from '../../core/ports';
import { ArtifactClient } from './artifact-client';
import { ensureCreated, keyIs, KEY_TAG } from './ensure-created';
import { ExperimentIds } from './experiment-ids';
import { draftOfKeptRunId } from './kept-run-id';
import { batches, datasetInputs } from './run-batches';
import type { MlflowTransport } from './transport';
import { keyValues, quoted, type Run } from './wire';

/** Runs in MLflow. Idempotent: a run by its key, points by key, timestamp and step, params and tags by name, files by path. */
export class MlflowTrackingStore implements TrackingStore {
  private readonly experiments: ExperimentIds;
  private readonly artifacts: ArtifactClient;
  private readonly artifactRoots = new Map<string, string>();
  private readonly madeGood = new Map<string, string>();

  constructor(private readonly transport: MlflowTransport) {
    this.experiments = new ExperimentIds(transport);
    this.artifacts = new ArtifactClient(transport);
  }

  async ensureRun(
    draft: RunDraft,
  ): Promise<{ readonly runId: string; readonly experimentId: string; readonly url: string }> {
    const experimentId = await this.experiments.ensure(draft.experiment);
    const parent = draft.parentRunId === undefined ? undefined : await this.realRunId(draft.parentRunId);
    const run = await ensureCreated(
      this.transport,
      () => this.findRun(experimentId, draft.key),
      () => this.createRun(experimentId, draft, parent),
    );
    this.artifactRoots.set(run.info.run_id, run.info.artifact_uri);
    const url = `${this.transport.trackingUri}/#/experiments/${experimentId}/runs/${run.info.run_id}`;
    return { runId: run.info.run_id, experimentId, url };
  }

  async logRun(runId: string, data: RunData): Promise<void> {
    const run_id = await this.realRunId(runId);
    for (const batch of batches(data)) {
      await this.transport.json('POST', 'mlflow/runs/log-batch', { body: { run_id, ...batch } });
    }
    const datasets = datasetInputs(data.datasets ?? []);
    if (datasets.length > 0) {
      await this.transport.json('POST', 'mlflow/runs/log-inputs', { body: { run_id, datasets } });
    }
  }

  async logArtifact(runId: string, path: string, body: Uint8Array | string, contentType?: string): Promise<void> {
    const real = await this.realRunId(runId);
    const options = { owner: { run_id: real }, ...(contentType === undefined ? {} : { contentType }) };
    await this.artifacts.upload(await this.artifactRoot(real), path, body, options);
  }

  async endRun(runId: string, status: 'FINISHED' | 'FAILED' | 'KILLED', endTime: number): Promise<void> {
    const run_id = await this.realRunId(runId);
    await this.transport.json('POST', 'mlflow/runs/update', { body: { run_id, status, end_time: endTime } });
  }

  /** The run that a provisional id of KeptTrackingStore stands for; any other id is returned as it is. */
  async realRunId(runId: string): Promise<string> {
    const draft = draftOfKeptRunId(runId);
    if (draft === null) return runId;
    const known = this.madeGood.get(runId);
    if (known !== undefined) return known;
    const real = (await this.ensureRun(draft)).runId;
    this.madeGood.set(runId, real);
    return real;
  }

  private async findRun(experimentId: string, key: string): Promise<Run | null> {
    const body = {
      experiment_ids: [experimentId],
      filter: keyIs(quoted(key)),
      run_view_type: 'ACTIVE_ONLY',
      max_results: 2,
      order_by: ['attributes.start_time ASC'],
    };
    const { runs } = await this.transport.json<{ runs?: Run[] }>('POST', 'mlflow/runs/search', { body });
    return runs?.[0] ?? null;
  }

  private async createRun(experimentId: string, draft: RunDraft, parentRunId: string | undefined): Promise<Run> {
    const tags = {
      'mlflow.runName': draft.name,
      'mlflow.source.name': 'temporal-ratchet',
      ...draft.tags,
      ...(parentRunId === undefined ? {} : { 'mlflow.parentRunId': parentRunId }),
      [KEY_TAG]: draft.key,
    };
    const body = {
      experiment_id: experimentId,
      run_name: draft.name,
      start_time: draft.startTime,
      tags: keyValues(tags),
    };
    return (await this.transport.json<{ run: Run }>('POST', 'mlflow/runs/create', { body, retry: 'unprocessed' })).run;
  }

  private async artifactRoot(runId: string): Promise<string> {
    const known = this.artifactRoots.get(runId);
    if (known !== undefined) return known;
    const { run } = await this.transport.json<{ run: Run }>('GET', 'mlflow/runs/get', { query: { run_id: runId } });
    this.artifactRoots.set(runId, run.info.artifact_uri);
    return run.info.artifact_uri;
  }
}
