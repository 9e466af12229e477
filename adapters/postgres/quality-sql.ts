/**
 * Quality counts as SQL, by the rules of core/quality/count.ts and count-expectation.ts; the conformance suite runs the same rows
 * through both. Everything is made of the frequencies of a column's distinct values (two CTEs), summed in rising order, so that even
 * sums are the same doubles. Logged numbers are float32; read through their shortest text they are the doubles that a reader gets
 * (0.1, not 0.10000000149), and a bound of 0.1 means what it says.
 */
import { compilePattern } from '../../core/quality/pattern';
import {
  columnsOf,
  isRowExpectation,
  type Bounds,
  type Expectation,
  type RowExpectation,
} from '../../core/quality/expectation';
import { MOST_COMMON } from '../../core/quality/quality-counts';
import { OFFENDING_ROWS } from '../../core/quality/quality-report';
import type { FeatureSpec, ModelContract } from '../../core/model';

/** Where a column is found: an index (from 1) into `numbers` or `strings` of the CTE `served`. */
export interface SqlColumn {
  readonly kind: FeatureSpec['kind'];
  readonly index: number;
}

/** Values bound to a statement. */
export class Parameters {
  readonly values: unknown[];

  constructor(first: readonly unknown[]) {
    this.values = [...first];
  }

  add(value: unknown, type: string): string {
    this.values.push(Array.isArray(value) ? value.map(clean) : clean(value));
    return `$${this.values.length}::${type}`;
  }
}

/** The log keeps U+FFFD where a text had a NUL. */
const clean = (value: unknown): unknown => (typeof value === 'string' ? value.replaceAll('\0', '\uFFFD') : value);

/** Features of the contract, then `score` and `label`. */
export function sqlColumns(contract: ModelContract): ReadonlyMap<string, SqlColumn> {
  const at = { number: 0, string: 0 };
  const columns = new Map<string, SqlColumn>();
  for (const { name, kind } of contract.features) columns.set(name, { kind, index: ++at[kind] });
  if (!columns.has('score')) columns.set('score', { kind: 'number', index: at.number + 1 });
  if (!columns.has('label')) columns.set('label', { kind: 'string', index: at.string + 1 });
  return columns;
}

/**
 * $1 model, $2 from, $3 to. One row a request, as in WINDOW of evidence-queries.ts. The frequencies of number columns are made for
 * those in `frequent` alone (indices from 1): of a wide window of continuous numbers they are as many as its cells.
 */
export function sources(contract: ModelContract, frequent: readonly number[]): string {
  const count = (kind: FeatureSpec['kind']): number => contract.features.filter((f) => f.kind === kind).length;
  const elements = (array: string, n: number, last: string): string =>
    [...Array.from({ length: n }, (_, i) => `${array}[${i + 1}]`), last].join(', ');
  return `WITH logged AS (
    SELECT id, version, error, received_at, occurred_at, numbers::text[]::float8[] AS n, strings AS s, score, label
    FROM ratchet.predictions
    WHERE model = $1 AND occurred_at >= $2 AND occurred_at < $3
      AND (arm = 'champion' OR (arm = 'canary' AND error IS NULL))
  ), served AS MATERIALIZED (
    SELECT row_number() OVER (ORDER BY occurred_at, id) - 1 AS row, id::text AS key,
      ARRAY[${elements('n', count('number'), 'score')}]::float8[] AS numbers,
      ARRAY[${elements('s', count('string'), 'label')}]::text[] AS strings
    FROM (SELECT DISTINCT ON (id) * FROM logged ORDER BY id, (error IS NOT NULL), received_at) AS one
  ), number_values AS MATERIALIZED (
    ${frequent.length === 0 ? 'SELECT 0 AS i, NULL::float8 AS v, 0::float8 AS n WHERE false' : frequent.map(frequenciesOf).join(' UNION ALL ')}
  ), string_values AS MATERIALIZED (
    SELECT i, v, count(*)::float8 AS n FROM served, unnest(strings) WITH ORDINALITY AS u(v, i) GROUP BY 1, 2
  )`;
}

