import type { MlflowTransport } from './transport';
import type { KeyValue, LoggedModel, LoggedModelStatus } from './wire';

export interface LoggedModelDraft {
  readonly experiment_id: string;
  readonly name?: string;
  readonly model_type?: string;
  readonly source_run_id?: string;
  readonly params?: readonly KeyValue[];
  readonly tags?: readonly KeyValue[];
}

/** MLflow 3's logged models: the home of a model's files. Faults are RatchetErrors RATCHET_MLFLOW_*. */
export class LoggedModelClient {
  constructor(private readonly transport: MlflowTransport) {}

  /** Not idempotent: look by tag first. Starts PENDING. */
  async create(draft: LoggedModelDraft): Promise<LoggedModel> {
    return this.model('POST', '', { ...draft }, 'unprocessed');
  }

  async get(modelId: string): Promise<LoggedModel> {
    return (await this.transport.json<{ model: LoggedModel }>('GET', `mlflow/logged-models/${modelId}`)).model;
  }

  async finalize(modelId: string, status: LoggedModelStatus): Promise<LoggedModel> {
    return this.model('PATCH', `/${modelId}`, { model_id: modelId, status });
  }

  async setTags(modelId: string, tags: readonly KeyValue[]): Promise<void> {
    await this.transport.json('PATCH', `mlflow/logged-models/${modelId}/tags`, { body: { tags } });
  }

  async remove(modelId: string): Promise<void> {
    await this.transport.json('DELETE', `mlflow/logged-models/${modelId}`);
  }

  /** At most 50 a page. */
  async search(experimentIds: readonly string[], filter: string, maxResults = 50): Promise<readonly LoggedModel[]> {
    const body = { experiment_ids: experimentIds, filter, max_results: maxResults };
    return (
      (await this.transport.json<{ models?: LoggedModel[] }>('POST', 'mlflow/logged-models/search', { body })).models ??
      []
    );
  }

  private async model(
    method: 'POST' | 'PATCH',
    path: string,
    body: object,
    retry: 'always' | 'unprocessed' = 'always',
  ): Promise<LoggedModel> {
    return (await this.transport.json<{ model: LoggedModel }>(method, `mlflow/logged-models${path}`, { body, retry }))
      .model;
  }
}
