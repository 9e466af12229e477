import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RatchetError } from '../../core/errors';
import { isExternal } from '../../core/external-version';
import type { ModelName, ModelVersion, VersionRecord } from '../../core/model';
import type { Logger, ModelStore, RegistryStore } from '../../core/ports';
import { writeAtomically } from '../atomic-file';

const sha256 = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');

/**
 * Records and files of versions, kept on the local disk: a gateway restarts with MLflow and PostgreSQL away. Files are
 * named by their digest and verified at each reading, so a damaged cache is fetched again, never served.
 */
export class VersionCache {
  constructor(
    private readonly folder: string,
    private readonly models: Pick<ModelStore, 'getVersion'>,
    private readonly registry: Pick<RegistryStore, 'fetchModel'>,
    private readonly logger: Logger,
  ) {}

  /** From PostgreSQL, which is the truth; from the disk when it is away. */
  async record(model: ModelName, version: ModelVersion): Promise<VersionRecord> {
    const path = join(this.folder, 'versions', model, `${version}.json`);
    try {
      const record = await this.models.getVersion(model, version);
      await writeAtomically(path, JSON.stringify(record)).catch((error: unknown) => {
        this.logger.warn('version cache cannot be written', { path, error: String(error) });
      });
      return record;
    } catch (error) {
      if ((error as { retryable?: unknown }).retryable === false) throw error;
      const kept = await readFile(path, 'utf8').catch(() => null);
      if (kept === null) throw error;
      this.logger.info('version record read from the local cache', { model, version });
      return JSON.parse(kept) as VersionRecord;
    }
  }

  /**
   * The verified bytes of model.onnx. Rejects RATCHET_MODEL_DIGEST when the registry's file is another one,
   * RATCHET_VERSION_EXTERNAL when the version is served elsewhere.
   */
  async file(record: VersionRecord): Promise<Uint8Array> {
    if (isExternal(record)) {
      throw new RatchetError(
        'RATCHET_VERSION_EXTERNAL',
        `Version ${record.version} of ${record.model} is served elsewhere; there is no file to load.`,
      );
    }
    const path = join(this.folder, 'models', `${record.sha256}.onnx`);
    const kept = await readFile(path).catch(() => null);
    if (kept !== null && sha256(kept) === record.sha256) return kept;
    if (kept !== null) this.logger.warn('cached model file is damaged; fetching it again', { path });
    const fetched = await this.registry.fetchModel(record.artifactUri);
    const digest = sha256(fetched);
    if (digest !== record.sha256) {
      throw new RatchetError(
        'RATCHET_MODEL_DIGEST',
        `The file of ${record.model} version ${record.version} has SHA-256 ${digest}; the record says ${record.sha256}.`,
        { details: { artifactUri: record.artifactUri, observed: digest, expected: record.sha256 } },
      );
    }
    await writeAtomically(path, fetched).catch((error: unknown) => {
      this.logger.warn('model cache cannot be written', { path, error: String(error) });
    });
    return fetched;
  }
}
