import { createHmac } from 'node:crypto';
import type { Hmac } from '../../core/trigger/import';

/** HMAC-SHA256 for the sources of triggers (core/trigger/import). */
export const hmacSha256: Hmac = (secret, text, encoding) => createHmac('sha256', secret).update(text).digest(encoding);