/** One column after the other: sorting a million numbers fifty times is cheaper than fifty million at once. */
const frequenciesOf = (index: number): string =>
  `SELECT ${index} AS i, v, count(*)::float8 AS n FROM (SELECT numbers[${index}] + 0 AS v FROM served) AS c GROUP BY v`;

const FINITE = `v < 'Infinity' AND v > '-Infinity'`;
const THERE = `v IS NOT NULL AND v <> 'NaN'`;

/** One row a number column: what ColumnCounts holds. */
export function numberStatistics(bounds: readonly (readonly [number | null, number | null])[], p: Parameters): string {
  const low = p.add(
    bounds.map(([min]) => min),
    'float8[]',
  );
  const high = p.add(
    bounds.map(([, max]) => max),
    'float8[]',
  );
  const deciles = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    .map((i) => `min(v) FILTER (WHERE finite AND at >= ${i} * total / 10)`)
    .join(', ');
  const ofColumn = (
    index: number,
  ): string => `SELECT ${index} AS i, coalesce(sum(n) FILTER (WHERE v IS NULL), 0) AS nulls,
      coalesce(sum(n) FILTER (WHERE v IS NOT NULL AND NOT finite), 0) AS not_finite,
      min(v) FILTER (WHERE finite) AS min, max(v) FILTER (WHERE finite) AS max,
      count(*) FILTER (WHERE finite) AS distinct,
      coalesce(sum(n) FILTER (WHERE finite AND (v < (${low})[${index}] OR v > (${high})[${index}])), 0) AS out_of_range,
      ARRAY[${deciles}] AS deciles
    FROM (
      SELECT *, sum(n) FILTER (WHERE finite) OVER (ORDER BY v) AS at, sum(n) FILTER (WHERE finite) OVER () AS total
      FROM (SELECT v, n, v IS NOT NULL AND ${FINITE} AS finite FROM (${frequenciesOf(index)}) AS counted) AS f
    ) AS ranked HAVING count(*) > 0`;
  const all = bounds.map((_, i) => ofColumn(i + 1));
  if (all.length === 0) return `SELECT '[]'::json`;
  return `SELECT coalesce(json_agg(c), '[]') FROM (${all.join(' UNION ALL ')}) AS c`;
}

/** One row a text column. `known[i]` null: the reference is unknown. */
export function stringStatistics(known: readonly (readonly string[] | null)[], p: Parameters): string {
  const pairs = known.flatMap((names, i) => (names ?? []).map((name): readonly [number, string] => [i + 1, name]));
  const indices = p.add(
    pairs.map(([i]) => i),
    'int[]',
  );
  const names = p.add(
    pairs.map(([, name]) => name),
    'text[]',
  );
  const has = p.add(
    known.map((list) => list !== null),
    'boolean[]',
  );
  return `SELECT coalesce(json_agg(c), '[]') FROM (
    SELECT i, coalesce(sum(n) FILTER (WHERE v IS NULL), 0) AS nulls,
      count(*) FILTER (WHERE v IS NOT NULL) AS distinct,
      coalesce(sum(n) FILTER (WHERE is_new), 0) AS new_category,
      (array_agg(v ORDER BY n DESC, v COLLATE "C") FILTER (WHERE is_new))[1] AS new_example
    FROM (
      SELECT s.*, s.v IS NOT NULL AND coalesce((${has})[s.i], false) AND k.v IS NULL AS is_new
      FROM string_values s LEFT JOIN unnest(${indices}, ${names}) AS k(i, v) ON k.i = s.i AND k.v = s.v
    ) AS marked GROUP BY i) AS c`;
}

/** Rows that repeat the features of an earlier one. */
export function duplicateRows(columns: readonly SqlColumn[]): string {
  return `SELECT row, key FROM (
    SELECT row, key, row_number() OVER (PARTITION BY ${columns.map(element).join(', ')} ORDER BY row) AS nth FROM served
  ) AS d WHERE nth > 1`;
}

