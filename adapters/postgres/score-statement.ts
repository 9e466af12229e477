import type { ModelContract } from '../../core/model';
import { literal, selectServed, type ServedRows } from './served-rows';

/** Rows [answer, segment, n, sumScore]; only rows whose answer is a class of the contract and whose score is in [0, 1]. */
export function scoreStatement(rows: ServedRows, { task, classes }: ModelContract, knots: readonly number[]): string {
  const [negative, positive] = task === 'binary' ? classes.map(literal) : [];
  const isAnswer = negative === undefined || positive === undefined ? 'false' : `label IN (${negative}, ${positive})`;
  // width_bucket counts the thresholds <= x; turned round it counts the knots >= score, so that a knot ends its segment.
  const turned = knots.map((knot) => -knot).reverse();
  const segment =
    knots.length === 0 ? '0' : `${knots.length} - width_bucket(-score, ARRAY[${turned.map(double).join(', ')}])`;
  const served = selectServed(
    rows,
    `CASE WHEN label = ${positive ?? 'NULL'} THEN 1 ELSE 0 END AS answer, ${segment} AS segment, score,
     ${isAnswer} AND score >= 0 AND score <= 1 AS valid`,
  );
  return `SELECT answer, segment, count(*) AS n, sum(score) AS "sumScore" FROM (${served}) AS scored WHERE valid
    GROUP BY answer, segment ORDER BY answer, segment`;
}

const double = (value: number): string => `'${String(value)}'::float8`;
