/**
 * The counts of a `CountPlan` by UTC hour as SQL, made by the database where the rows are. Cumulative counts
 * (`count(*) FILTER (WHERE x <= edge)`) were the fastest of five ways over 1 M rows (reference/drift.md §4).
 */
import { RatchetError } from '../../core/errors';
import {
  MAX_NEW_CATEGORIES,
  type CategoricalCounts,
  type FeatureCounts,
  type NumericCounts,
  type PlannedFeature,
} from '../../core/drift/window-counts';
import type { ModelContract } from '../../core/model';
import { HOUR, literal, selectServed, type ServedRows } from './served-rows';

type PlannedNumber = Extract<PlannedFeature, { readonly kind: 'number' }>;
type PlannedString = Extract<PlannedFeature, { readonly kind: 'string' }>;

/** A planned column and the SQL that reads it from a row of the log. */
export interface Source<P extends PlannedFeature> {
  readonly plan: P;
  readonly sql: string;
  /** The key under which the counts go: features by name, the answer by {@link ANSWER}. */
  readonly name: string;
}

/** A planned feature that the contract lacks, or has as another kind, has no source. */
export interface CountSources {
  readonly numbers: readonly Source<PlannedNumber>[];
  readonly strings: readonly Source<PlannedString>[];
}

/** No feature name can hold a NUL. */
export const ANSWER = '\0answer';

/** PostgreSQL's limit is 1664 columns; a partial aggregate is one of them each, a feature at 9 edges is 16. */
const MAX_AGGREGATES = 1_500;

/** The largest double that rounds to a finite float32, and the largest that rounds to 0 (ties to even). */
const FLOAT32_OVERFLOW = 3.4028235677973366e38;
const FLOAT32_UNDERFLOW = 7.006492321624085e-46;
/** A float32 as PostgreSQL casts it, but without its errors: too large saturates, too small is 0 (core/drift/feature-values). */
const SCORE = `CASE WHEN score = 'NaN' OR abs(score) = 'Infinity' THEN NULL
  WHEN abs(score) >= ${FLOAT32_OVERFLOW} THEN sign(score)::real * '3.4028235e38'::real
  WHEN abs(score) <= ${FLOAT32_UNDERFLOW} THEN 0::real ELSE score::real END`;

export function sourcesOf(
  contract: ModelContract,
  features: readonly PlannedFeature[],
  prediction: PlannedFeature | null,
): CountSources {
  const columns = arrayElements(contract);
  const numbers: Source<PlannedNumber>[] = [];
  const strings: Source<PlannedString>[] = [];
  const add = (plan: PlannedFeature, name: string, sql: string): void => {
    if (plan.kind === 'number') numbers.push({ plan, name, sql });
    else strings.push({ plan, name, sql });
  };
  for (const plan of features) {
    const column = columns.get(plan.name);
    if (column?.kind === plan.kind) add(plan, plan.name, column.sql);
  }
  if (prediction !== null) add(prediction, ANSWER, prediction.kind === 'number' ? SCORE : 'label');
  return { numbers, strings };
}

/** Where each feature of the contract lies in a row: numbers and strings each in contract order, from 1. */
export function arrayElements(
  contract: ModelContract,
): ReadonlyMap<string, { readonly kind: 'number' | 'string'; readonly sql: string }> {
  const next = { number: 1, string: 1 };
  return new Map(
    contract.features.map(({ name, kind }) => [name, { kind, sql: `${kind}s[${next[kind]++}]` }] as const),
  );
}

// ---------------------------------------------------------------- numbers

/** Statements whose rows are [hour, rows, …one array of doubles a number source]; at least one, for the row counts. */
export function numberStatements(
  rows: ServedRows,
  sources: CountSources['numbers'],
  onlyFinite: boolean,
): readonly { readonly sources: CountSources['numbers']; readonly text: string }[] {
  return chunksOf(sources).map((chunk) => {
    const value = (sql: string): string =>
      onlyFinite ? `CASE WHEN ${sql} < 'Infinity' AND ${sql} > '-Infinity' THEN ${sql} END` : sql;
    const columns = chunk.map(({ sql }, i) => `${value(sql)} AS n${i}`);
    const sums = chunk.map(({ plan }, i) => `${aggregatesOf(plan, `n${i}`)} AS c${i}`);
    // The set-returning function keeps the planner from pulling the subquery up, which would take each element out of the array
    // anew for every edge; unlike OFFSET 0 it leaves the scan and the partial aggregate to parallel workers.
    const served = selectServed(rows, [`${HOUR} AS hour`, 'generate_series(1, 1)', ...columns].join(', '));
    return {
      sources: chunk,
      text: `SELECT ${['hour', 'count(*) AS rows', ...sums].join(', ')} FROM (${served}) AS read GROUP BY hour ORDER BY hour`,
    };
  });
}

function chunksOf(sources: CountSources['numbers']): readonly CountSources['numbers'][] {
  const chunks: (typeof sources)[number][][] = [[]];
  let used = 0;
  for (const source of sources) {
    const cost = source.plan.edges.length + 7;
    if (used > 0 && used + cost > MAX_AGGREGATES) {
      chunks.push([]);
      used = 0;
    }
    used += cost;
    chunks.at(-1)?.push(source);
  }
  return chunks;
}

