import { RATCHET_SIGNATURE, openSigned } from './signature';
import {
  digest,
  ignored,
  invalid,
  isJson,
  numberOf,
  objectOf,
  textOf,
  timeOf,
  trigger,
  type Json,
  type ParsedTriggers,
  type SourceConfig,
  type TriggerSource,
} from './source';

/**
 * Data have arrived: `{ "table" | "file": "…", "rows"?: n, "watermark"?: "ISO 8601" | <epoch ms>, "id"?: "…" }`, or the event
 * that S3 and what speaks like it (MinIO, Ceph) send for a new object (`Records[].eventName` ObjectCreated:*). The id is the
 * watermark or the object's version, so that the same arrival counts once.
 */
export const data: TriggerSource = {
  name: 'data',
  description: 'New data: a table that has grown, or a new file (also as an S3 event).',
  parse(headers, rawBody, config) {
    const parsed = openSigned(RATCHET_SIGNATURE, headers, rawBody, config);
    if ('refused' in parsed) return parsed.refused;
    return 'Records' in parsed.body ? objects(parsed.body, config) : arrival(parsed.body, rawBody, config);
  },
};

function arrival(body: Json, rawBody: string, config: SourceConfig): ParsedTriggers {
  const what = textOf(body['table']) ?? textOf(body['file']);
  if (what === null) return invalid('"table" or "file" must be a text');
  const rows = numberOf(body['rows']);
  if (body['rows'] !== undefined && (rows === null || rows < 0)) return invalid('"rows" must be a number of rows');
  if (rows === 0) return ignored(`${what} has no new row`);
  const watermark = numberOf(body['watermark']) ?? timeOf(body['watermark']);
  if (body['watermark'] !== undefined && watermark === null)
    return invalid('"watermark" must be an ISO 8601 time or epoch milliseconds');
  const kind = textOf(body['table']) === null ? 'file' : 'table';
  const grown = rows === null ? 'new data' : `${rows} new rows`;
  const upTo = watermark === null ? '' : `, up to ${new Date(watermark).toISOString()}`;
  const known = watermark === null ? digest(config.hmac, rawBody) : String(watermark);
  return {
    kind: 'triggers',
    triggers: [
      trigger(config, 'data', {
        id: textOf(body['id']) ?? `${kind}:${what}:${known}`,
        actor: 'data',
        reason: `${kind} ${what}: ${grown}${upTo}`,
        payload: body,
      }),
    ],
  };
}

function objects(body: Json, config: SourceConfig): ParsedTriggers {
  const records = body['Records'];
  if (!Array.isArray(records) || !records.every(isJson)) return invalid('"Records" must be a list of objects');
  const created = records.filter((record) => /(^|:)ObjectCreated:/.test(textOf(record['eventName']) ?? ''));
  if (created.length === 0) return ignored('no object was created');
  const triggers = created.map((record) => {
    const s3 = objectOf(record['s3']);
    const bucket = textOf(objectOf(s3['bucket'])['name']);
    const object = objectOf(s3['object']);
    const key = textOf(object['key']);
    if (bucket === null || key === null) return null;
    const version = textOf(object['versionId']) ?? textOf(object['eTag']) ?? textOf(record['eventTime']) ?? '';
    const size = numberOf(object['size']);
    return trigger(config, 'data', {
      id: `s3:${bucket}/${key}:${version}`,
      actor: 'data',
      reason: `new file s3://${bucket}/${decoded(key)}${size === null ? '' : `, ${size} bytes`}`,
      payload: { bucket, key, version, size },
    });
  });
  const complete = triggers.filter((one) => one !== null);
  if (complete.length < triggers.length) return invalid('a record lacks s3.bucket.name or s3.object.key');
  return { kind: 'triggers', triggers: complete };
}

/** S3 writes keys as in a URL's query. */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
}
