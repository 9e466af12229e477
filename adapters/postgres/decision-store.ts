import type { Pool } from 'pg';
import type { DecisionDraft, DecisionRecord, DecisionStore } from '../../core/ports';
import { RatchetError } from '../../core/errors';
import { rows, type Queryable } from './database';

interface DecisionRow {
  readonly id: number;
  readonly key: string;
  readonly model: string;
  readonly version: string | null;
  readonly kind: string;
  readonly verdict: DecisionRecord['verdict'];
  readonly reasons: DecisionRecord['reasons'];
  readonly evidence: DecisionRecord['evidence'];
  readonly actor: string;
  readonly reason: string;
  readonly workflow_id: string | null;
  readonly at: number;
}

const COLUMNS = 'id, key, model, version, kind, verdict, reasons, evidence, actor, reason, workflow_id, at';

/** Decisions in `ratchet.decisions`, where the database itself refuses UPDATE, DELETE and TRUNCATE (I8). */
export class PostgresDecisionStore implements DecisionStore {
  constructor(private readonly pool: Pool) {}

  async record(decision: DecisionDraft): Promise<DecisionRecord> {
    return (await insertDecision(this.pool, decision)).record;
  }

  /** Oldest first; with a limit, the newest `limit` of them. */
  async list(
    model: string,
    filter: { readonly kind?: string; readonly workflowId?: string; readonly limit?: number } = {},
  ): Promise<readonly DecisionRecord[]> {
    const found = await rows<DecisionRow>(
      this.pool,
      'listing decisions',
      `SELECT ${COLUMNS} FROM ratchet.decisions
       WHERE model = $1 AND ($2::text IS NULL OR kind = $2) AND ($3::text IS NULL OR workflow_id = $3)
       ORDER BY id DESC LIMIT $4`,
      [model, filter.kind ?? null, filter.workflowId ?? null, filter.limit ?? null],
    );
    return found.reverse().map(toRecord);
  }
}

/** `first` is false when the key was there already: then nothing was written. */
export async function insertDecision(
  on: Queryable | Pool,
  d: DecisionDraft,
): Promise<{ readonly record: DecisionRecord; readonly first: boolean }> {
  const [inserted] = await rows<DecisionRow>(
    on,
    'recording a decision',
    `INSERT INTO ratchet.decisions (key, model, version, kind, verdict, reasons, evidence, actor, reason, workflow_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (key) DO NOTHING RETURNING ${COLUMNS}`,
    [
      d.key,
      d.model,
      d.version,
      d.kind,
      d.verdict,
      JSON.stringify(d.reasons),
      JSON.stringify(d.evidence),
      d.actor,
      d.reason,
      d.workflowId,
    ],
  );
  if (inserted !== undefined) return { record: toRecord(inserted), first: true };
  const there = await findDecision(on, d.key);
  if (there === null) throw new RatchetError('RATCHET_INTERNAL', `decision ${d.key} was neither written nor found`);
  return { record: there, first: false };
}

export async function findDecision(on: Queryable | Pool, key: string): Promise<DecisionRecord | null> {
  const [row] = await rows<DecisionRow>(
    on,
    'reading a decision',
    `SELECT ${COLUMNS} FROM ratchet.decisions WHERE key = $1`,
    [key],
  );
  return row === undefined ? null : toRecord(row);
}

function toRecord(row: DecisionRow): DecisionRecord {
  const { workflow_id: workflowId, ...rest } = row;
  return { ...rest, workflowId };
}
