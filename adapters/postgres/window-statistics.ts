import type { Pool } from 'pg';
import { addWindowCounts } from '../../core/drift/add-window-counts';
import type { CountPlan, WindowCounts } from '../../core/drift/window-counts';
import type { Frame, FrameColumn } from '../../core/frame';
import type { ModelContract } from '../../core/model';
import type { PerformanceCounts, SliceCounts } from '../../core/performance/performance-counts';
import type { WindowStatistics } from '../../core/ports';
import { arrayElements } from './count-statements';
import { inTransaction, rows, timestamp, type Queryable } from './database';
import { readLabelledErrors } from './error-stream';
import { copyColumns, type CopiedField } from './frame-copy';
import { countHours, noCounts } from './hour-counter';
import { keepHours, keptHours, readHours, type HourCounts } from './hourly-partials';
import { performanceCounts, performanceStatement, sliceValue, type PerformanceRow } from './performance-statement';
import { scoreStatement } from './score-statement';
import { findDuplicate, HOUR, HOUR_MS, joinRanges, selectServed, type ServedRows, type TimeRange } from './served-rows';

export interface WindowStatisticsOptions {
  /** Longest one counting statement, milliseconds. Default 10 minutes: the first count of a large window. */
  readonly statementTimeoutMs?: number;
}

/** Kept hours that are read and added up at a time, in features: memory does not grow with the window. */
const FEATURES_AT_A_TIME = 20_000;
const MAX_RANGES = 16;
/** One snapshot of the log for all statements of a count. */
const BEGIN = 'BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY';

/**
 * Routine checks as counts that PostgreSQL makes. Hours that are over are counted once and kept in `ratchet.window_partials`;
 * whether rows came since is seen by the number of rows in the log, from the index alone.
 *
 * A prediction counts once in its hour of event time. (The same id in two hours is two predictions here.)
 */
export class PostgresWindowStatistics implements WindowStatistics {
  constructor(
    private readonly pool: Pool,
    private readonly options: WindowStatisticsOptions = {},
  ) {}

  async countWindow(
    model: string,
    contract: ModelContract,
    plan: CountPlan,
    from: number,
    to: number,
    options: { readonly version: string | null; readonly closedBefore: number },
  ): Promise<WindowCounts> {
    const { version, closedBefore } = options;
    const kept = { model, version, planKey: plan.key };
    const isWhole = (hour: number): boolean => hour >= from && hour + HOUR_MS <= Math.min(to, closedBefore);
    const fresh: HourCounts[] = [];
    const total = await this.snapshot(`counting a window of ${model}`, async (client) => {
      const logRows = await rowsByHour(client, model, from, to);
      const there = await keptHours(client, kept, from, to);
      const isKept = (hour: number): boolean => isWhole(hour) && there.get(hour) === logRows.get(hour);
      const hours = [...logRows.keys()].sort((a, b) => a - b);
      const stale = hours.filter((hour) => !isKept(hour));
      const ranges = joinRanges(
        stale.map((hour) => ({ from: Math.max(hour, from), to: Math.min(hour + HOUR_MS, to) })),
        MAX_RANGES,
      );
      const counted = await this.count(client, model, version, contract, plan, ranges);
      for (const hour of stale) {
        const counts = counted.get(hour) ?? noCounts(contract, plan, hour, hour + HOUR_MS);
        if (isWhole(hour)) fresh.push({ hour, logRows: logRows.get(hour) ?? 0, counts });
      }
      // By the hour, so that the sums of doubles come out the same whichever hours were kept.
      let sum = noCounts(contract, plan, from, to);
      const step = Math.max(1, Math.floor(FEATURES_AT_A_TIME / Math.max(1, plan.features.length)));
      for (let i = 0; i < hours.length; i += step) {
        const part = hours.slice(i, i + step);
        const read = await readHours(
          client,
          kept,
          part.filter((hour) => !counted.has(hour) && isKept(hour)),
        );
        for (const hour of part) {
          const counts = counted.get(hour) ?? read.get(hour);
          if (counts !== undefined) sum = addWindowCounts(sum, counts);
        }
      }
      return { ...sum, from, to };
    });
    await keepHours(this.pool, kept, fresh);
    return total;
  }

  async countPerformance(
    model: string,
    contract: ModelContract,
    from: number,
    to: number,
    options: { readonly version: string | null; readonly slices: readonly string[] },
  ): Promise<{ readonly all: PerformanceCounts; readonly slices: readonly SliceCounts[] }> {
    const elements = arrayElements(contract);
    const sliceSql = options.slices.map((name) => elements.get(name)?.sql ?? 'NULL');
    const found = await this.snapshot(`counting performance of ${model}`, async (client) => {
      const served = await this.served(client, model, options.version, [{ from, to }]);
      return rows<PerformanceRow>(
        client,
        `counting performance of ${model}`,
        performanceStatement(served, contract, sliceSql),
      );
    });
    const bySlice = new Map<string, PerformanceRow[]>();
    for (const row of found) {
      const id = `${row.slice}/${row.key}`;
      bySlice.set(id, [...(bySlice.get(id) ?? []), row]);
    }
    const counted = [...bySlice.values()].map((part) => {
      const { slice = -1, key = 'n' } = part[0] ?? {};
      return { slice, key, counts: performanceCounts(part, contract) };
    });
    const slices = options.slices.flatMap((feature, i) =>
      counted
        .filter(({ slice }) => slice === i)
        .map(({ key, counts }) => ({
          feature,
          value: sliceValue(key, elements.get(feature)?.kind ?? 'string'),
          counts,
        }))
        .sort((a, b) => b.counts.rows - a.counts.rows || compareText(a.value ?? '', b.value ?? '')),
    );
    const all = counted.find(({ slice }) => slice === -1)?.counts ?? performanceCounts([], contract);
    return { all, slices };
  }