/** How many rows repeat all features of an earlier one: `duplicateRows` counted, without an order among the rows. */
export const duplicateCount = (numbers: number, strings: number): string =>
  `SELECT coalesce(sum(c - 1), 0)::float8 FROM (
    SELECT count(*) AS c FROM served GROUP BY numbers[1:${numbers}], strings[1:${strings}]) AS d`;

/** Ids that came with other features under the same version. */
export const CLASHING_IDS = `SELECT json_build_object('count', count(*), 'keys', coalesce((array_agg(id::text ORDER BY id))[1:${OFFENDING_ROWS}], '{}'))
  FROM (SELECT DISTINCT id FROM (
    SELECT id FROM logged WHERE id IN (SELECT id FROM logged GROUP BY id HAVING count(*) > 1)
    GROUP BY id, version HAVING count(DISTINCT (n, s)) > 1) AS v) AS clashing`;

export const element = ({ kind, index }: SqlColumn): string => `${kind === 'number' ? 'numbers' : 'strings'}[${index}]`;

const valuesOf = ({ kind, index }: SqlColumn): string => `${kind}_values WHERE i = ${index}`;
const there = (kind: SqlColumn['kind']): string => (kind === 'number' ? THERE : 'v IS NOT NULL');
const normal = (column: SqlColumn): string =>
  column.kind === 'number' ? `nullif(${element(column)}, 'NaN')` : element(column);

/** A scalar of JSON: what ExpectationCounts holds but the offending rows. null: the table tells. */
export function expectationCounts(
  expectation: Expectation,
  columns: ReadonlyMap<string, SqlColumn>,
  p: Parameters,
): string | null {
  const names = columnsOf(expectation);
  if (expectation.expectation === 'expect_column_to_exist' || names.some((name) => !columns.has(name))) return null;
  const own = names.map((name) => columns.get(name)!);
  if (isRowExpectation(expectation)) return rowCounts(expectation, own, p);
  if (!('column' in expectation)) return null;
  const column = own[0]!;
  if (expectation.expectation === 'expect_column_most_common_value_to_be_in_set') {
    const finite = column.kind === 'number' ? FINITE : 'v IS NOT NULL';
    const order = column.kind === 'number' ? 'v' : 'v COLLATE "C"';
    const inSet = isIn('v', column.kind, expectation.value_set, p);
    return `SELECT json_build_object('n', coalesce(sum(n), 0), 'ties', count(*) FILTER (WHERE n = most),
        'inSet', count(*) FILTER (WHERE n = most AND ${inSet}),
        'values', coalesce(to_json((array_agg(v ORDER BY ${order}) FILTER (WHERE n = most))[1:${MOST_COMMON}]), '[]'))
      FROM (SELECT v, n, max(n) OVER () AS most FROM ${valuesOf(column)} AND ${finite}) AS f`;
  }
  return valueCounts(expectation, column, p);
}

function valueCounts(
  expectation: Exclude<Expectation, RowExpectation> & { readonly column: string },
  column: SqlColumn,
  p: Parameters,
): string {
  const n = `coalesce(sum(n), 0)`;
  const from = `FROM ${valuesOf(column)} AND ${there(column.kind)}`;
  switch (expectation.expectation) {
    case 'expect_column_unique_value_count_to_be_between':
      return `SELECT json_build_object('n', ${n}, 'unusable', 0, 'observed', json_build_array(CASE WHEN ${n} > 0 THEN count(*) END)) ${from}`;
    case 'expect_column_proportion_of_unique_values_to_be_between':
      return `SELECT json_build_object('n', ${n}, 'unusable', 0, 'observed', json_build_array(count(*)::float8 / sum(n))) ${from}`;
    default:
      break;
  }
  const quantiles =
    expectation.expectation === 'expect_column_quantile_values_to_be_between'
      ? expectation.quantile_ranges.quantiles
      : null;
  if (column.kind === 'string') {
    const nothing = Array.from({ length: quantiles?.length ?? 1 }, () => 'NULL').join(', ');
    return `SELECT json_build_object('n', ${n}, 'unusable', ${n}, 'observed', json_build_array(${nothing})) ${from}`;
  }
  const rank = (needed: string): string => `min(v) FILTER (WHERE at >= ${needed})`;
  const observed =
    quantiles === null
      ? [VALUE_SQL[expectation.expectation as keyof typeof VALUE_SQL]]
      : quantiles.map((q) => rank(`${p.add(q, 'float8')} * total`));
  const usable = observed.map((sql) => `CASE WHEN bool_and(${FINITE}) THEN ${sql} END`).join(', ');
  return `SELECT json_build_object('n', ${n}, 'unusable', coalesce(sum(n) FILTER (WHERE NOT (${FINITE})), 0),
      'observed', json_build_array(${usable}))
    FROM (SELECT *, v - mean AS off FROM (
      SELECT v, n, sum(n) OVER (ORDER BY v) AS at, sum(n) OVER () AS total,
        (SELECT sum(v * n ORDER BY v) / sum(n) ${from} AND ${FINITE}) AS mean ${from}) AS m) AS f`;
}

