import { calling } from './api-error';
import type { MlflowTransportOptions } from './options';
import { MlflowTransport, type MlflowCall, type Method } from './transport';
import type { KeyValue, RegisteredModel, RegisteredVersion } from './wire';

/** Registered models and aliases, with the names, argument order and results of npm's `mlflow-js`. Failures reject with ApiError. */
export class ModelRegistryClient {
  private readonly transport: MlflowTransport;

  constructor(trackingUri: string, options: MlflowTransportOptions = {}) {
    this.transport = new MlflowTransport(trackingUri, options);
  }

  async createRegisteredModel(
    name: string,
    tags?: readonly KeyValue[],
    description?: string,
  ): Promise<RegisteredModel> {
    return calling('creating registered model', { name }, async () => {
      const call: MlflowCall = { body: { name, tags, description }, retry: 'unprocessed' };
      return (await this.call<{ registered_model: RegisteredModel }>('POST', 'create', call)).registered_model;
    });
  }

  async getRegisteredModel(name: string): Promise<RegisteredModel> {
    return calling('getting registered model', { name }, async () => {
      return (await this.call<{ registered_model: RegisteredModel }>('GET', 'get', { query: { name } }))
        .registered_model;
    });
  }

  async renameRegisteredModel(name: string, newName: string): Promise<RegisteredModel> {
    return calling('renaming registered model', { name, newName }, async () => {
      const call: MlflowCall = { body: { name, new_name: newName }, retry: 'unprocessed' };
      return (await this.call<{ registered_model: RegisteredModel }>('POST', 'rename', call)).registered_model;
    });
  }

  async updateRegisteredModel(name: string, description?: string): Promise<RegisteredModel> {
    return calling('updating registered model', { name }, async () => {
      const call: MlflowCall = { body: { name, description } };
      return (await this.call<{ registered_model: RegisteredModel }>('PATCH', 'update', call)).registered_model;
    });
  }

  async deleteRegisteredModel(name: string): Promise<void> {
    await calling('deleting registered model', { name }, () => this.call('DELETE', 'delete', { body: { name } }));
  }

  /** By stage, which MLflow has deprecated. */
  async getLatestModelVersions(name: string, stages?: readonly string[]): Promise<readonly RegisteredVersion[]> {
    return calling('getting latest versions', { name }, async () => {
      const call: MlflowCall = { body: { name, stages } };
      const answer = await this.call<{ model_versions?: RegisteredVersion[] }>('POST', 'get-latest-versions', call);
      return answer.model_versions ?? [];
    });
  }

  async searchRegisteredModels(
    filter?: string,
    maxResults?: number,
    orderBy?: readonly string[],
    pageToken?: string,
  ): Promise<{ readonly registered_models: readonly RegisteredModel[]; readonly next_page_token?: string }> {
    return calling('searching registered models', {}, async () => {
      const query = { filter, max_results: maxResults, order_by: orderBy, page_token: pageToken };
      const answer = await this.call<{ registered_models?: RegisteredModel[]; next_page_token?: string }>(
        'GET',
        'search',
        { query },
      );
      return { ...answer, registered_models: answer.registered_models ?? [] };
    });
  }

  async setRegisteredModelTag(name: string, key: string, value: string): Promise<void> {
    await calling('setting registered model tag', { name, key, value }, () =>
      this.call('POST', 'set-tag', { body: { name, key, value } }),
    );
  }

  async deleteRegisteredModelTag(name: string, key: string): Promise<void> {
    await calling('deleting registered model tag', { name, key }, () =>
      this.call('DELETE', 'delete-tag', { body: { name, key } }),
    );
  }

  /** Overwrites: last writer wins, MLflow has no compare-and-set. */
  async setRegisteredModelAlias(name: string, alias: string, version: string): Promise<void> {
    await calling('setting registered model alias', { name, alias, version }, () =>
      this.call('POST', 'alias', { body: { name, alias, version } }),
    );
  }

  async deleteRegisteredModelAlias(name: string, alias: string): Promise<void> {
    await calling('deleting registered model alias', { name, alias }, () =>
      this.call('DELETE', 'alias', { body: { name, alias } }),
    );
  }

  async getModelVersionByAlias(name: string, alias: string): Promise<RegisteredVersion> {
    return calling('getting model version by alias', { name, alias }, async () => {
      const call: MlflowCall = { query: { name, alias } };
      return (await this.call<{ model_version: RegisteredVersion }>('GET', 'alias', call)).model_version;
    });
  }

  private call<T>(method: Method, route: string, call: MlflowCall): Promise<T> {
    return this.transport.json<T>(method, `mlflow/registered-models/${route}`, call);
  }
}
