import { calling } from './api-error';
import type { MlflowTransportOptions } from './options';
import { MlflowTransport } from './transport';
import type { DatasetInput, FileInfo, KeyValue, Metric, Run, RunInfo, RunStatus, ViewType } from './wire';

/** Runs, with the names, argument order and results of npm's `mlflow-js`. Failures reject with ApiError. */
export class RunClient {
  private readonly transport: MlflowTransport;

  constructor(trackingUri: string, options: MlflowTransportOptions = {}) {
    this.transport = new MlflowTransport(trackingUri, options);
  }

  /** Not idempotent in MLflow: a lost answer leaves a run. `TrackingStore.ensureRun` is. */
  async createRun(
    experiment_id: string,
    run_name?: string,
    start_time: number = Date.now(),
    tags?: readonly KeyValue[],
  ): Promise<Run> {
    return calling('creating run', { experiment_id }, async () => {
      const body = { experiment_id, run_name, start_time, tags };
      return (await this.post<{ run: Run }>('create', body, 'unprocessed')).run;
    });
  }

  async deleteRun(run_id: string): Promise<void> {
    await calling('deleting run', { run_id }, () => this.post('delete', { run_id }));
  }

  async restoreRun(run_id: string): Promise<void> {
    await calling('restoring run', { run_id }, () => this.post('restore', { run_id }));
  }

  async getRun(run_id: string): Promise<Run> {
    return calling('fetching run', { run_id }, async () => {
      return (await this.transport.json<{ run: Run }>('GET', 'mlflow/runs/get', { query: { run_id } })).run;
    });
  }

  async updateRun(
    run_id: string,
    status?: RunStatus,
    end_time?: number,
    run_name?: string,
  ): Promise<{ readonly run_info: RunInfo }> {
    return calling('updating run', { run_id }, () => this.post('update', { run_id, status, end_time, run_name }));
  }

  /** `timestamp` in milliseconds. The same point (key, value, timestamp, step) again is kept once. */
  async logMetric(
    run_id: string,
    key: string,
    value: number,
    timestamp: number = Date.now(),
    step?: number,
  ): Promise<void> {
    await calling('logging metric', { run_id, key, value, timestamp }, () =>
      this.post('log-metric', { run_id, key, value, timestamp, step }),
    );
  }

  /** At most 1000 metrics, 100 params, 100 tags, 1000 in all; on error some of it may be written. */
  async logBatch(
    run_id: string,
    metrics?: readonly Metric[],
    params?: readonly KeyValue[],
    tags?: readonly KeyValue[],
  ): Promise<void> {
    await calling('logging batch', { run_id }, () => this.post('log-batch', { run_id, metrics, params, tags }));
  }

  /** `model_json`: an MLmodel file as JSON text. */
  async logModel(run_id: string, model_json: string): Promise<void> {
    await calling('logging model', { run_id, model_json }, () => this.post('log-model', { run_id, model_json }));
  }

  async logInputs(run_id: string, datasets: readonly DatasetInput[]): Promise<void> {
    await calling('in logging inputs', { run_id, datasets }, () => this.post('log-inputs', { run_id, datasets }));
  }

  async setTag(run_id: string, key: string, value: string): Promise<void> {
    await calling('setting tag', { run_id, key, value }, () => this.post('set-tag', { run_id, key, value }));
  }

  async deleteTag(run_id: string, key: string): Promise<void> {
    await calling('deleting tag', { run_id, key }, () => this.post('delete-tag', { run_id, key }));
  }

  /** Write-once: the same value again is fine, another one is refused. */
  async logParam(run_id: string, key: string, value: string): Promise<void> {
    await calling('logging param', { run_id, key, value }, () => this.post('log-parameter', { run_id, key, value }));
  }

  async getMetricHistory(
    run_id: string,
    metric_key: string,
    page_token?: string,
    max_results?: number,
  ): Promise<{ readonly metrics: readonly Metric[]; readonly next_page_token?: string }> {
    return calling('fetching metric history', { run_id, metric_key }, async () => {
      const query = { run_id, metric_key, page_token, max_results };
      const answer = await this.transport.json<{ metrics?: Metric[]; next_page_token?: string }>(
        'GET',
        'mlflow/metrics/get-history',
        { query },
      );
      return { ...answer, metrics: answer.metrics ?? [] };
    });
  }

  async searchRuns(
    experiment_ids: readonly string[],
    filter?: string,
    run_view_type?: ViewType,
    max_results?: number,
    order_by?: readonly string[],
    page_token?: string,
  ): Promise<{ readonly runs: readonly Run[]; readonly next_page_token?: string }> {
    return calling('fetching runs that satisfies expressions', { experiment_ids }, async () => {
      const body = { experiment_ids, filter, run_view_type, max_results, order_by, page_token };
      const answer = await this.post<{ runs?: Run[]; next_page_token?: string }>('search', body);
      return { ...answer, runs: answer.runs ?? [] };
    });
  }

  async listArtifacts(
    run_id: string,
    path?: string,
    page_token?: string,
  ): Promise<{ readonly root_uri: string; readonly files: readonly FileInfo[]; readonly next_page_token?: string }> {
    return calling('fetching artifacts', { run_id }, async () => {
      const query = { run_id, path, page_token };
      const answer = await this.transport.json<{ root_uri: string; files?: FileInfo[]; next_page_token?: string }>(
        'GET',
        'mlflow/artifacts/list',
        { query },
      );
      return { ...answer, files: answer.files ?? [] };
    });
  }

  private post<T>(call: string, body: object, retry: 'always' | 'unprocessed' = 'always'): Promise<T> {
    return this.transport.json<T>('POST', `mlflow/runs/${call}`, { body, retry });
  }
}
