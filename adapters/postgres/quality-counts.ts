import type { Pool } from 'pg';
import { RatchetError } from '../../core/errors';
import type { ModelContract } from '../../core/model';
import type { QualityStatistics } from '../../core/ports';
import { columnsOf, isRowExpectation } from '../../core/quality/expectation';
import {
  MOST_COMMON,
  type ColumnCounts,
  type ExpectationCounts,
  type Offending,
  type PlannedColumn,
  type QualityCounts,
  type QualityPlan,
} from '../../core/quality/quality-counts';
import { OFFENDING_ROWS } from '../../core/quality/quality-report';
import { inTransaction, rows, timestamp, type Queryable } from './database';
import {
  brokenRows,
  CLASHING_IDS,
  duplicateCount,
  duplicateRows,
  element,
  expectationCounts,
  numberStatistics,
  Parameters,
  sources,
  sqlColumns,
  stringStatistics,
  type SqlColumn,
} from './quality-sql';

interface NumberRow {
  readonly i: number;
  readonly nulls: number;
  readonly not_finite: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly distinct: number;
  readonly out_of_range: number;
  readonly deciles: readonly (number | null)[];
}

interface StringRow {
  readonly i: number;
  readonly nulls: number;
  readonly distinct: number;
  readonly new_category: number;
  readonly new_example: string | null;
}

interface Counted {
  readonly rows: number;
  readonly numbers: readonly NumberRow[];
  readonly strings: readonly StringRow[];
  readonly duplicates: number | null;
  readonly clashes: { readonly count: number; readonly keys: readonly string[] };
  readonly expectations: readonly (Readonly<Record<string, unknown>> | null)[];
}

/** The condition of a rule under a name by which its offending rows come back. */
interface OffendingQuery {
  readonly rule: string;
  readonly sql: string;
}

/** A wide window of a million rows takes a minute where the pool's own limit is made for lookups. */
const STATEMENT_TIMEOUT_MS = 600_000;

const NOBODY: Offending = { count: 0, rows: [], keys: [] };

/** Number columns whose every value an expectation may ask for. */
function frequentOf(plan: QualityPlan, columns: ReadonlyMap<string, SqlColumn>): readonly number[] {
  const named = plan.expectations.flatMap((expectation) => columnsOf(expectation));
  const indices = named.flatMap((name) => {
    const column = columns.get(name);
    return column?.kind === 'number' ? [column.index] : [];
  });
  return [...new Set(indices)];
}

function countDuplicates(contract: ModelContract, own: readonly SqlColumn[]): string {
  const of = (kind: 'number' | 'string'): number => contract.features.filter((f) => f.kind === kind).length;
  return own.length === contract.features.length
    ? duplicateCount(of('number'), of('string'))
    : `SELECT count(*)::float8 FROM (${duplicateRows(own)}) AS d`;
}

/** Quality of a window of the prediction log in two statements; no row leaves the database but the first offenders' ids. */
export class PostgresQualityStatistics implements QualityStatistics {
  constructor(private readonly pool: Pool) {}

  async countQuality(
    model: string,
    contract: ModelContract,
    from: number,
    to: number,
    plan: QualityPlan,
  ): Promise<QualityCounts> {
    const columns = sqlColumns(contract);
    const features = new Set(contract.features.map(({ name }) => name));
    const planned = plan.columns.filter(({ name }) => features.has(name));
    for (const { name, kind } of planned) {
      if (columns.get(name)?.kind === kind) continue;
      throw new RatchetError(
        'RATCHET_INPUT_INVALID',
        `feature "${name}" is a ${kind} in the plan and not in the contract`,
      );
    }
    const window = [model, timestamp(from), timestamp(to)];
    const { counted, offenders } = await inTransaction(
      this.pool,
      `counting data quality of ${model}`,
      async (client) => {
        await client.query(`SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`);
        // One column is sorted at a time: a million numbers fit.
        await client.query(`SET LOCAL work_mem = '64MB'`);
        const found = await this.count(client, window, contract, columns, planned, plan);
        return { counted: found, offenders: await this.name(client, window, contract, columns, planned, plan, found) };
      },
      'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
    );
    return countsOf(contract, columns, planned, plan, counted, offenders);
  }

