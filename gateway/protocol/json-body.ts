import { RatchetError } from '../../core/errors';
import { isObject, malformed, type JsonObject } from './prediction-request';

const STRINGS = /"(?:[^"\\]|\\.)*"/g;
const NOT_JSON = /\b(NaN|Infinity)\b/;

/**
 * Parses a request body into an object. Python's `json.dumps` writes NaN as a bare word, which is not JSON: that gets an
 * error of its own (RATCHET_FEATURE_TYPE), everything else RATCHET_REQUEST_MALFORMED.
 */
export function parseBody(body: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    const word = NOT_JSON.exec(body.replace(STRINGS, '""'))?.[1];
    if (word !== undefined) {
      throw new RatchetError('RATCHET_FEATURE_TYPE', `The body holds ${word}, which is no JSON value.`, {
        hint: 'Send null for a missing value.',
      });
    }
    throw malformed(`The body is not JSON: ${error instanceof Error ? error.message.slice(0, 120) : 'unreadable'}.`);
  }
  if (!isObject(value)) throw malformed('The body must be a JSON object.');
  return value;
}
