/** Search attributes: typed pairs for starts, and their registration on a server. */
import type { Connection } from '@temporalio/client';
import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../core/ids';
import type { ModelName, ModelVersion } from '../core/model';
import { calling } from './errors';

const MODEL = defineSearchAttributeKey('RatchetModel', SEARCH_ATTRIBUTES.RatchetModel);
const VERSION = defineSearchAttributeKey('RatchetVersion', SEARCH_ATTRIBUTES.RatchetVersion);

export function startAttributes(model: ModelName, version?: ModelVersion): SearchAttributePair[] {
  const pairs: SearchAttributePair[] = [{ key: MODEL, value: model }];
  if (version !== undefined) pairs.push({ key: VERSION, value: version });
  return pairs;
}

/** IndexedValueType of Temporal's API: 2 keyword, 4 double, 5 bool. */
const TYPES = { KEYWORD: 2, DOUBLE: 4, BOOL: 5 } as const;

/**
 * Registers the search attributes that the namespace lacks (the flag of the dev server does nothing on an existing
 * database). Returns those that were added.
 */
export async function ensureSearchAttributes(connection: Connection, namespace: string): Promise<readonly string[]> {
  return await calling('register search attributes', async () => {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => !(name in (customAttributes ?? {})));
    if (missing.length > 0) {
      const searchAttributes = Object.fromEntries(missing.map(([name, type]) => [name, TYPES[type]]));
      await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    }
    return missing.map(([name]) => name);
  });
}
