import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { RatchetError } from '../../core/errors';

/**
 * `predict`: infer, invocations, metadata. `label`: ground truth, and rows of models that are served elsewhere. `watch`: reading
 * drift, quality, performance. `operate`: /status, /metrics, registering models and references, triggers without a signature.
 */
export const SCOPES = ['predict', 'label', 'watch', 'operate'] as const;
export type Scope = (typeof SCOPES)[number];

export interface ApiKey {
  readonly key: string;
  readonly scopes: readonly Scope[];
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Reads `RATCHET_API_KEYS`: entries separated by commas or line ends, each `<scope>[+<scope>…]:<key>`, for example
 * `predict+label:s3cret,operate:an0ther`. Rejects RATCHET_SETUP for an unknown scope or a key of fewer than 16 characters.
 */
export function parseApiKeys(text: string): readonly ApiKey[] {
  const entries = text
    .split(/[,\n]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  return entries.map((entry, i) => {
    const colon = entry.indexOf(':');
    const scopes = entry.slice(0, Math.max(0, colon)).split('+');
    const key = entry.slice(colon + 1);
    if (!scopes.every(isScope)) {
      throw new RatchetError('RATCHET_SETUP', `Entry ${i + 1} of the API keys is not <scope>[+<scope>]:<key>.`, {
        hint: `Scopes are ${SCOPES.join(', ')}; for example predict+label:<key>,operate:<key>.`,
      });
    }
    if (key.length < 16) {
      throw new RatchetError('RATCHET_SETUP', `API key ${i + 1} is shorter than 16 characters.`, {
        hint: 'Make one with `openssl rand -hex 24`.',
      });
    }
    return { key, scopes };
  });
}

const isScope = (text: string): text is Scope => (SCOPES as readonly string[]).includes(text);

/** Checks `Authorization: Bearer <key>` or `X-API-Key`. Without configured keys everything is open. */
export class ApiKeys {
  private readonly entries: readonly { readonly digest: Buffer; readonly scopes: readonly Scope[] }[];

  constructor(keys: readonly ApiKey[]) {
    this.entries = keys.map(({ key, scopes }) => ({ digest: digest(key), scopes }));
  }

  get open(): boolean {
    return this.entries.length === 0;
  }

  /** Whether a configured key with the scope was sent. Takes the same time whichever key is nearly right. */
  admits(request: IncomingMessage, scope: Scope): boolean {
    const given = readKey(request);
    if (given === null) return false;
    const seen = digest(given);
    let allowed = false;
    for (const entry of this.entries) {
      const equal = timingSafeEqual(entry.digest, seen);
      allowed ||= equal && entry.scopes.includes(scope);
    }
    return allowed;
  }
}

/**
 * Your own check beside the API keys: a session, a token of an identity provider, a mesh's header. null: unknown. Must not read the
 * body. What it throws is answered as a fault.
 */
export type Authorize = (request: IncomingMessage) => Promise<{ readonly scopes: readonly Scope[] } | null>;

/** Who may do what: API keys first, then the hook. Without either everything is open. */
export class Access {
  constructor(
    private readonly keys: ApiKeys,
    private readonly authorize: Authorize | null = null,
  ) {}

  get open(): boolean {
    return this.keys.open && this.authorize === null;
  }

  /** Rejects RATCHET_UNAUTHORIZED. */
  async require(request: IncomingMessage, scope: Scope): Promise<void> {
    if (this.open || this.keys.admits(request, scope)) return;
    const granted = this.authorize === null ? null : await this.authorize(request);
    if (granted?.scopes.includes(scope) === true) return;
    const what =
      granted === null && readKey(request) === null
        ? 'No API key was sent'
        : 'The API key is unknown or lacks the scope';
    throw new RatchetError('RATCHET_UNAUTHORIZED', `${what}; this needs the scope ${scope}.`, {
      hint: `Send Authorization: Bearer <key> with the scope ${scope}.`,
    });
  }
}

function readKey(request: IncomingMessage): string | null {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const header = request.headers['x-api-key'];
  return bearer ?? (typeof header === 'string' ? header : null);
}
