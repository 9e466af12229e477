import type { IncomingMessage } from 'node:http';
import type { WatchContext } from './ports';

/** A request whose route, scope, query and content type are checked. */
export interface WatchCall {
  readonly context: WatchContext;
  readonly request: IncomingMessage;
  /** Path parameters: `model`, `source`. */
  readonly path: Readonly<Record<string, string>>;
  /** Checked by the route's schemas. */
  readonly query: Readonly<Record<string, unknown>>;
  /** Without its parameters, lower case; '' where the route takes no body. */
  readonly contentType: string;
  /** The body. Rejects RATCHET_REQUEST_TOO_LARGE with the limit. */
  bytes(): Promise<Buffer>;
  /** The body by the route's schema. Rejects RATCHET_REQUEST_MALFORMED with the first problems. */
  json<T>(schema: BodySchema<T>): Promise<T>;
}

/** What this needs of a schema of policy/watch-api.ts. */
export interface BodySchema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { issues: readonly Issue[] } };
}

export interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** "rows.3.features: expected record" and so on, at most five. */
export const problems = (issues: readonly Issue[]): string =>
  issues
    .slice(0, 5)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`))
    .join('; ');

/** A query parameter that its schema has made a text or left out. */
export const textIn = (call: WatchCall, name: string): string | undefined => call.query[name] as string | undefined;
export const numberIn = (call: WatchCall, name: string): number => call.query[name] as number;
export const modelIn = (call: WatchCall): string => call.path['model'] ?? '';
