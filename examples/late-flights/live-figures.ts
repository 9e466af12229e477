/** Live log-loss and AUC of a week by version, from the prediction log and the labels: served answers and shadow answers. */
import type { Pool } from 'pg';
import { auc } from '../../core/performance/auc';
import { logLoss } from '../../core/performance/probability-loss';
import { DAY, DECEMBER_16, DECEMBER_2, DECEMBER_23, DECEMBER_9, FIRST_WINDOW } from './calendar';
import { show } from './acts/champion';

interface Week {
  readonly title: string;
  readonly from: number;
  readonly to: number;
  /** Log-loss / AUC on the data page; champion, healed. */
  readonly page: readonly [string, string];
}

const WEEKS: readonly Week[] = [
  { title: '28 Oct', from: FIRST_WINDOW, to: FIRST_WINDOW + 7 * DAY, page: ['.286 / .848', ''] },
  { title: '2 Dec', from: DECEMBER_2, to: DECEMBER_9, page: ['.450 / .849', ''] },
  { title: '9 Dec', from: DECEMBER_9, to: DECEMBER_16, page: ['.508 / .862', '.435 / .889'] },
  { title: '16 Dec', from: DECEMBER_16, to: DECEMBER_23, page: ['.400 / .892', '.363'] },
];

/** Rows of the table: week, version 1, the healed version. "–" where a version answered too little. */
export async function liveFigures(pool: Pool, model: string, healed: string): Promise<string[][]> {
  const rows: string[][] = [];
  for (const { title, from, to, page } of WEEKS) {
    const cell = async (version: string, known: string): Promise<string> => {
      const answers = await scored(pool, model, version, from, to);
      if (answers.scores.length < 100) return '–';
      const loss = logLoss(answers.positive, answers.scores);
      const area = auc(answers.positive, answers.scores);
      return `${show(loss)} / ${show(area)}, ${answers.scores.length} rows${known === '' ? '' : ` (${known})`}`;
    };
    rows.push([title, await cell('1', page[0]), await cell(healed, page[1])]);
  }
  return rows;
}

async function scored(
  pool: Pool,
  model: string,
  version: string,
  from: number,
  to: number,
): Promise<{ positive: boolean[]; scores: number[] }> {
  const found = await pool.query<{ score: number; truth: string }>(
    `SELECT DISTINCT ON (p.id, p.arm) p.score, l.value AS truth
     FROM ratchet.predictions p JOIN ratchet.labels l ON l.model = p.model AND l.prediction_id = COALESCE(p.pair_id, p.id)
     WHERE p.model = $1 AND p.version = $2 AND p.occurred_at >= $3 AND p.occurred_at < $4 AND p.score IS NOT NULL`,
    [model, version, new Date(from), new Date(to)],
  );
  return { positive: found.rows.map((r) => r.truth === '1'), scores: found.rows.map((r) => r.score) };
}
