import type { Pool } from 'pg';
import type { InboxTrigger, TriggerInbox } from '../../core/ports';
import { rows, timestamp } from './database';

interface TriggerRow extends Omit<InboxTrigger, 'asOf'> {
  readonly as_of: number | null;
  readonly received_at: number;
  readonly taken_by: string | null;
}

const COLUMNS = 'id, model, source, actor, reason, manual, as_of, payload, received_at, taken_by';

/** Triggers as they came in `ratchet.triggers`, which refuses any change of what a source sent. */
export class PostgresTriggerInbox implements TriggerInbox {
  constructor(private readonly pool: Pool) {}

  async addTriggers(triggers: readonly InboxTrigger[]): Promise<{ readonly added: number }> {
    if (triggers.length === 0) return { added: 0 };
    const column = <T>(of: (trigger: InboxTrigger) => T): readonly T[] => triggers.map(of);
    const added = await rows(
      this.pool,
      'keeping triggers',
      // In the order given; two bursts with the same ids lock them in one order and do not wait for each other in a ring.
      `INSERT INTO ratchet.triggers (model, id, source, actor, reason, manual, as_of, payload)
       SELECT model, id, source, actor, reason, manual, as_of, payload
       FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::timestamptz[], $8::json[])
         WITH ORDINALITY AS t (model, id, source, actor, reason, manual, as_of, payload, nth)
       ORDER BY nth
       ON CONFLICT (model, id) DO NOTHING RETURNING seq`,
      [
        column((t) => clean(t.model)),
        column((t) => clean(t.id)),
        column((t) => t.source),
        column((t) => clean(t.actor)),
        column((t) => clean(t.reason)),
        column((t) => t.manual),
        column((t) => (t.asOf === null ? null : timestamp(t.asOf))),
        column((t) => (t.payload === null ? null : JSON.stringify(t.payload))),
      ],
    );
    return { added: added.length };
  }

  async listWaiting(
    model: string,
    limit: number,
  ): Promise<readonly (InboxTrigger & { readonly receivedAt: number })[]> {
    const found = await rows<TriggerRow>(
      this.pool,
      `reading triggers of ${model}`,
      `SELECT ${COLUMNS} FROM ratchet.triggers WHERE model = $1 AND taken_by IS NULL ORDER BY seq LIMIT $2`,
      [model, limit],
    );
    return found.map(waiting);
  }

  async modelsWaiting(): Promise<readonly string[]> {
    const found = await rows<{ model: string }>(
      this.pool,
      'reading models with triggers',
      'SELECT DISTINCT model FROM ratchet.triggers WHERE taken_by IS NULL ORDER BY model',
    );
    return found.map(({ model }) => model);
  }

  async markTaken(model: string, ids: readonly string[], by: string): Promise<void> {
    if (ids.length === 0) return;
    await rows(
      this.pool,
      `marking triggers of ${model}`,
      `UPDATE ratchet.triggers SET taken_by = $3, taken_at = clock_timestamp()
       WHERE model = $1 AND id = ANY($2::text[]) AND taken_by IS DISTINCT FROM $3`,
      [model, ids.map(clean), by],
    );
  }

  async listTriggers(
    model: string,
    limit: number,
  ): Promise<readonly (InboxTrigger & { readonly receivedAt: number; readonly takenBy: string | null })[]> {
    const found = await rows<TriggerRow>(
      this.pool,
      `listing triggers of ${model}`,
      `SELECT ${COLUMNS} FROM ratchet.triggers WHERE model = $1 ORDER BY seq DESC LIMIT $2`,
      [model, limit],
    );
    return found.map((row) => ({ ...waiting(row), takenBy: row.taken_by }));
  }
}

function waiting(row: TriggerRow): InboxTrigger & { readonly receivedAt: number } {
  const { id, model, source, actor, reason, manual, payload } = row;
  return { id, model, source, actor, reason, manual, asOf: row.as_of, payload, receivedAt: row.received_at };
}

/** PostgreSQL's text holds no NUL. */
const clean = (text: string): string => text.replaceAll('\0', '\uFFFD');
