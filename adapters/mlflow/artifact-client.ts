import { isRatchetError, RatchetError } from '../../core/errors';
import type { MlflowTransport } from './transport';
import type { FileInfo } from './wire';

const SCHEME = 'mlflow-artifacts:';

interface Presigned {
  readonly presigned_url: string;
  readonly headers?: Readonly<Record<string, string>> | readonly { readonly name: string; readonly value: string }[];
}

/** Whose folder a presigned URL is for. */
export type ArtifactOwner = { readonly run_id: string } | { readonly model_id: string };

/**
 * Files of runs and logged models. `root` is an `artifact_uri` as MLflow gives it; the server stands between us and the
 * store (`--serve-artifacts`, its default). Newer servers hand out presigned URLs: they are used when the server has them.
 */
export class ArtifactClient {
  /** null: not asked yet. */
  private presigns: boolean | null = null;

  constructor(private readonly transport: MlflowTransport) {}

  /** Overwrites, so it may be repeated. `path` is relative to `root`. */
  async upload(
    root: string,
    path: string,
    body: Uint8Array | string,
    options: { readonly contentType?: string; readonly owner?: ArtifactOwner } = {},
  ): Promise<void> {
    const target = join(proxied(root), path);
    const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
    const presigned = options.owner === undefined ? null : await this.presign('upload', options.owner, path);
    if (presigned !== null) {
      await this.transport.foreign('PUT', presigned.presigned_url, headersOf(presigned), bytes);
      return;
    }
    await this.transport.putArtifact(target, bytes, options.contentType ?? contentTypeOf(path));
  }

  /** `uri`: `mlflow-artifacts:/…/file`. */
  async download(uri: string): Promise<Uint8Array> {
    return this.transport.getArtifact(proxied(uri));
  }

  async downloadOfRun(runId: string, root: string, path: string): Promise<Uint8Array> {
    const presigned = await this.presign('download', { run_id: runId }, path);
    if (presigned !== null) return this.transport.foreign('GET', presigned.presigned_url, headersOf(presigned));
    return this.transport.getArtifact(join(proxied(root), path));
  }

  /** Direct children of a folder; [] when there is none. Paths are relative to the folder. */
  async list(root: string, path = ''): Promise<readonly FileInfo[]> {
    const query = { path: join(proxied(root), path) };
    const answer = await this.transport.json<{ files?: FileInfo[] }>('GET', 'mlflow-artifacts/artifacts', { query });
    return answer.files ?? [];
  }

  async remove(uri: string): Promise<void> {
    await this.transport.json('DELETE', `mlflow-artifacts/artifacts/${encodePath(proxied(uri))}`);
  }

  /** null when this server has no such route (4xx or 501), which is asked once. */
  private async presign(kind: 'upload' | 'download', owner: ArtifactOwner, path: string): Promise<Presigned | null> {
    if (this.presigns === false) return null;
    try {
      const body = { ...owner, path };
      const answer = await this.transport.json<Presigned>('POST', `mlflow/artifacts/presigned-${kind}-url`, { body });
      this.presigns = typeof answer.presigned_url === 'string';
      return this.presigns ? answer : null;
    } catch (error) {
      const status = isRatchetError(error) ? Number(error.details['status']) : 0;
      if ((status >= 400 && status < 500 && status !== 401 && status !== 403) || status === 501) {
        this.presigns = false;
        return null;
      }
      throw error;
    }
  }
}

/** The path behind the proxy. `--no-serve-artifacts` gives `s3:`, `gs:` or a plain path, which only that store can take. */
function proxied(uri: string): string {
  if (!uri.startsWith(SCHEME)) {
    const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(uri)?.[0] ?? 'a plain path';
    throw new RatchetError('RATCHET_MLFLOW_REQUEST', `artifacts are at ${scheme}, expected ${SCHEME}`, {
      hint: 'Start the MLflow server with --serve-artifacts and without --default-artifact-root, and use a new experiment.',
      details: { uri },
    });
  }
  // `mlflow-artifacts://host:port/path` names another proxy; ours is the one that answers us.
  return uri
    .slice(SCHEME.length)
    .replace(/^\/\/[^/]*/, '')
    .replace(/^\/+/, '');
}

const join = (folder: string, path: string): string => (path === '' ? folder : `${folder}/${path}`);

const encodePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

function headersOf(presigned: Presigned): Record<string, string> {
  const { headers } = presigned;
  if (headers === undefined) return {};
  if (Array.isArray(headers)) {
    return Object.fromEntries(
      (headers as readonly { name: string; value: string }[]).map(({ name, value }) => [name, value]),
    );
  }
  return { ...(headers as Readonly<Record<string, string>>) };
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  json: 'application/json',
  yaml: 'application/yaml',
  txt: 'text/plain; charset=utf-8',
};

const contentTypeOf = (path: string): string =>
  CONTENT_TYPES[path.slice(path.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream';
