import { RatchetError } from '../../core/errors';
import type { ErrorCode } from '../../core/error-codes';
import type { ModelName, ModelVersion } from '../../core/model';
import type { RegisterRequest, RegistryStore } from '../../core/ports';

/** A registered version as the fake holds it. */
export interface MemoryVersion {
  readonly version: ModelVersion;
  readonly modelId: string;
  readonly artifactUri: string;
  readonly request: RegisterRequest;
  readonly tags: Map<string, string>;
}

type Alias = 'champion' | 'challenger' | 'previous';

/** RegistryStore in memory, for workflow tests. */
export class MemoryRegistryStore implements RegistryStore {
  /** By model, rising version. */
  readonly versions = new Map<ModelName, MemoryVersion[]>();
  private readonly aliases = new Map<ModelName, Map<string, ModelVersion>>();
  private fault: ErrorCode | null = null;
  private models = 0;

  /** Every call rejects with this code until it is set to null. */
  failWith(code: ErrorCode | null): void {
    this.fault = code;
  }

  /** What a person does in the MLflow UI, behind our back. */
  moveAliasByHand(model: ModelName, alias: string, version: ModelVersion): void {
    this.aliasesOf(model).set(alias, version);
  }

  async registerModel(
    request: RegisterRequest,
  ): Promise<{ readonly version: ModelVersion; readonly modelId: string; readonly artifactUri: string }> {
    this.check();
    const list = this.versions.get(request.model) ?? [];
    const found = list.find((one) => one.request.key === request.key);
    const made = found ?? this.newVersion(request, list.length + 1);
    if (found === undefined) this.versions.set(request.model, [...list, made]);
    return { version: made.version, modelId: made.modelId, artifactUri: made.artifactUri };
  }

  async fetchModel(artifactUri: string): Promise<Uint8Array> {
    this.check();
    const all = [...this.versions.values()].flat();
    const found = all.find((one) => one.artifactUri === artifactUri);
    if (found === undefined) throw new RatchetError('RATCHET_MLFLOW_REQUEST', `there is no artifact ${artifactUri}`);
    return found.request.onnx;
  }

  async projectAliases(
    model: ModelName,
    aliases: Readonly<Partial<Record<Alias, ModelVersion | null>>>,
    expected: Readonly<Record<string, ModelVersion | null>> = {},
  ): Promise<{ readonly movedByHand: readonly string[] }> {
    this.check();
    const held = this.aliasesOf(model);
    const movedByHand = Object.entries(expected)
      .filter(([alias, version]) => {
        const now = held.get(alias) ?? null;
        const wanted = aliases[alias as Alias];
        return now !== version && (wanted === undefined || now !== wanted);
      })
      .map(([alias]) => alias);
    for (const [alias, version] of Object.entries(aliases)) {
      if (version === null) held.delete(alias);
      else this.version(model, version);
      if (version !== null) held.set(alias, version);
    }
    return { movedByHand };
  }

  async getAliases(model: ModelName): Promise<Readonly<Record<string, ModelVersion>>> {
    this.check();
    return Object.fromEntries(this.aliasesOf(model));
  }

  async setVersionTag(model: ModelName, version: ModelVersion, key: string, value: string): Promise<void> {
    this.check();
    this.version(model, version).tags.set(key, value);
  }

  private version(model: ModelName, version: ModelVersion): MemoryVersion {
    const found = this.versions.get(model)?.find((one) => one.version === version);
    if (found !== undefined) return found;
    throw new RatchetError('RATCHET_MLFLOW_REQUEST', `${model} has no version ${version}`);
  }

  private newVersion(request: RegisterRequest, number: number): MemoryVersion {
    const modelId = `m-${++this.models}`;
    return {
      version: String(number),
      modelId,
      artifactUri: `memory:/models/${modelId}/artifacts/model.onnx`,
      request,
      tags: new Map(Object.entries(request.tags)),
    };
  }

  private aliasesOf(model: ModelName): Map<string, ModelVersion> {
    const held = this.aliases.get(model) ?? new Map<string, ModelVersion>();
    this.aliases.set(model, held);
    return held;
  }

  private check(): void {
    if (this.fault !== null) throw new RatchetError(this.fault, `scripted fault ${this.fault}`);
  }
}
