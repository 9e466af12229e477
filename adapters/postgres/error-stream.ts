import type { Pool } from 'pg';
import { selectLabelledRows } from '../../core/performance/labelled-rows';
import type { ModelContract } from '../../core/model';
import { rows } from './database';

interface LabelledRow {
  readonly seq: number;
  readonly score: number | null;
  readonly label: string | null;
  readonly truth: string;
}

/**
 * $1 model, $2 version, $3 after, $4 limit. Labels of a model are saved one call at a time, so the order of `seq` is the order of
 * commits and no smaller one appears later. Correcting a label keeps its `seq`.
 */
const LABELLED = `
  SELECT l.seq, served.score, served.label, l.value AS truth
  FROM ratchet.labels l CROSS JOIN LATERAL (
    SELECT p.version, p.score, p.label FROM ratchet.predictions p
    WHERE p.id = l.prediction_id AND p.model = l.model AND (p.arm = 'champion' OR (p.arm = 'canary' AND p.error IS NULL))
    ORDER BY (p.error IS NOT NULL), p.received_at LIMIT 1
  ) AS served
  WHERE l.model = $1 AND l.seq > $3 AND served.version = $2
  ORDER BY l.seq LIMIT $4`;

/** One page of the error stream; `cursor` is the last label that was looked at. */
export async function readLabelledErrors(
  pool: Pool,
  model: string,
  contract: ModelContract,
  version: string,
  after: string | null,
  limit: number,
): Promise<{ readonly errors: readonly number[]; readonly cursor: string | null }> {
  const doing = `reading errors of ${model}/${version}`;
  const since = after === null ? 0 : Number(after);
  // Before the page: labels that arrive meanwhile are behind it.
  const [newest] = await rows<{ seq: number | null }>(
    pool,
    doing,
    `SELECT max(seq) AS seq FROM ratchet.labels WHERE model = $1`,
    [model],
  );
  const page = await rows<LabelledRow>(pool, doing, LABELLED, [model, version, since, limit]);
  const last = page.length >= limit ? page.at(-1)?.seq : Math.max(newest?.seq ?? 0, page.at(-1)?.seq ?? 0, since);
  return {
    errors: errorsOf(page, contract),
    cursor: last === undefined || last === 0 ? after : String(last),
  };
}

/** 0/1 for classes, |y − ŷ| for regression; rows whose values the task does not know are left out. */
export function errorsOf(
  page: readonly { readonly score: number | null; readonly label: string | null; readonly truth: string | null }[],
  contract: ModelContract,
): readonly number[] {
  const { rows: valid } = selectLabelledRows({
    task: contract.task,
    classes: contract.classes,
    scores: page.map((row) => row.score),
    labels: page.map((row) => row.label),
    truths: page.map((row) => row.truth),
  });
  return valid.task === 'regression'
    ? valid.truth.map((y, i) => Math.abs(y - (valid.score[i] ?? Number.NaN)))
    : valid.truth.map((truth, i) => (truth === valid.answer[i] ? 0 : 1));
}
