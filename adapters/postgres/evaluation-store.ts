import type { Pool } from 'pg';
import { RatchetError } from '../../core/errors';
import type { EvaluationRecord, EvaluationStore, NewestEvaluation } from '../../core/ports';
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
  readonly revision: number;
}

const COLUMNS = 'model, version, window_start, window_end, report, measurement, workflow_id, at, revision';

/** $1 model. The latest revision of each window. */
const LATEST = `
  SELECT DISTINCT ON (version, window_start) ${COLUMNS} FROM ratchet.evaluations
  WHERE model = $1 ORDER BY version, window_start, revision DESC`;

/**
 * $1 model, $2 version, $3 windows that ended after. Labels are looked for by their arrival first, which is an index and
 * mostly finds nothing. A correction moves a label's arrival, so it is found too.
 */
const CHANGED_SINCE = `
  SELECT e.window_start, e.window_end, e.revision
  FROM (${LATEST}) AS e
  WHERE e.version = $2 AND e.window_end > $3 AND EXISTS (
    SELECT FROM ratchet.labels l JOIN ratchet.predictions p ON p.id = l.prediction_id AND p.model = l.model
    WHERE l.model = $1 AND l.received_at > e.at AND p.version = $2 AND p.arm IN ('champion', 'canary')
      AND p.occurred_at >= e.window_start AND p.occurred_at < e.window_end)
  ORDER BY e.window_start LIMIT 1`;

/** The newest window of each model; then, without the measurements, how many judged windows since the last one that passed. */
const NEWEST = `
  WITH newest AS (
    SELECT DISTINCT ON (model) ${COLUMNS} FROM ratchet.evaluations
    ORDER BY model, window_end DESC, revision DESC, at DESC
  ), judged AS (
    SELECT DISTINCT ON (e.model, e.window_start) e.model, e.window_end,
      (e.report ->> 'breached')::boolean AS breached, coalesce((e.report ->> 'judged')::boolean, true) AS judged
    FROM ratchet.evaluations e JOIN newest n ON n.model = e.model AND n.version = e.version
    ORDER BY e.model, e.window_start, e.revision DESC
  )
  SELECT n.*, (
    SELECT count(*)::integer FROM judged j WHERE j.model = n.model AND j.judged AND j.window_end > coalesce(
      (SELECT max(p.window_end) FROM judged p WHERE p.model = n.model AND p.judged AND NOT p.breached), '-infinity')
  ) AS consecutive_breaches
  FROM newest n ORDER BY n.model`;

/** Evaluated windows; the primary key (model, version, start, revision) makes each count once. */
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
      `SELECT DISTINCT window_start FROM ratchet.evaluations WHERE model = $1 AND version = $2 AND window_start >= $3`,
      [model, version, timestamp(firstStart)],
    );
    return oldestOpenWindow(grid, firstStart, watermark, new Set(done.map((row) => row.window_start)));
  }

  async saveEvaluation(record: EvaluationRecord): Promise<EvaluationRecord> {
    const { model, version, windowStart, windowEnd, report, measurement, workflowId, at, revision = 1 } = record;
    await rows(
      this.pool,
      'saving an evaluation',
      `INSERT INTO ratchet.evaluations (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
      [
        model,
        version,
        timestamp(windowStart),
        timestamp(windowEnd),
        JSON.stringify(report),
        JSON.stringify(measurement),
        workflowId,
        timestamp(at),
        revision,
      ],
    );
    const [there] = await rows<EvaluationRow>(
      this.pool,
      'reading an evaluation',
      `SELECT ${COLUMNS} FROM ratchet.evaluations
       WHERE model = $1 AND version = $2 AND window_start = $3 AND revision = $4`,
      [model, version, timestamp(windowStart), revision],
    );
    if (there === undefined) throw new RatchetError('RATCHET_INTERNAL', `evaluation of ${model} was not written`);
    return toRecord(there);
  }

  async listEvaluations(model: string): Promise<readonly EvaluationRecord[]> {
    const found = await rows<EvaluationRow>(
      this.pool,
      'listing evaluations',
      `SELECT * FROM (${LATEST}) AS latest ORDER BY window_start, at`,
      [model],
    );
    return found.map(toRecord);
  }

  async nextRecomputation(
    model: string,
    version: string,
    endedAfter: number,
  ): Promise<{ readonly start: number; readonly end: number; readonly revision: number } | null> {
    const [found] = await rows<Pick<EvaluationRow, 'window_start' | 'window_end' | 'revision'>>(
      this.pool,
      'looking for late labels',
      CHANGED_SINCE,
      [model, version, timestamp(endedAfter)],
    );
    return found === undefined
      ? null
      : { start: found.window_start, end: found.window_end, revision: found.revision + 1 };
  }

  async newestEvaluations(): Promise<readonly NewestEvaluation[]> {
    const found = await rows<EvaluationRow & { readonly consecutive_breaches: number }>(
      this.pool,
      'reading the newest evaluations',
      NEWEST,
      [],
    );
    return found.map(({ consecutive_breaches: consecutiveBreaches, ...row }) => ({
      ...toRecord(row),
      consecutiveBreaches,
    }));
  }
}

function toRecord(row: EvaluationRow): EvaluationRecord {
  const { window_start: windowStart, window_end: windowEnd, workflow_id: workflowId, revision, ...rest } = row;
  return { ...rest, windowStart, windowEnd, workflowId, ...(revision === 1 ? {} : { revision }) };
}
