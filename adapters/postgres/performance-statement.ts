/**
 * `countPerformance` and `countSlices` (core/performance/count.ts says what is counted) as one SQL statement: labels joined,
 * ranks by window functions over distinct scores, slices by GROUP BY.
 */
import { calibrationBin, CALIBRATION_BINS, MAX_SLICES, SATURATED } from '../../core/performance/count';
import type {
  CalibrationBin,
  LossSums,
  PerformanceCounts,
  RankSums,
  RowLoss,
} from '../../core/performance/performance-counts';
import { LOG_LOSS_CLIP } from '../../core/performance/probability-loss';
import type { ModelContract } from '../../core/model';
import { literal, selectServed, type ServedRows } from './served-rows';

/** `slice` −1 is all rows. `key`: `v` and the value, or `n` for a missing one. */
export interface PerformanceRow {
  readonly part: 'rows' | 'losses' | 'confusion' | 'bins' | 'ranks';
  readonly slice: number;
  readonly key: string;
  readonly truth: string | null;
  readonly answer: string | null;
  readonly v: readonly (number | null)[];
}

/** Losses beyond these are clipped in SQL, whose doubles fail where JavaScript's become infinite; the sums are then SATURATED. */
const LARGEST = 1e300;
const LARGEST_SQUARED = 1e150;
/** Smaller errors are 0: their squares' squares would leave the doubles. */
const TINY = 1e-75;

const LOSSES: Readonly<Record<ModelContract['task'], readonly RowLoss[]>> = {
  binary: ['logLoss', 'brier'],
  multiclass: [],
  regression: ['squared', 'absolute', 'absolutePercentage'],
};

/** `slices`: the SQL of each slicing feature's value. */
export function performanceStatement(rows: ServedRows, contract: ModelContract, slices: readonly string[]): string {
  const cuts = [`(-1, 'n')`, ...slices.map((_, i) => `(${i}, coalesce('v' || s${i}, 'n'))`)];
  const read = ['id', 'score', 'label', ...slices.map((sql, i) => `(${sql})::text AS s${i}`)];
  const parts = [
    `SELECT 'rows' AS part, slice, key, NULL::text AS truth, NULL::text AS answer,
       ARRAY[count(*), count(*) FILTER (WHERE valid), count(*) FILTER (WHERE NOT valid AND truth IS NOT NULL
         AND (score IS NOT NULL OR label IS NOT NULL))]::float8[] AS v FROM cut GROUP BY slice, key`,
    ...(LOSSES[contract.task].length === 0 ? [] : [lossPart(contract)]),
    ...(contract.task === 'regression' ? [] : [CONFUSION]),
    ...(contract.task === 'binary' ? [BINS, RANKS] : []),
  ];
  const columns = ['score', 'label', 'truth', 'valid', ...(contract.task === 'binary' ? ['positive'] : [])];
  if (contract.task === 'regression') columns.push('y');
  const judged = `
    SELECT *, coalesce(${isValid(contract)}, false) AS valid${
      contract.task === 'binary' ? `, truth = ${literal(contract.classes[1] ?? '')} AS positive` : ''
    } FROM (SELECT *${contract.task === 'regression' ? `, ${TRUTH_NUMBER} AS y` : ''} FROM (
      SELECT r.*, l.value AS truth FROM (${selectServed(rows, read.join(', '))}) AS r
      LEFT JOIN ratchet.labels l ON l.model = ${literal(rows.model)} AND l.prediction_id = r.id) AS joined) AS typed`;
  // Without slices nothing is chosen, and a million rows are written to the work file once.
  const cut =
    slices.length === 0
      ? `cut AS MATERIALIZED (SELECT -1 AS slice, 'n' AS key, ${columns.join(', ')} FROM (${judged}) AS judged)`
      : `judged AS MATERIALIZED (${judged}
  ), every_cut AS (
    SELECT cuts.slice, cuts.key, ${columns.join(', ')} FROM judged CROSS JOIN LATERAL (VALUES ${cuts.join(', ')}) AS cuts (slice, key)
  ), chosen AS (
    SELECT slice, key FROM (
      SELECT slice, key, row_number() OVER (PARTITION BY slice ORDER BY count(*) DESC, substr(key, 2) COLLATE "C") AS rank
      FROM every_cut GROUP BY slice, key) AS ranked
    WHERE rank <= ${MAX_SLICES}
  ), cut AS MATERIALIZED (
    SELECT every_cut.* FROM every_cut JOIN chosen USING (slice, key))`;
  return `
  WITH ${cut}, valid AS (SELECT * FROM cut WHERE valid)
  ${parts.join('\n  UNION ALL\n  ')}`;
}

