import { setTimeout as pause } from 'node:timers/promises';
import { RatchetError } from '../../core/errors';
import { faultOfAnswer, faultOfSilence, isTransient } from './fault';
import type { MlflowAuth, MlflowTransportOptions } from './options';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface MlflowCall {
  readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>>;
  readonly body?: object | undefined;
  /**
   * `always` (default): the call may be repeated after any transient fault. `unprocessed`: it creates something, so it is
   * repeated only when the server surely did nothing (connection refused, 429); the caller looks before it tries again.
   */
  readonly retry?: 'always' | 'unprocessed';
}

interface Sent {
  readonly method: Method;
  readonly url: string;
  readonly what: string;
  readonly body?: string | Uint8Array | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly retry: 'always' | 'unprocessed';
}

interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
  readonly contentType: string;
}

const LONGEST_PAUSE_MS = 10_000;

/**
 * MLflow's REST API over `fetch`: auth, timeouts, retries, and answers that are not JSON. Every fault is a RatchetError
 * RATCHET_MLFLOW_UNAUTHORIZED (401), _FORBIDDEN (403), _UNAVAILABLE (408, 429, 5xx, network, silence) or _REQUEST (other
 * 4xx, nonsense) whose details carry `status`, `errorCode`, `route` and `attempts`.
 */
export class MlflowTransport {
  /** Without credentials and trailing slash: safe to print and to link to. */
  readonly trackingUri: string;
  private readonly headers: Readonly<Record<string, string>>;
  private readonly timeoutMs: number;
  private readonly artifactTimeoutMs: number;
  private readonly attempts: number;
  private readonly backoffMs: number;
  private readonly fetch: typeof fetch;
  private readonly sleep: (ms: number) => Promise<void>;
  private readonly random: () => number;

  constructor(trackingUri: string, options: MlflowTransportOptions = {}) {
    const { address, auth } = parseAddress(trackingUri);
    this.trackingUri = address;
    this.headers = {
      ...authorization(options.auth ?? auth),
      ...(options.workspace === undefined ? {} : { 'x-mlflow-workspace': options.workspace }),
    };
    this.timeoutMs = options.timeoutMs ?? 30_000;
    this.artifactTimeoutMs = options.artifactTimeoutMs ?? 300_000;
    this.attempts = Math.max(1, options.attempts ?? 5);
    this.backoffMs = options.backoffMs ?? 250;
    this.fetch = options.fetch ?? fetch;
    this.sleep = options.sleep ?? ((ms) => pause(ms));
    this.random = options.random ?? Math.random;
  }

  /** One call of the API: `json('POST', 'mlflow/runs/create', { body })`. An empty answer is `{}`. */
  async json<T>(method: Method, route: string, call: MlflowCall = {}): Promise<T> {
    const answer = await this.send({
      method,
      url: `${this.trackingUri}/api/2.0/${route}${queryString(call.query)}`,
      what: `${method} ${route}`,
      // DELETE needs its body too, and undici sends none unless given one.
      body: method === 'GET' ? undefined : JSON.stringify(call.body ?? {}),
      headers: { accept: 'application/json', ...(method === 'GET' ? {} : { 'content-type': 'application/json' }) },
      timeoutMs: this.timeoutMs,
      retry: call.retry ?? 'always',
    });
    return parseJson(answer, `${method} ${route}`) as T;
  }

  /** Uploads bytes to a path of the proxied artifact store. Overwrites, so it may be repeated. */
  async putArtifact(path: string, body: Uint8Array, contentType = 'application/octet-stream'): Promise<void> {
    const route = artifactRoute(path);
    await this.send({
      method: 'PUT',
      url: `${this.trackingUri}/api/2.0/${route}`,
      what: `PUT ${route}`,
      body,
      headers: { 'content-type': contentType },
      timeoutMs: this.artifactTimeoutMs,
      retry: 'always',
    });
  }

  async getArtifact(path: string): Promise<Uint8Array> {
    const route = artifactRoute(path);
    const answer = await this.send({
      method: 'GET',
      url: `${this.trackingUri}/api/2.0/${route}`,
      what: `GET ${route}`,
      headers: {},
      timeoutMs: this.artifactTimeoutMs,
      retry: 'always',
    });
    return answer.body;
  }

