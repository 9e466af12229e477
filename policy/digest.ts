import { createHash } from 'node:crypto';
import type { Policy } from '../core/policy';
import { isObject } from './merge';

/** SHA-256, hex, of the policy as JSON with sorted keys: the same policy has the same digest however it was written. */
export function policyDigest(policy: Policy): string {
  return createHash('sha256').update(canonical(policy)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}
