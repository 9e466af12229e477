import { malformed } from '../protocol/prediction-request';

/** A place in a list, opaque to the client: entries that come or go before it do not move the next page. */
export const cursorOf = (parts: readonly string[]): string => Buffer.from(JSON.stringify(parts)).toString('base64url');

/** Rejects RATCHET_REQUEST_MALFORMED for anything that `cursorOf` did not make. */
export function afterCursor(cursor: string, parts: number): readonly string[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(value) && value.length === parts && value.every((part) => typeof part === 'string')) {
      return value;
    }
  } catch {
    // the same as any other foreign text
  }
  throw malformed('The cursor is not one that a page before gave as `next`.');
}