  async countScores(
    model: string,
    contract: ModelContract,
    from: number,
    to: number,
    knots: readonly number[],
    options: { readonly version: string | null },
  ): Promise<
    readonly { readonly answer: 0 | 1; readonly segment: number; readonly n: number; readonly sumScore: number }[]
  > {
    return this.snapshot(`counting scores of ${model}`, async (client) => {
      const served = await this.served(client, model, options.version, [{ from, to }]);
      return rows<{ answer: 0 | 1; segment: number; n: number; sumScore: number }>(
        client,
        `counting scores of ${model}`,
        scoreStatement(served, contract, knots),
      );
    });
  }

  /** Rows by event time, then id; with `limit` the first of them. A column that the contract does not know is left out. */
  async readFrame(
    model: string,
    contract: ModelContract,
    from: number,
    to: number,
    options: { readonly version: string | null; readonly columns?: readonly string[]; readonly limit?: number },
  ): Promise<Frame> {
    const doing = `reading rows of ${model}`;
    const served = await this.snapshot(doing, (client) => this.served(client, model, options.version, [{ from, to }]));
    const wanted = frameColumns(contract, options.columns);
    const array = (kind: 'number' | 'string', type: string): string => {
      const all = contract.features.filter((f) => f.kind === kind).map((f) => f.name);
      const asked = wanted[kind];
      if (asked.length === all.length && asked.every((name, i) => name === all[i])) return `${kind}s`;
      const elements = arrayElements(contract);
      return `ARRAY[${asked.map((name) => elements.get(name)?.sql ?? 'NULL').join(', ')}]::${type}[]`;
    };
    const select = `${selectServed(served, [array('number', 'real'), array('string', 'text'), 'score', 'label'].join(', '))}
      ORDER BY occurred_at, id${options.limit === undefined ? '' : ` LIMIT ${Math.max(0, Math.floor(options.limit))}`}`;
    const fields: readonly CopiedField[] = [
      { kind: 'numbers', width: wanted.number.length },
      { kind: 'strings', width: wanted.string.length },
      { kind: 'float8' },
      { kind: 'text' },
    ];
    const read = await copyColumns(this.pool, doing, select, fields);
    const byName = new Map<string, FrameColumn>();
    [...wanted.number, ...wanted.string, 'score', 'label'].forEach((name, i) => {
      const column = read.columns[i];
      // A feature may itself be called score or label: the feature wins.
      if (column !== undefined && !byName.has(name)) byName.set(name, column);
    });
    return {
      rows: read.rows,
      columns: new Map(
        wanted.order.flatMap((name) => {
          const column = byName.get(name);
          return column === undefined ? [] : [[name, column] as const];
        }),
      ),
    };
  }

  readErrors(
    model: string,
    contract: ModelContract,
    version: string,
    after: string | null,
    limit: number,
  ): Promise<{ readonly errors: readonly number[]; readonly cursor: string | null }> {
    return readLabelledErrors(this.pool, model, contract, version, after, limit);
  }

  private async count(
    client: Queryable,
    model: string,
    version: string | null,
    contract: ModelContract,
    plan: CountPlan,
    ranges: readonly TimeRange[],
  ): Promise<ReadonlyMap<number, WindowCounts>> {
    if (ranges.length === 0) return new Map();
    return countHours(client, await this.served(client, model, version, ranges), contract, plan);
  }

  private async served(
    client: Queryable,
    model: string,
    version: string | null,
    ranges: readonly TimeRange[],
  ): Promise<ServedRows> {
    const duplicate = await rows(client, 'looking for duplicates', findDuplicate({ model, version, ranges }));
    return { model, version, ranges, distinct: duplicate.length > 0 };
  }

  private snapshot<T>(doing: string, work: (client: Queryable) => Promise<T>): Promise<T> {
    return inTransaction(
      this.pool,
      doing,
      async (client) => {
        await client.query(`SET LOCAL statement_timeout = ${this.options.statementTimeoutMs ?? 600_000}`);
        // Two sorts of a million ids without a file.
        await client.query(`SET LOCAL work_mem = '64MB'`);
        return work(client);
      },
      BEGIN,
    );
  }
}

/** Rows of the log by hour of event time, of every arm and version, duplicates too: an index-only scan. */
async function rowsByHour(
  on: Queryable,
  model: string,
  from: number,
  to: number,
): Promise<ReadonlyMap<number, number>> {
  const found = await rows<{ hour: number; n: number }>(
    on,
    'looking for late rows',
    `SELECT ${HOUR} AS hour, count(*) AS n FROM ratchet.predictions
     WHERE model = $1 AND occurred_at >= $2 AND occurred_at < $3 GROUP BY 1`,
    [model, timestamp(from), timestamp(to)],
  );
  return new Map(found.map(({ hour, n }) => [hour, n]));
}

function frameColumns(
  contract: ModelContract,
  asked: readonly string[] | undefined,
): { readonly number: readonly string[]; readonly string: readonly string[]; readonly order: readonly string[] } {
  const order = [...new Set(asked ?? [...contract.features.map((f) => f.name), 'score', 'label'])];
  const of = (kind: 'number' | 'string'): readonly string[] =>
    contract.features.filter((f) => f.kind === kind && order.includes(f.name)).map((f) => f.name);
  return { number: of('number'), string: of('string'), order };
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