  /** A presigned URL of an object store: our credentials must not travel there. */
  async foreign(
    method: 'GET' | 'PUT',
    url: string,
    headers: Record<string, string>,
    body?: Uint8Array,
  ): Promise<Uint8Array> {
    const what = `${method} presigned URL at ${new URL(url).host}`;
    const sent: Sent = { method, url, what, body, headers, timeoutMs: this.artifactTimeoutMs, retry: 'always' };
    return (await this.send(sent, false)).body;
  }

  /** Pause before try number `attempt` + 1 (1-based), for callers that look before they repeat a create. */
  async backoff(attempt: number): Promise<void> {
    await this.sleep(this.pauseMs(attempt));
  }

  get maxAttempts(): number {
    return this.attempts;
  }

  private async send(sent: Sent, own = true): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.sendOnce(sent, own, attempt);
      if (!(outcome instanceof RatchetError)) return outcome;
      const repeat = sent.retry === 'always' ? isTransient(outcome) : outcome.details['processed'] === false;
      if (!repeat || attempt >= this.attempts) throw outcome;
      const asked = outcome.details['retryAfterMs'];
      await this.sleep(typeof asked === 'number' ? Math.min(asked, LONGEST_PAUSE_MS) : this.pauseMs(attempt));
    }
  }

  private async sendOnce(sent: Sent, own: boolean, attempt: number): Promise<Answer | RatchetError> {
    const context = { what: sent.what, server: this.trackingUri, attempts: attempt, timeoutMs: sent.timeoutMs };
    try {
      const response = await this.fetch(sent.url, {
        method: sent.method,
        headers: own ? { ...this.headers, ...sent.headers } : { ...sent.headers },
        redirect: 'follow',
        signal: AbortSignal.timeout(sent.timeoutMs),
        ...(sent.body === undefined ? {} : { body: sent.body }),
      });
      const body = new Uint8Array(await response.arrayBuffer());
      if (!response.ok) return faultOfAnswer(response.status, text(body), response.headers.get('retry-after'), context);
      return { status: response.status, body, contentType: response.headers.get('content-type') ?? '' };
    } catch (cause) {
      return faultOfSilence(cause, context);
    }
  }

  /** Exponential with full jitter: many workers that lost the same server do not come back in step. */
  private pauseMs(attempt: number): number {
    return Math.round(this.random() * Math.min(LONGEST_PAUSE_MS, this.backoffMs * 2 ** attempt));
  }
}

function parseAddress(trackingUri: string): { address: string; auth: MlflowAuth | undefined } {
  let url: URL;
  try {
    url = new URL(trackingUri);
  } catch {
    throw badAddress('not a URL');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw badAddress(`of scheme ${url.protocol}`);
  const auth: MlflowAuth | undefined =
    url.username === ''
      ? undefined
      : { kind: 'basic', username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  return { address: `${url.origin}${url.pathname.replace(/\/+$/, '')}`, auth };
}

// The address itself is not printed: it may hold a password.
const badAddress = (seen: string): RatchetError =>
  new RatchetError('RATCHET_INPUT_INVALID', `the MLflow tracking URI is ${seen}, expected http:// or https://`, {
    hint: 'Give the address of an MLflow tracking server, e.g. http://mlflow:5000; file and database stores have no REST API.',
  });

function authorization(auth: MlflowAuth | undefined): Record<string, string> {
  if (auth === undefined) return {};
  if (auth.kind === 'bearer') return { authorization: `Bearer ${auth.token}` };
  return { authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`, 'utf8').toString('base64')}` };
}

function queryString(query: MlflowCall['query']): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue;
    for (const one of typeof value === 'string' || typeof value === 'number' ? [value] : value) {
      search.append(key, String(one));
    }
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

const artifactRoute = (path: string): string =>
  `mlflow-artifacts/artifacts/${path.split('/').filter(Boolean).map(encodeURIComponent).join('/')}`;

const text = (body: Uint8Array): string => Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');

/** A proxy's login page also answers 200: anything but a JSON object is refused. */
function parseJson(answer: Answer, what: string): unknown {
  const raw = text(answer.body);
  if (raw.trim() === '') return {};
  try {
    const parsed: unknown = JSON.parse(raw);
    if (typeof parsed === 'object' && parsed !== null) return parsed;
  } catch {
    // told below, with what was seen
  }
  throw new RatchetError(
    'RATCHET_MLFLOW_REQUEST',
    `the answer ${answer.status} to ${what} is ${answer.contentType || 'of no content type'}, expected JSON`,
    {
      hint: 'Check that the tracking URI is an MLflow server and not a proxy or a login page.',
      details: { status: answer.status, contentType: answer.contentType, start: raw.slice(0, 200) },
    },
  );
}
