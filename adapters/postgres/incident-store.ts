import type { Pool } from 'pg';
import { RatchetError } from '../../core/errors';
import type { Incident, IncidentStore } from '../../core/ports';
import type { Reason } from '../../core/verdict';
import { inTransaction, rows } from './database';

interface IncidentRow {
  readonly id: string;
  readonly model: string;
  readonly opened_at: number;
  readonly closed_at: number | null;
  readonly reasons: readonly Reason[];
  readonly outcome: string | null;
}

const COLUMNS = 'id, model, opened_at, closed_at, reasons, outcome';

/** Incidents; a unique index keeps at most one open a model. */
export class PostgresIncidentStore implements IncidentStore {
  constructor(private readonly pool: Pool) {}

  async open(incident: {
    readonly id: string;
    readonly model: string;
    readonly reasons: readonly Reason[];
  }): Promise<Incident> {
    return inTransaction(this.pool, `opening an incident of ${incident.model}`, async (client) => {
      await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
        `ratchet.incident:${incident.model}`,
      ]);
      // The same id again gives that incident, open or closed: a late retry opens nothing new.
      const [there] = await rows<IncidentRow>(
        client,
        'reading an incident',
        `SELECT ${COLUMNS} FROM ratchet.incidents WHERE id = $2 OR (model = $1 AND closed_at IS NULL)
         ORDER BY (id = $2) DESC LIMIT 1`,
        [incident.model, incident.id],
      );
      if (there !== undefined) return toIncident(there);
      const [made] = await rows<IncidentRow>(
        client,
        'opening an incident',
        `INSERT INTO ratchet.incidents (id, model, reasons) VALUES ($1, $2, $3) RETURNING ${COLUMNS}`,
        [incident.id, incident.model, JSON.stringify(incident.reasons)],
      );
      if (made === undefined) throw new RatchetError('RATCHET_INTERNAL', `incident ${incident.id} was not written`);
      return toIncident(made);
    });
  }

  async close(model: string, id: string, outcome: string): Promise<void> {
    await rows(
      this.pool,
      'closing an incident',
      `UPDATE ratchet.incidents SET closed_at = clock_timestamp(), outcome = $3
       WHERE model = $1 AND id = $2 AND closed_at IS NULL`,
      [model, id, outcome],
    );
  }

  async listIncidents(model: string): Promise<readonly Incident[]> {
    const found = await rows<IncidentRow>(
      this.pool,
      'listing incidents',
      `SELECT ${COLUMNS} FROM ratchet.incidents WHERE model = $1 ORDER BY opened_at, id`,
      [model],
    );
    return found.map(toIncident);
  }
}

function toIncident(row: IncidentRow): Incident {
  const { id, model, opened_at: openedAt, closed_at: closedAt, reasons, outcome } = row;
  return { id, model, openedAt, closedAt, reasons, outcome };
}
