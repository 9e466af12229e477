import { createHash } from 'node:crypto';
import { UUID } from 'uuidv7';
import type { ModelName } from '../../core/model';
import { isPredictionId } from '../prediction-id';

/**
 * The log's id of a row that is named elsewhere: a UUID as it is, any other text as the UUID of version 8 (RFC 9562 §5.8) that the
 * first 122 free bits of SHA-256(model, id) make. The same text names the same row, in predictions and labels alike.
 */
export function predictionUuid(model: ModelName, id: string): string {
  if (isPredictionId(id)) return id.toLowerCase();
  const bytes = createHash('sha256').update(`${model}\0${id}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return UUID.ofInner(new Uint8Array(bytes)).toString();
}
