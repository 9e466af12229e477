import { createHash } from 'node:crypto';
import { RatchetError } from '../../core/errors';
import type { ModelName, ModelVersion } from '../../core/model';
import type { RegisterRequest, RegistryStore } from '../../core/ports';
import { ArtifactClient } from './artifact-client';
import { ensureCreated, keyIs, KEY_TAG } from './ensure-created';
import { ExperimentIds } from './experiment-ids';
import { answered } from './fault';
import { LoggedModelClient } from './logged-model-client';
import { MODEL_FILE, modelFiles } from './model-files';
import { MlflowTrackingStore } from './tracking-store';
import type { MlflowTransport } from './transport';
import { keyValues, quoted, type LoggedModel, type RegisteredModel, type RegisteredVersion } from './wire';

type Alias = 'champion' | 'challenger' | 'previous';
/** `champion` first: between two calls a reader may see both on one version, but never no champion. */
const ALIAS_ORDER: readonly Alias[] = ['champion', 'previous', 'challenger'];

/** Models and versions in MLflow. Blocks and retries; idempotent by the tag `ratchet.key`. */
export class MlflowRegistryStore implements RegistryStore {
  private readonly experiments: ExperimentIds;
  private readonly artifacts: ArtifactClient;
  private readonly loggedModels: LoggedModelClient;
  private readonly tracking: MlflowTrackingStore;

  constructor(private readonly transport: MlflowTransport) {
    this.experiments = new ExperimentIds(transport);
    this.artifacts = new ArtifactClient(transport);
    this.loggedModels = new LoggedModelClient(transport);
    this.tracking = new MlflowTrackingStore(transport);
  }

  async registerModel(
    request: RegisterRequest,
  ): Promise<{ readonly version: ModelVersion; readonly modelId: string; readonly artifactUri: string }> {
    await this.ensureRegisteredModel(request.model);
    const found = await this.findVersion(request.model, request.key);
    const runId = request.runId === null ? null : await this.tracking.realRunId(request.runId);
    const logged = found === null ? await this.ensureLoggedModel(request, runId) : await this.loggedModelOf(found);
    const made = found ?? (await this.ensureVersion(request, logged, runId));
    const modelId = logged.info.model_id;
    return { version: made.version, modelId, artifactUri: `${logged.info.artifact_uri}/${MODEL_FILE}` };
  }

  async fetchModel(artifactUri: string): Promise<Uint8Array> {
    return this.artifacts.download(artifactUri);
  }

  async projectAliases(
    model: ModelName,
    aliases: Readonly<Partial<Record<Alias, ModelVersion | null>>>,
    expected: Readonly<Record<string, ModelVersion | null>> = {},
  ): Promise<{ readonly movedByHand: readonly string[] }> {
    const seen = await this.getAliases(model);
    const movedByHand = Object.entries(expected)
      .filter(([alias, version]) => {
        const now = seen[alias] ?? null;
        const wanted = aliases[alias as Alias];
        // Where it should be already: an earlier attempt of this same projection.
        return now !== version && (wanted === undefined || now !== wanted);
      })
      .map(([alias]) => alias);
    for (const alias of ALIAS_ORDER) {
      const version = aliases[alias];
      if (version === undefined || version === (seen[alias] ?? null)) continue;
      if (version === null) await this.deleteAlias(model, alias);
      else await this.setAlias(model, alias, version);
    }
    return { movedByHand };
  }

  async getAliases(model: ModelName): Promise<Readonly<Record<string, ModelVersion>>> {
    try {
      const query = { name: model };
      const { registered_model } = await this.transport.json<{ registered_model: RegisteredModel }>(
        'GET',
        'mlflow/registered-models/get',
        { query },
      );
      return Object.fromEntries((registered_model.aliases ?? []).map(({ alias, version }) => [alias, String(version)]));
    } catch (error) {
      if (answered(error, 'RESOURCE_DOES_NOT_EXIST')) return {};
      throw error;
    }
  }

  async setVersionTag(model: ModelName, version: ModelVersion, key: string, value: string): Promise<void> {
    const body = { name: model, version, key, value };
    await this.transport.json('POST', 'mlflow/model-versions/set-tag', { body });
  }

  private async ensureRegisteredModel(model: ModelName): Promise<void> {
    try {
      // Names are unique, so a repeated create cannot make a second one.
      await this.transport.json('POST', 'mlflow/registered-models/create', { body: { name: model } });
    } catch (error) {
      if (!answered(error, 'RESOURCE_ALREADY_EXISTS')) throw error;
    }
  }

