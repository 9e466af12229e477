import { calling } from './api-error';
import type { MlflowTransportOptions } from './options';
import { MlflowTransport } from './transport';
import type { Experiment, KeyValue, ViewType } from './wire';

/** Experiments, with the names, argument order and results of npm's `mlflow-js`. Failures reject with ApiError. */
export class ExperimentClient {
  private readonly transport: MlflowTransport;

  constructor(trackingUri: string, options: MlflowTransportOptions = {}) {
    this.transport = new MlflowTransport(trackingUri, options);
  }

  /** Rejects when the name is taken, by a deleted experiment too. Returns the id. */
  async createExperiment(name: string, artifact_location?: string, tags?: readonly KeyValue[]): Promise<string> {
    return calling('creating experiment from tracking server', { name }, async () => {
      const body = { name, artifact_location, tags };
      const answer = await this.post<{ experiment_id: string }>('create', body, 'unprocessed');
      return answer.experiment_id;
    });
  }

  async searchExperiment(
    filter: string,
    max_results: number,
    page_token?: string,
    order_by?: readonly string[],
    view_type?: ViewType,
  ): Promise<{ readonly experiments: readonly Experiment[]; readonly next_page_token?: string }> {
    return calling('searching for experiment from tracking server', { filter, max_results }, async () => {
      const body = { filter, max_results, page_token, order_by, view_type };
      const answer = await this.post<{ experiments?: Experiment[]; next_page_token?: string }>('search', body);
      return { ...answer, experiments: answer.experiments ?? [] };
    });
  }

  async getExperiment(experiment_id: string): Promise<Experiment> {
    return calling('getting experiment from tracking server', { experiment_id }, async () => {
      const query = { experiment_id };
      return (await this.get<{ experiment: Experiment }>('get', query)).experiment;
    });
  }

  /** Deleted ones are found too: look at `lifecycle_stage`. */
  async getExperimentByName(experiment_name: string): Promise<Experiment> {
    return calling('getting experiment by name from tracking server', { experiment_name }, async () => {
      const query = { experiment_name };
      return (await this.get<{ experiment: Experiment }>('get-by-name', query)).experiment;
    });
  }

  async deleteExperiment(experiment_id: string): Promise<void> {
    await calling('deleting experiment from tracking server', { experiment_id }, () =>
      this.post('delete', { experiment_id }),
    );
  }

  async restoreExperiment(experiment_id: string): Promise<void> {
    await calling('restoring experiment from tracking server', { experiment_id }, () =>
      this.post('restore', { experiment_id }),
    );
  }

  async updateExperiment(experiment_id: string, new_name: string): Promise<void> {
    await calling('updating experiment from tracking server', { experiment_id, new_name }, () =>
      this.post('update', { experiment_id, new_name }),
    );
  }

  async setExperimentTag(experiment_id: string, key: string, value: string): Promise<void> {
    await calling('setting tag from tracking server', { experiment_id, key, value }, () =>
      this.post('set-experiment-tag', { experiment_id, key, value }),
    );
  }

  private post<T>(call: string, body: object, retry: 'always' | 'unprocessed' = 'always'): Promise<T> {
    return this.transport.json<T>('POST', `mlflow/experiments/${call}`, { body, retry });
  }

  private get<T>(call: string, query: Readonly<Record<string, string>>): Promise<T> {
    return this.transport.json<T>('GET', `mlflow/experiments/${call}`, { query });
  }
}
