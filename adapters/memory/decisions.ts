import type { DecisionDraft, DecisionRecord, DecisionStore } from '../../core/ports';
import type { MemoryDatabase } from './database';

export class MemoryDecisionStore implements DecisionStore {
  constructor(private readonly db: MemoryDatabase) {}

  async record(decision: DecisionDraft): Promise<DecisionRecord> {
    return insertDecision(this.db, decision);
  }

  async list(
    model: string,
    filter: { readonly kind?: string; readonly workflowId?: string; readonly limit?: number } = {},
  ): Promise<readonly DecisionRecord[]> {
    const found = this.db.decisions.filter(
      (d) =>
        d.model === model &&
        (filter.kind === undefined || d.kind === filter.kind) &&
        (filter.workflowId === undefined || d.workflowId === filter.workflowId),
    );
    return found.slice(-(filter.limit ?? found.length) || found.length).map((d) => structuredClone(d));
  }
}

/** Like the INSERT … ON CONFLICT of the real one: a repeated key gives the first record. */
export function insertDecision(db: MemoryDatabase, draft: DecisionDraft): DecisionRecord {
  const there = db.decisions.find((d) => d.key === draft.key);
  if (there !== undefined) return structuredClone(there);
  // Through JSON, as into a column: what the database would drop or turn into null is dropped here too.
  const { reasons, evidence } = JSON.parse(
    JSON.stringify({ reasons: draft.reasons, evidence: draft.evidence }),
  ) as Pick<DecisionRecord, 'reasons' | 'evidence'>;
  const { key, model, version, kind, verdict, actor, reason, workflowId } = draft;
  const record = { id: db.decisions.length + 1, key, model, version, kind, verdict, reasons, evidence, actor, reason };
  const stored: DecisionRecord = { ...record, workflowId, at: db.clock.now() };
  db.decisions.push(stored);
  return structuredClone(stored);
}
