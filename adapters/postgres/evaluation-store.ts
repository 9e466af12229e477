import type { Pool } from 'pg';
import { RatchetError } from '../../core/errors';
import type { EvaluationRecord, EvaluationStore } from '../../core/ports';
import { oldestOpenWindow } from '../../core/drift/window-grid';
import { rows, timestamp } from './database';

interface EvaluationRow {
  readonly model: string;
  readonly version: string;
  readonly window_start: number;
  readonly window_end: number;
  readonly report: EvaluationRecord['report'];
  readonly measurement: EvaluationRecord['measurement'];
  readonly workflow_id: string;
  readonly at: number;
}

const COLUMNS = 'model, version, window_start, window_end, report, measurement, workflow_id, at';

/** Evaluated windows; the primary key (model, version, start) makes each count once. */
export class PostgresEvaluationStore implements EvaluationStore {
  constructor(private readonly pool: Pool) {}

  async nextWindow(
    model: string,
    version: string,
    grid: { readonly anchor: number; readonly windowMs: number },
    firstStart: number,
    watermark: number,
  ): Promise<{ readonly start: number; readonly end: number } | null> {
    const done = await rows<{ window_start: number }>(
      this.pool,
      'reading evaluated windows',
      `SELECT window_start FROM ratchet.evaluations WHERE model = $1 AND version = $2 AND window_start >= $3`,
      [model, version, timestamp(firstStart)],
    );
    return oldestOpenWindow(grid, firstStart, watermark, new Set(done.map((row) => row.window_start)));
  }

  async saveEvaluation(record: EvaluationRecord): Promise<EvaluationRecord> {
    const { model, version, windowStart, windowEnd, report, measurement, workflowId, at } = record;
    await rows(
      this.pool,
      'saving an evaluation',
      `INSERT INTO ratchet.evaluations (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
      [
        model,
        version,
        timestamp(windowStart),
        timestamp(windowEnd),
        JSON.stringify(report),
        JSON.stringify(measurement),
        workflowId,
        timestamp(at),
      ],
    );
    const [there] = await rows<EvaluationRow>(
      this.pool,
      'reading an evaluation',
      `SELECT ${COLUMNS} FROM ratchet.evaluations WHERE model = $1 AND version = $2 AND window_start = $3`,
      [model, version, timestamp(windowStart)],
    );
    if (there === undefined) throw new RatchetError('RATCHET_INTERNAL', `evaluation of ${model} was not written`);
    return toRecord(there);
  }

  async listEvaluations(model: string): Promise<readonly EvaluationRecord[]> {
    const found = await rows<EvaluationRow>(
      this.pool,
      'listing evaluations',
      `SELECT ${COLUMNS} FROM ratchet.evaluations WHERE model = $1 ORDER BY window_start, at`,
      [model],
    );
    return found.map(toRecord);
  }
}

function toRecord(row: EvaluationRow): EvaluationRecord {
  const { window_start: windowStart, window_end: windowEnd, workflow_id: workflowId, ...rest } = row;
  return { ...rest, windowStart, windowEnd, workflowId };
}