  private async count(
    client: Queryable,
    window: readonly unknown[],
    contract: ModelContract,
    columns: ReadonlyMap<string, SqlColumn>,
    planned: readonly PlannedColumn[],
    plan: QualityPlan,
  ): Promise<Counted> {
    const p = new Parameters(window);
    const byIndex = (kind: 'number' | 'string'): readonly (PlannedColumn | undefined)[] =>
      contract.features.filter((f) => f.kind === kind).map(({ name }) => planned.find((c) => c.name === name));
    const bounds = byIndex('number').map((c): readonly [number | null, number | null] => [
      c?.min ?? null,
      c?.max ?? null,
    ]);
    const known = byIndex('string').map((c) => c?.knownCategories ?? null);
    const own = planned.map(({ name }) => columns.get(name)!);
    const duplicates = plan.duplicates && own.length > 0 ? countDuplicates(contract, own) : 'SELECT NULL';
    const expectations = plan.expectations.map((e) => `(${expectationCounts(e, columns, p) ?? 'SELECT NULL::json'})`);
    const statement = `${sources(contract, frequentOf(plan, columns))} SELECT
      (SELECT count(*) FROM served) AS rows,
      (${numberStatistics(bounds, p)}) AS numbers,
      (${stringStatistics(known, p)}) AS strings,
      (${duplicates}) AS duplicates,
      (${CLASHING_IDS}) AS clashes,
      ARRAY[${expectations.join(', ')}]::json[] AS expectations`;
    const [found] = await rows<Counted & { rows: number }>(client, 'counting data quality', statement, p.values);
    if (found === undefined) throw new RatchetError('RATCHET_INTERNAL', 'a count of data quality gave no row');
    return found;
  }

  /** The first rows of every rule that is broken somewhere. */
  private async name(
    client: Queryable,
    window: readonly unknown[],
    contract: ModelContract,
    columns: ReadonlyMap<string, SqlColumn>,
    planned: readonly PlannedColumn[],
    plan: QualityPlan,
    counted: Counted,
  ): Promise<ReadonlyMap<string, Offending>> {
    const p = new Parameters(window);
    const queries = [
      ...planned.flatMap((column) => columnQueries(column, columns.get(column.name)!, counted, p)),
      ...((counted.duplicates ?? 0) > 0
        ? [{ rule: 'duplicates', sql: duplicateRows(planned.map(({ name }) => columns.get(name)!)) }]
        : []),
      ...plan.expectations.flatMap((expectation, i): readonly OffendingQuery[] =>
        isRowExpectation(expectation) && Number(counted.expectations[i]?.['unexpected'] ?? 0) > 0
          ? [{ rule: `expectation ${i}`, sql: brokenRows(expectation, columns, p) }]
          : [],
      ),
    ];
    if (queries.length === 0) return new Map();
    const parts = queries.map(
      ({ sql }, i) => `(SELECT ${i} AS rule, row, key FROM (${sql}) AS b ORDER BY row LIMIT ${OFFENDING_ROWS})`,
    );
    const found = await rows<{ rule: number; row: number; key: string }>(
      client,
      'naming rows of bad quality',
      `${sources(contract, frequentOf(plan, columns))} SELECT rule, row, key FROM (${parts.join(' UNION ALL ')}) AS offending ORDER BY rule, row`,
      p.values,
    );
    return new Map(
      queries.map(({ rule }, i): readonly [string, Offending] => {
        const own = found.filter((row) => row.rule === i);
        return [rule, { count: own.length, rows: own.map(({ row }) => row), keys: own.map(({ key }) => key) }];
      }),
    );
  }
}

