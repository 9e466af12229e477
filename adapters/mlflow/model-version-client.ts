import { calling } from './api-error';
import type { MlflowTransportOptions } from './options';
import { MlflowTransport, type MlflowCall, type Method } from './transport';
import type { KeyValue, RegisteredVersion } from './wire';

/** Versions of registered models, with the names, argument order and results of npm's `mlflow-js`. Failures reject with ApiError. */
export class ModelVersionClient {
  private readonly transport: MlflowTransport;

  constructor(trackingUri: string, options: MlflowTransportOptions = {}) {
    this.transport = new MlflowTransport(trackingUri, options);
  }

  /**
   * Not idempotent in MLflow: a lost answer leaves a version. `RegistryStore.registerModel` is.
   * A source `models:/m-…` needs its `model_id`, which MLflow does not derive; it is taken from the source here.
   */
  async createModelVersion(
    name: string,
    source: string,
    run_id?: string,
    tags?: readonly KeyValue[],
    run_link?: string,
    description?: string,
  ): Promise<RegisteredVersion> {
    return calling('creating model version', { name, source }, async () => {
      const model_id = /^models:\/(m-[0-9a-f]+)$/.exec(source)?.[1];
      const call: MlflowCall = {
        body: { name, source, run_id, model_id, tags, run_link, description },
        retry: 'unprocessed',
      };
      return (await this.call<{ model_version: RegisteredVersion }>('POST', 'create', call)).model_version;
    });
  }

  async getModelVersion(name: string, version: string): Promise<RegisteredVersion> {
    return calling('fetching model version', { name, version }, async () => {
      const call: MlflowCall = { query: { name, version } };
      return (await this.call<{ model_version: RegisteredVersion }>('GET', 'get', call)).model_version;
    });
  }

  async updateModelVersion(name: string, version: string, description?: string): Promise<RegisteredVersion> {
    return calling('updating model version', { name, version }, async () => {
      const call: MlflowCall = { body: { name, version, description } };
      return (await this.call<{ model_version: RegisteredVersion }>('PATCH', 'update', call)).model_version;
    });
  }

  async searchModelVersions(
    filter?: string,
    maxResults?: number,
    order_by?: readonly string[],
    page_token?: string,
  ): Promise<readonly RegisteredVersion[]> {
    return calling('searching model versions', {}, async () => {
      const query = { filter, max_results: maxResults, order_by, page_token };
      return (
        (await this.call<{ model_versions?: RegisteredVersion[] }>('GET', 'search', { query })).model_versions ?? []
      );
    });
  }

  async getDownloadUriForModelVersionArtifacts(name: string, version: string): Promise<string> {
    return calling('fetching download uri', { name, version }, async () => {
      return (await this.call<{ artifact_uri: string }>('GET', 'get-download-uri', { query: { name, version } }))
        .artifact_uri;
    });
  }

  /** Deprecated by MLflow in favour of aliases. */
  async transitionModelVersionStage(
    name: string,
    version: string,
    stage: string,
    archive_existing_versions: boolean,
  ): Promise<RegisteredVersion> {
    return calling(
      'transitioning model version stage',
      { name, version, stage, archive_existing_versions },
      async () => {
        const call: MlflowCall = { body: { name, version, stage, archive_existing_versions } };
        return (await this.call<{ model_version: RegisteredVersion }>('POST', 'transition-stage', call)).model_version;
      },
    );
  }

  async setModelVersionTag(name: string, version: string, key: string, value: string): Promise<void> {
    await calling('setting model version tag', { name, version, key, value }, () =>
      this.call('POST', 'set-tag', { body: { name, version, key, value } }),
    );
  }

  async deleteModelVersionTag(name: string, version: string, key: string): Promise<void> {
    await calling('deleting model version tag', { name, version, key }, () =>
      this.call('DELETE', 'delete-tag', { body: { name, version, key } }),
    );
  }

  /** Soft: the number is never used again, the files stay until `mlflow gc`. */
  async deleteModelVersion(name: string, version: string): Promise<void> {
    await calling('deleting model version', { name, version }, () =>
      this.call('DELETE', 'delete', { body: { name, version } }),
    );
  }

  private call<T>(method: Method, route: string, call: MlflowCall): Promise<T> {
    return this.transport.json<T>(method, `mlflow/model-versions/${route}`, call);
  }
}