const VALUE_SQL = {
  expect_column_min_to_be_between: 'min(v)',
  expect_column_max_to_be_between: 'max(v)',
  expect_column_sum_to_be_between: 'sum(v * n ORDER BY v)',
  expect_column_mean_to_be_between: 'min(mean)',
  expect_column_median_to_be_between:
    '(min(v) FILTER (WHERE at >= total / 2) + min(v) FILTER (WHERE at >= floor(total / 2) + 1)) / 2',
  expect_column_stdev_to_be_between:
    'CASE WHEN sum(n) >= 2 THEN sqrt(sum(off * off * n ORDER BY v) / (sum(n) - 1)) END',
} as const;

function rowCounts(expectation: RowExpectation, columns: readonly SqlColumn[], p: Parameters): string {
  const counts = (all: string, broken: string, from: string): string =>
    `SELECT json_build_object('evaluated', coalesce(sum(n) FILTER (WHERE ${all}), 0), 'unexpected', coalesce(sum(n) FILTER (WHERE ${all} AND ${broken}), 0)) FROM ${from}`;
  const column = columns[0]!;
  const { expectation: name } = expectation;
  if (name === 'expect_compound_columns_to_be_unique' || name === 'expect_column_pair_values_a_to_be_greater_than_b') {
    return `SELECT json_build_object('evaluated', count(*), 'unexpected', count(*) FILTER (WHERE broken)) FROM (${judgedRows(expectation, columns)}) AS j`;
  }
  const isThere = there(column.kind);
  if (name === 'expect_column_values_to_not_be_null') return counts('true', `NOT (${isThere})`, valuesOf(column));
  if (name === 'expect_column_values_to_be_null') return counts('true', `(${isThere})`, valuesOf(column));
  if (name === 'expect_column_values_to_be_unique') return counts(isThere, 'n > 1', valuesOf(column));
  return counts(isThere, `NOT ${keeps(expectation, 'v', column.kind, p)}`, valuesOf(column));
}

/** Rows (row, key) that break the rule. */
export function brokenRows(
  expectation: RowExpectation,
  columns: ReadonlyMap<string, SqlColumn>,
  p: Parameters,
): string {
  const own = columnsOf(expectation).map((name) => columns.get(name)!);
  const column = own[0]!;
  const value = normal(column);
  const { expectation: name } = expectation;
  const broken = (condition: string): string => `SELECT row, key FROM served WHERE ${condition}`;
  if (name === 'expect_compound_columns_to_be_unique' || name === 'expect_column_pair_values_a_to_be_greater_than_b') {
    return `SELECT row, key FROM (${judgedRows(expectation, own)}) AS j WHERE broken`;
  }
  if (name === 'expect_column_values_to_not_be_null') return broken(`${value} IS NULL`);
  if (name === 'expect_column_values_to_be_null') return broken(`${value} IS NOT NULL`);
  if (name === 'expect_column_values_to_be_unique') {
    return broken(`${value} IN (SELECT v FROM ${valuesOf(column)} AND ${there(column.kind)} AND n > 1)`);
  }
  return broken(`${value} IS NOT NULL AND NOT ${keeps(expectation, value, column.kind, p)}`);
}