function columnQueries(
  column: PlannedColumn,
  at: SqlColumn,
  counted: Counted,
  p: Parameters,
): readonly OffendingQuery[] {
  const value = element(at);
  const query = (rule: string, count: number | undefined, condition: () => string): readonly OffendingQuery[] =>
    (count ?? 0) > 0
      ? [{ rule: `${rule} ${column.name}`, sql: `SELECT row, key FROM served WHERE ${condition()}` }]
      : [];
  const finite = `${value} < 'Infinity' AND ${value} > '-Infinity'`;
  if (at.kind === 'number') {
    const found = counted.numbers.find(({ i }) => i === at.index);
    return [
      ...query('nulls', found?.nulls, () => `${value} IS NULL`),
      ...query('notFinite', found?.not_finite, () => `${value} IS NOT NULL AND NOT (${finite})`),
      ...query('outOfRange', found?.out_of_range, () => {
        const [low, high] = [p.add(column.min, 'float8'), p.add(column.max, 'float8')];
        return `${finite} AND (${value} < ${low} OR ${value} > ${high})`;
      }),
    ];
  }
  const found = counted.strings.find(({ i }) => i === at.index);
  return [
    ...query('nulls', found?.nulls, () => `${value} IS NULL`),
    ...query(
      'newCategory',
      found?.new_category,
      () => `${value} <> ALL(${p.add(column.knownCategories ?? [], 'text[]')})`,
    ),
  ];
}

function countsOf(
  contract: ModelContract,
  columns: ReadonlyMap<string, SqlColumn>,
  planned: readonly PlannedColumn[],
  plan: QualityPlan,
  counted: Counted,
  offenders: ReadonlyMap<string, Offending>,
): QualityCounts {
  const offending = (rule: string, count: number): Offending =>
    count === 0 ? NOBODY : { ...(offenders.get(rule) ?? NOBODY), count };
  const names = contract.features.map(({ name }) => name).sort();
  const known = new Set(plan.columns.map(({ name }) => name));
  return {
    schemaVersion: 1,
    rows: counted.rows,
    columnNames: names,
    extraColumns: names.filter((name) => !known.has(name)),
    columns: Object.fromEntries(
      planned.map(({ name }) => [name, columnCounts(name, columns.get(name)!, counted, offending)]),
    ),
    renames: {},
    duplicates: counted.duplicates === null ? null : offending('duplicates', counted.duplicates),
    idClash: { count: counted.clashes.count, rows: [], keys: counted.clashes.keys },
    expectations: plan.expectations.map((expectation, i): ExpectationCounts => {
      const missing = columnsOf(expectation).filter((name) => !columns.has(name));
      if (missing.length > 0) return { kind: 'missing', columns: missing };
      const found = counted.expectations[i] ?? null;
      if (found === null) return { kind: 'table' };
      if (isRowExpectation(expectation)) {
        const { evaluated, unexpected } = found as { evaluated: number; unexpected: number };
        return { kind: 'rows', evaluated, unexpected: offending(`expectation ${i}`, unexpected) };
      }
      if (expectation.expectation === 'expect_column_most_common_value_to_be_in_set') {
        const common = found as unknown as Omit<ExpectationCounts & { kind: 'common' }, 'kind'>;
        return { kind: 'common', ...common, values: common.values.slice(0, MOST_COMMON) };
      }
      return { kind: 'value', ...(found as unknown as Omit<ExpectationCounts & { kind: 'value' }, 'kind'>) };
    }),
    leakage: {},
  };
}

function columnCounts(
  name: string,
  at: SqlColumn,
  counted: Counted,
  offending: (rule: string, count: number) => Offending,
): ColumnCounts {
  const common = { rows: counted.rows, wrongType: NOBODY, wrongExample: null };
  if (at.kind === 'number') {
    const found = counted.numbers.find(({ i }) => i === at.index);
    return {
      ...common,
      nulls: offending(`nulls ${name}`, found?.nulls ?? 0),
      notFinite: offending(`notFinite ${name}`, found?.not_finite ?? 0),
      min: found?.min ?? null,
      max: found?.max ?? null,
      distinct: found?.distinct ?? 0,
      outOfRange: offending(`outOfRange ${name}`, found?.out_of_range ?? 0),
      newCategory: NOBODY,
      newExample: null,
      deciles: (found?.deciles ?? []).filter((value) => value !== null),
    };
  }
  const found = counted.strings.find(({ i }) => i === at.index);
  return {
    ...common,
    nulls: offending(`nulls ${name}`, found?.nulls ?? 0),
    notFinite: NOBODY,
    min: null,
    max: null,
    distinct: found?.distinct ?? 0,
    outOfRange: NOBODY,
    newCategory: offending(`newCategory ${name}`, found?.new_category ?? 0),
    newExample: found?.new_example ?? null,
    deciles: [],
  };
}