  /** The LoggedModel of this key with all its files, READY. One that a crash left PENDING is resumed. */
  private async ensureLoggedModel(request: RegisterRequest, runId: string | null): Promise<LoggedModel> {
    const experimentId = await this.experiments.ensure(request.experiment);
    const logged = await ensureCreated(
      this.transport,
      async () => (await this.loggedModels.search([experimentId], keyIs(quoted(request.key))))[0] ?? null,
      () =>
        this.loggedModels.create({
          experiment_id: experimentId,
          name: request.model,
          model_type: request.contract.task,
          ...(runId === null ? {} : { source_run_id: runId }),
          tags: keyValues({ ...request.tags, [KEY_TAG]: request.key }),
        }),
    );
    if (isReady(logged)) return logged;
    await this.uploadFiles(request, logged, runId);
    return this.loggedModels.finalize(logged.info.model_id, 'LOGGED_MODEL_READY');
  }

  private async uploadFiles(request: RegisterRequest, logged: LoggedModel, runId: string | null): Promise<void> {
    const { model_id, artifact_uri } = logged.info;
    const files: Record<string, Uint8Array | string> = {
      ...request.files,
      ...modelFiles({
        contract: request.contract,
        modelId: model_id,
        artifactUri: artifact_uri,
        runId,
        sizeBytes: request.onnx.byteLength,
      }),
      [MODEL_FILE]: request.onnx,
    };
    for (const [path, body] of Object.entries(files)) {
      await this.artifacts.upload(artifact_uri, path, body, { owner: { model_id } });
    }
    if (runId !== null) {
      const body = { run_id: runId, models: [{ model_id, step: 0 }] };
      await this.transport.json('POST', 'mlflow/runs/outputs', { body });
    }
  }

  private async ensureVersion(
    request: RegisterRequest,
    logged: LoggedModel,
    runId: string | null,
  ): Promise<RegisteredVersion> {
    const { model_id } = logged.info;
    const sha256 = createHash('sha256').update(request.onnx).digest('hex');
    const body = {
      name: request.model,
      source: `models:/${model_id}`,
      model_id,
      ...(runId === null ? {} : { run_id: runId }),
      description: request.description,
      tags: keyValues({ 'ratchet.sha256': sha256, ...request.tags, [KEY_TAG]: request.key }),
    };
    const route = 'mlflow/model-versions/create';
    return ensureCreated(
      this.transport,
      () => this.findVersion(request.model, request.key),
      async () => {
        await this.transport.json('POST', route, { body, retry: 'unprocessed' });
        // Not the answer but the search decides: a create whose answer was lost may have landed after we looked.
        return this.foundVersion(request.model, request.key);
      },
    );
  }

  /** The version just made, or an earlier one of the same key that landed late: the lowest stays, ours goes. */
  private async foundVersion(model: ModelName, key: string): Promise<RegisteredVersion> {
    const [lowest, ...late] = await this.versionsOf(model, key);
    if (lowest === undefined) {
      throw new RatchetError('RATCHET_MLFLOW_UNAVAILABLE', `the version just made of ${model} is not found by its key`);
    }
    for (const { version } of late) {
      await this.transport.json('DELETE', 'mlflow/model-versions/delete', { body: { name: model, version } });
    }
    return lowest;
  }

  private async findVersion(model: ModelName, key: string): Promise<RegisteredVersion | null> {
    return (await this.versionsOf(model, key))[0] ?? null;
  }

  /** Rising: every attempt agrees on the first, whatever raced. */
  private async versionsOf(model: ModelName, key: string): Promise<readonly RegisteredVersion[]> {
    const filter = `name = ${quoted(model)} and ${keyIs(quoted(key))}`;
    const { model_versions = [] } = await this.transport.json<{ model_versions?: RegisteredVersion[] }>(
      'GET',
      'mlflow/model-versions/search',
      { query: { filter, max_results: 50 } },
    );
    return [...model_versions].sort((a, b) => Number(a.version) - Number(b.version));
  }

  private async loggedModelOf(version: RegisteredVersion): Promise<LoggedModel> {
    const modelId = version.model_id ?? /^models:\/(m-.+)$/.exec(version.source)?.[1];
    if (modelId !== undefined && modelId !== '') return this.loggedModels.get(modelId);
    throw new RatchetError(
      'RATCHET_MLFLOW_REQUEST',
      `version ${version.version} of ${version.name} has no logged model (source ${version.source})`,
      { hint: 'It was not registered by Ratchet; remove its tag ratchet.key.' },
    );
  }

  private async setAlias(model: ModelName, alias: Alias, version: ModelVersion): Promise<void> {
    await this.transport.json('POST', 'mlflow/registered-models/alias', { body: { name: model, alias, version } });
  }

  private async deleteAlias(model: ModelName, alias: Alias): Promise<void> {
    try {
      await this.transport.json('DELETE', 'mlflow/registered-models/alias', { body: { name: model, alias } });
    } catch (error) {
      if (!answered(error, 'RESOURCE_DOES_NOT_EXIST', 'INVALID_PARAMETER_VALUE')) throw error;
    }
  }
}

/** Servers answer the status by name or by its protobuf number (READY = 2). */
const isReady = (logged: LoggedModel): boolean =>
  logged.info.status === 'LOGGED_MODEL_READY' || logged.info.status === 2;