function aggregatesOf({ edges, min, max }: PlannedNumber, x: string): string {
  const upTo = edges.map((edge) => `count(*) FILTER (WHERE ${x} <= ${double(edge)})`);
  const below = min === null ? '0' : `count(*) FILTER (WHERE ${x} < ${double(min)})`;
  // NaN is above everything in PostgreSQL; then the sum is not finite, and all is counted again without such values.
  const above = max === null ? '0' : `count(*) FILTER (WHERE ${x} > ${double(max)})`;
  const wide = `${x}::float8`;
  return `ARRAY[count(${x})::float8, ${below}, ${above}, min(${x}), max(${x}), sum(${wide}), sum(${wide} * ${wide})${upTo
    .map((count) => `, ${count}`)
    .join('')}]`;
}

/** As a double: float32 values are compared with it exactly. */
function double(value: number): string {
  if (Number.isNaN(value)) throw new RatchetError('RATCHET_INTERNAL', 'a count plan has an edge that is not a number');
  return `'${String(value)}'::float8`;
}

/** One array of a statement: [present, below, above, min, max, sum, sumSquares, …cumulative]. null: it holds values that are not finite. */
export function numericCounts(rows: number, values: readonly (number | null)[]): NumericCounts | null {
  const [present = 0, belowMin = 0, aboveMax = 0, min = null, max = null, sum = null, sumSquares = null] = values;
  if (sum !== null && !Number.isFinite(sum)) return null;
  const upTo = [...values.slice(7).map((n) => n ?? 0), present ?? 0];
  return {
    kind: 'number',
    rows,
    nulls: rows - (present ?? 0),
    counts: upTo.map((n, i) => n - (upTo[i - 1] ?? 0)),
    belowMin: belowMin ?? 0,
    aboveMax: aboveMax ?? 0,
    min: min === null ? null : min + 0,
    max: max === null ? null : max + 0,
    sum: (sum ?? 0) + 0,
    sumSquares: sumSquares ?? 0,
  };
}

// ---------------------------------------------------------------- strings

/**
 * Rows [hour, column, value, named, n]: each planned category, the most frequent new ones up to MAX_NEW_CATEGORIES an hour, and
 * the sum of all others (`named` false). A value that is missing comes as null. null: nothing to count.
 */
export function stringStatement(rows: ServedRows, sources: CountSources['strings']): string | null {
  if (sources.length === 0) return null;
  const values = sources.map(({ sql }) => sql);
  const planned = sources.flatMap(({ plan }, i) =>
    plan.categories.map((name) => `(${i}, ${literal(cleanText(name))})`),
  );
  const served = selectServed(rows, `${HOUR} AS hour, ARRAY[${values.join(', ')}]::text[] AS vals`);
  return `
  WITH counted AS (
    SELECT hour, (item.nth - 1)::int AS col, item.value, count(*) AS n
    FROM (${served}) AS read CROSS JOIN LATERAL unnest(vals) WITH ORDINALITY AS item (value, nth)
    GROUP BY hour, item.nth, item.value
  ), planned (col, value) AS (
    ${planned.length === 0 ? `SELECT NULL::int, NULL::text WHERE false` : `VALUES ${planned.join(', ')}`}
  ), ranked AS (
    SELECT c.*, c.value IS NULL OR p.col IS NOT NULL AS known,
      row_number() OVER (PARTITION BY c.hour, c.col, c.value IS NULL OR p.col IS NOT NULL
        ORDER BY c.n DESC, c.value COLLATE "C") AS rank
    FROM counted c LEFT JOIN planned p ON p.col = c.col AND p.value = c.value
  )
  SELECT hour, col, value, true AS named, n FROM ranked WHERE known OR rank <= ${MAX_NEW_CATEGORIES}
  UNION ALL
  SELECT hour, col, NULL, false, sum(n)::bigint FROM ranked WHERE NOT (known OR rank <= ${MAX_NEW_CATEGORIES}) GROUP BY hour, col`;
}

export interface StringCountRow {
  readonly hour: number;
  readonly col: number;
  readonly value: string | null;
  readonly named: boolean;
  readonly n: number;
}

/** The rows of one hour and column. */
export function categoricalCounts(rows: number, counted: readonly StringCountRow[]): CategoricalCounts {
  const counts: [string, number][] = [];
  let nulls = 0;
  let unnamed = 0;
  for (const { value, named, n } of counted) {
    if (!named) unnamed += n;
    else if (value === null) nulls += n;
    else counts.push([value, n]);
  }
  return { kind: 'string', rows, nulls, counts: Object.fromEntries(counts), unnamed };
}

/** PostgreSQL's text holds no NUL; the log wrote U+FFFD. */
const cleanText = (text: string): string => text.replaceAll('\0', '\uFFFD');

/** The counts of no rows. */
export function nothingOf(plan: PlannedFeature): FeatureCounts {
  if (plan.kind === 'string') return categoricalCounts(0, []);
  const zeros = new Array<number>(plan.edges.length + 1).fill(0);
  return {
    kind: 'number',
    rows: 0,
    nulls: 0,
    counts: zeros,
    belowMin: 0,
    aboveMax: 0,
    min: null,
    max: null,
    sum: 0,
    sumSquares: 0,
  };
}
