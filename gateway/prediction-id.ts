import { randomFillSync } from 'node:crypto';
import { UUID } from 'uuidv7';
import type { EpochMs } from '../core/model';

const WORDS = 3 * 256;
const pool = new Uint32Array(WORDS);
let used = WORDS;

/**
 * A UUIDv7 whose time field is exactly `receivedAt`: the prediction log is partitioned by it, so an id names its day.
 * Randomness is drawn for 256 ids at once.
 */
export function makePredictionId(receivedAt: EpochMs): string {
  if (used >= WORDS) {
    randomFillSync(pool);
    used = 0;
  }
  const a = pool[used++] as number;
  const high = pool[used++] as number;
  const low = pool[used++] as number;
  return UUID.fromFieldsV7(receivedAt, a >>> 20, high >>> 2, low).toString();
}

const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isPredictionId = (text: string): boolean => UUID_PATTERN.test(text);