function isValid({ task, classes }: ModelContract): string {
  if (task === 'regression') return `y IS NOT NULL AND score > '-Infinity' AND score < 'Infinity'`;
  if (classes.length === 0 || (task === 'binary' && classes.length !== 2)) return 'false';
  const names = classes.map(literal).join(', ');
  const known = `truth IN (${names}) AND label IN (${names})`;
  return task === 'binary' ? `${known} AND score >= 0 AND score <= 1` : known;
}

/** A decimal number as a double, what is beyond the doubles null; PostgreSQL's own cast would fail on it. */
const TRUTH_NUMBER = `CASE WHEN truth ~ '^\\s*[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]{1,3})?\\s*$' THEN
    CASE WHEN abs(truth::numeric) > 1.7976931348623157e308 THEN NULL WHEN abs(truth::numeric) < 1e-300 THEN 0::float8
      ELSE truth::float8 END END`;

const sums = (x: string): string =>
  `count(${x}), max(${x}), sum(${x}), sum(least(${x}, ${LARGEST_SQUARED}) * least(${x}, ${LARGEST_SQUARED}))`;

function lossPart({ task }: ModelContract): string {
  const clipped = `least(greatest(score, ${LOG_LOSS_CLIP}), ${1 - LOG_LOSS_CLIP})`;
  const wide = (x: string): string => `least(greatest(${x}, -${LARGEST}), ${LARGEST})`;
  const squared = `least(d, ${LARGEST_SQUARED}) * least(d, ${LARGEST_SQUARED})`;
  const relative = `CASE WHEN y = 0 THEN NULL WHEN abs(y) >= 1 OR d < ${LARGEST} * abs(y) THEN d / abs(y) ELSE ${LARGEST} END`;
  const [losses, difference] =
    task === 'binary'
      ? [
          `CASE WHEN positive THEN -ln(${clipped}) ELSE -ln(1 - ${clipped}) END AS a, ${squared} AS b, NULL::float8 AS c`,
          `abs(score - CASE WHEN positive THEN 1 ELSE 0 END)`,
        ]
      : [`${squared} AS a, d AS b, ${relative} AS c`, `least(abs(${wide('score')} - ${wide('y')}), ${LARGEST})`];
  return `SELECT 'losses', slice, key, NULL, NULL, ARRAY[${['a', 'b', 'c'].map(sums).join(', ')}]::float8[]
    FROM (SELECT slice, key, ${losses}
      FROM (SELECT *, CASE WHEN ${difference} < ${TINY} THEN 0 ELSE ${difference} END AS d FROM valid) AS differing) AS losing
    GROUP BY slice, key`;
}

const CONFUSION = `SELECT 'confusion', slice, key, truth, label, ARRAY[count(*)]::float8[]
    FROM valid GROUP BY slice, key, truth, label`;

const BINS = `SELECT 'bins', slice, key, NULL, NULL, ARRAY[bin, count(*), sum(score), count(*) FILTER (WHERE positive)]::float8[]
    FROM (SELECT *, least(${CALIBRATION_BINS - 1}, floor(score * ${CALIBRATION_BINS})) AS bin FROM valid) AS binned
    GROUP BY slice, key, bin`;

