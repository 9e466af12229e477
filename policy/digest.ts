import { createHash } from 'node:crypto';
import { canonicalJson } from '../core/canonical-json';
import type { Policy } from '../core/policy';

/** SHA-256, hex, of the policy as JSON with sorted keys: the same policy has the same digest however it was written. */
export const policyDigest = (policy: Policy): string =>
  createHash('sha256').update(canonicalJson(policy)).digest('hex');
