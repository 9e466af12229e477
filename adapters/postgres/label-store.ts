import type { Pool, PoolClient } from 'pg';
import type { LabelInput, LabelOutcome, LabelStore } from '../../core/ports';
import { inTransaction, rows, timestamp } from './database';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const DAY_MS = 86_400_000;

/**
 * Ground truth in `ratchet.labels`, replaced values in `ratchet.label_history`. Labels of a model are saved one call at
 * a time, so that `seq` is the order of arrival and the order of commit alike.
 */
export class PostgresLabelStore implements LabelStore {
  constructor(private readonly pool: Pool) {}

  async saveLabels(
    model: string,
    labels: readonly LabelInput[],
    pendingGraceMs: number,
  ): Promise<readonly LabelOutcome[]> {
    if (labels.length === 0) return [];
    return inTransaction(this.pool, `saving labels of ${model}`, async (client) => {
      await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`ratchet.labels:${model}`]);
      const ids = [...new Set(labels.map((l) => l.predictionId.toLowerCase()).filter((id) => UUID.test(id)))];
      const known = await knownPredictions(client, model, ids);
      const values = await currentValues(client, model, ids);
      const now = await databaseNow(client);
      const changes = new Map<string, LabelInput>();
      const replaced: string[] = [];
      const outcomes = labels.map((label): LabelOutcome => {
        const id = label.predictionId.toLowerCase();
        const value = cleanText(label.value);
        const made = timeOfUuidV7(id);
        // Clocks differ: an id may come from a little ahead too, but not from anywhere in the future.
        const mayBeOnItsWay = made !== null && Math.abs(now - made) <= pendingGraceMs;
        if (!UUID.test(id) || (!known.has(id) && !mayBeOnItsWay)) return 'unknown';
        const there = values.get(id);
        if (there === value) return 'duplicate';
        if (there !== undefined && label.correction !== true) return 'conflict';
        if (there !== undefined && !changes.has(id)) replaced.push(id);
        values.set(id, value);
        changes.set(id, { ...label, predictionId: id, value });
        return there === undefined ? 'accepted' : 'corrected';
      });
      await keepReplaced(client, model, replaced);
      await upsert(client, model, [...changes.values()]);
      return outcomes;
    });
  }
}

/**
 * Looks in the partitions around each id's own time first; only ids that are not there are looked for in all of them.
 */
async function knownPredictions(client: PoolClient, model: string, ids: readonly string[]): Promise<Set<string>> {
  const known = new Set<string>();
  const times = ids.map(timeOfUuidV7).filter((time): time is number => time !== null);
  if (times.length > 0) {
    const from = timestamp(times.reduce((a, b) => Math.min(a, b)) - DAY_MS);
    const to = timestamp(times.reduce((a, b) => Math.max(a, b)) + DAY_MS);
    const near = await rows<{ id: string }>(
      client,
      'finding predictions',
      `SELECT DISTINCT id FROM ratchet.predictions
       WHERE id = ANY($2::uuid[]) AND model = $1 AND received_at >= $3 AND received_at < $4`,
      [model, ids, from, to],
    );
    for (const { id } of near) known.add(id);
  }
  const rest = ids.filter((id) => !known.has(id));
  if (rest.length > 0) {
    const far = await rows<{ id: string }>(
      client,
      'finding predictions',
      'SELECT DISTINCT id FROM ratchet.predictions WHERE id = ANY($2::uuid[]) AND model = $1',
      [model, rest],
    );
    for (const { id } of far) known.add(id);
  }
  return known;
}

async function currentValues(client: PoolClient, model: string, ids: readonly string[]): Promise<Map<string, string>> {
  const found = await rows<{ id: string; value: string }>(
    client,
    'reading labels',
    'SELECT prediction_id AS id, value FROM ratchet.labels WHERE model = $1 AND prediction_id = ANY($2::uuid[])',
    [model, ids],
  );
  return new Map(found.map(({ id, value }) => [id, value]));
}

async function databaseNow(client: PoolClient): Promise<number> {
  const [row] = await rows<{ now: number }>(client, 'reading the time', 'SELECT clock_timestamp() AS now');
  return row?.now ?? NaN;
}

async function keepReplaced(client: PoolClient, model: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await rows(
    client,
    'keeping replaced labels',
    `INSERT INTO ratchet.label_history (model, prediction_id, value, observed_at, received_at)
     SELECT model, prediction_id, value, observed_at, received_at FROM ratchet.labels
     WHERE model = $1 AND prediction_id = ANY($2::uuid[])`,
    [model, ids],
  );
}

async function upsert(client: PoolClient, model: string, labels: readonly LabelInput[]): Promise<void> {
  if (labels.length === 0) return;
  await rows(
    client,
    'saving labels',
    `INSERT INTO ratchet.labels (model, prediction_id, value, observed_at)
     SELECT $1, id, value, observed_at
     FROM unnest($2::uuid[], $3::text[], $4::timestamptz[]) WITH ORDINALITY AS l (id, value, observed_at, n) ORDER BY n
     ON CONFLICT (model, prediction_id) DO UPDATE
       SET value = excluded.value, observed_at = excluded.observed_at, received_at = clock_timestamp()`,
    [model, labels.map((l) => l.predictionId), labels.map((l) => l.value), labels.map((l) => timestamp(l.observedAt))],
  );
}

/** Milliseconds since 1970 in a UUIDv7's first 48 bits (RFC 9562 §5.7); null for another version. */
export function timeOfUuidV7(id: string): number | null {
  return UUID.test(id) && id[14] === '7' ? parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : null;
}

/** PostgreSQL's text cannot hold a NUL. */
function cleanText(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}