/** Placement values of DeLong, DeLong and Clarke-Pearson (Biometrics 44, 1988), once a distinct score. */
const RANKS = `SELECT 'ranks', slice, key, NULL, NULL, ARRAY[max(pos), max(neg),
      sum(p * (neg_below + n / 2)) / max(neg), sum(p * ((neg_below + n / 2) / neg) ^ 2),
      sum(n * ((pos - pos_below - p / 2) / pos) ^ 2)]::float8[]
    FROM (SELECT slice, key, p, n, sum(p) OVER whole AS pos, sum(n) OVER whole AS neg,
        sum(p) OVER below - p AS pos_below, sum(n) OVER below - n AS neg_below
      FROM (SELECT slice, key, score, (count(*) FILTER (WHERE positive))::float8 AS p,
          (count(*) FILTER (WHERE NOT positive))::float8 AS n FROM valid GROUP BY slice, key, score) AS distinct_scores
      WINDOW whole AS (PARTITION BY slice, key), below AS (PARTITION BY slice, key ORDER BY score)) AS ranked
    WHERE pos > 0 AND neg > 0 GROUP BY slice, key`;

/** The parts of one slice put together. `found` are its rows only. */
export function performanceCounts(found: readonly PerformanceRow[], contract: ModelContract): PerformanceCounts {
  const valuesOf = (part: PerformanceRow['part']): readonly (number | null)[] =>
    found.find((r) => r.part === part)?.v ?? [];
  const [rows = 0, labelled = 0, invalid = 0] = valuesOf('rows').map((n) => n ?? 0);
  const { task, classes } = contract;
  return {
    schemaVersion: 1,
    rows,
    labelled,
    invalid,
    confusion: task === 'regression' ? null : confusionOf(found, task === 'binary' ? classes.slice(0, 2) : classes),
    losses: lossesOf(valuesOf('losses'), task),
    ranks: task === 'binary' ? ranksOf(valuesOf('ranks')) : null,
    calibration: task === 'binary' ? binsOf(found) : null,
  };
}

function confusionOf(found: readonly PerformanceRow[], classes: readonly string[]): readonly (readonly number[])[] {
  const matrix = classes.map(() => classes.map(() => 0));
  for (const { part, truth, answer, v } of found) {
    const row = part === 'confusion' ? matrix[classes.indexOf(truth ?? '')] : undefined;
    const column = classes.indexOf(answer ?? '');
    if (row !== undefined && column >= 0) row[column] = v[0] ?? 0;
  }
  return matrix;
}

function lossesOf(
  v: readonly (number | null)[],
  task: ModelContract['task'],
): Readonly<Partial<Record<RowLoss, LossSums>>> {
  const losses: Partial<Record<RowLoss, LossSums>> = {};
  LOSSES[task].forEach((name, i) => {
    const [n = 0, largest = 0, sum = 0, sumSquares = 0] = v.slice(4 * i, 4 * i + 4).map((x) => x ?? 0);
    losses[name] = {
      n,
      sum: largest >= LARGEST ? SATURATED : sum,
      sumSquares: largest > LARGEST_SQUARED ? SATURATED : sumSquares,
    };
  });
  return losses;
}

function ranksOf(v: readonly (number | null)[]): RankSums | null {
  if (v.length === 0) return null;
  const [positives = 0, negatives = 0, sumPositive = 0, sumSquaresPositive = 0, sumSquaresNegative = 0] = v.map(
    (x) => x ?? 0,
  );
  return { positives, negatives, sumPositive, sumSquaresPositive, sumSquaresNegative };
}

function binsOf(found: readonly PerformanceRow[]): readonly CalibrationBin[] {
  const bins = Array.from({ length: CALIBRATION_BINS }, () => ({ n: 0, sumScore: 0, positives: 0 }));
  for (const { part, v } of found) {
    const [bin = 0, n = 0, sumScore = 0, positives = 0] = v.map((x) => x ?? 0);
    if (part === 'bins' && bin <= calibrationBin(1)) bins[bin] = { n, sumScore, positives };
  }
  return bins;
}

/** Of a slice's key. Numbers are named as JavaScript writes them. */
export function sliceValue(key: string, kind: 'number' | 'string'): string | null {
  if (!key.startsWith('v')) return null;
  return kind === 'number' ? String(Number(key.slice(1))) : key.slice(1);
}