/** Rows that a rule on several columns speaks of, and whether they break it. */
function judgedRows(expectation: RowExpectation, columns: readonly SqlColumn[]): string {
  const values = columns.map(normal);
  if (expectation.expectation === 'expect_compound_columns_to_be_unique') {
    const ignore = expectation.ignore_row_if;
    const missing = `num_nulls(${values.join(', ')})`;
    const speaksOf =
      ignore === 'never'
        ? 'true'
        : ignore === 'any_value_is_missing'
          ? `${missing} = 0`
          : `${missing} < ${values.length}`;
    return `SELECT row, key, count(*) OVER (PARTITION BY ${values.join(', ')}) > 1 AS broken FROM served WHERE ${speaksOf}`;
  }
  if (expectation.expectation !== 'expect_column_pair_values_a_to_be_greater_than_b') return 'SELECT NULL WHERE false';
  const [a, b] = [values[0]!, values[1]!];
  const comparable = columns[0]!.kind === columns[1]!.kind;
  const collate = columns[0]!.kind === 'string' ? ' COLLATE "C"' : '';
  const kept = comparable
    ? `coalesce(${a}${collate} ${expectation.or_equal ? '>=' : '>'} ${b}${collate}, false)`
    : 'false';
  const missing = `num_nulls(${a}, ${b})`;
  const speaksOf = {
    neither: 'true',
    either_value_is_missing: `${missing} = 0`,
    both_values_are_missing: `${missing} < 2`,
  }[expectation.ignore_row_if];
  return `SELECT row, key, NOT ${kept} AS broken FROM served WHERE ${speaksOf}`;
}

/** Whether a value that is there keeps the rule. Never NULL. */
function keeps(expectation: RowExpectation, value: string, kind: SqlColumn['kind'], p: Parameters): string {
  switch (expectation.expectation) {
    case 'expect_column_values_to_be_between':
      return kind === 'number' ? inside(value, expectation, p) : 'false';
    case 'expect_column_value_lengths_to_be_between':
      return kind === 'string' ? inside(`char_length(${value})`, expectation, p) : 'false';
    case 'expect_column_values_to_be_in_set':
      return isIn(value, kind, expectation.value_set, p);
    case 'expect_column_values_to_not_be_in_set':
      return `(NOT ${isIn(value, kind, expectation.value_set, p)})`;
    case 'expect_column_values_to_match_regex':
    case 'expect_column_values_to_not_match_regex': {
      if (kind === 'number') return 'false';
      const wanted = expectation.expectation === 'expect_column_values_to_match_regex';
      return `(${value} ${wanted ? '~' : '!~'} ${p.add(compilePattern(expectation.regex).postgres, 'text')})`;
    }
    case 'expect_column_values_to_be_of_type':
      if (kind === 'string') return expectation.type_ === 'string' ? 'true' : 'false';
      if (expectation.type_ === 'integer') return `(abs(${value}) < 'Infinity' AND ${value} = trunc(${value}))`;
      return expectation.type_ === 'number' ? 'true' : 'false';
    default:
      return 'false';
  }
}

function inside(value: string, bounds: Bounds, p: Parameters): string {
  const { min_value: low, max_value: high, strict_min: above, strict_max: below } = bounds;
  const parts = [
    ...(low === null ? [] : [`${value} ${above ? '>' : '>='} ${p.add(low, 'float8')}`]),
    ...(high === null ? [] : [`${value} ${below ? '<' : '<='} ${p.add(high, 'float8')}`]),
  ];
  return `(${parts.length === 0 ? 'true' : parts.join(' AND ')})`;
}

function isIn(value: string, kind: SqlColumn['kind'], set: readonly (number | string)[], p: Parameters): string {
  const own = set.filter((v) => typeof v === kind);
  return `(${value} = ANY(${p.add(own, kind === 'number' ? 'float8[]' : 'text[]')}))`;
}
