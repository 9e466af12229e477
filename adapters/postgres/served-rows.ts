/**
 * The rows that a window's counts speak of, as SQL: served (champion and canary arms; a canary that failed did not serve), each
 * prediction once. Statements carry literals instead of parameters, because COPY takes none.
 */
import { pg } from './peers';
import { timestamp } from './database';

export interface TimeRange {
  /** Inclusive, event time. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

export interface ServedRows {
  readonly model: string;
  /** null: all versions. */
  readonly version: string | null;
  readonly ranges: readonly TimeRange[];
  /** Whether the log holds a prediction of these ranges twice (`hasDuplicates`): only then the rows are sorted by id. */
  readonly distinct: boolean;
}

export const HOUR_MS = 3_600_000;
/** The start of a row's UTC hour. */
export const HOUR = `date_bin('1 hour', occurred_at, 'epoch'::timestamptz)`;

export const literal = (text: string): string => pg.escapeLiteral(text);

/** `SELECT <what> FROM …` over the rows; `what` may name any column of the prediction log. */
export function selectServed(rows: ServedRows, what: string): string {
  if (!rows.distinct) return `SELECT ${what} FROM ratchet.predictions WHERE ${servedIn(rows)}${versionIs(rows)}`;
  return `SELECT ${what} FROM (
    SELECT DISTINCT ON (id) * FROM ratchet.predictions WHERE ${servedIn(rows)}
    ORDER BY id, (error IS NOT NULL), received_at
  ) AS served WHERE true${versionIs(rows)}`;
}

/** One row if any prediction is there twice: the log is written at least once, mostly exactly once. */
export function findDuplicate(rows: Omit<ServedRows, 'distinct'>): string {
  return `SELECT 1 FROM (
    SELECT count(*) AS n, count(DISTINCT id) AS ids FROM ratchet.predictions WHERE ${servedIn(rows)}
  ) AS counted WHERE n > ids`;
}

function servedIn({ model, ranges }: Pick<ServedRows, 'model' | 'ranges'>): string {
  const times = ranges.map(
    ({ from, to }) => `occurred_at >= '${timestamp(from)}' AND occurred_at < '${timestamp(to)}'`,
  );
  return `model = ${literal(model)} AND (arm = 'champion' OR (arm = 'canary' AND error IS NULL))
    AND ${times.length === 0 ? 'false' : times.length === 1 ? times[0] : `((${times.join(') OR (')}))`}`;
}

const versionIs = ({ version }: ServedRows): string => (version === null ? '' : ` AND version = ${literal(version)}`);

/** Joins ranges across the narrowest gaps until there are at most `most`: a statement with a thousand ORs is no plan. */
export function joinRanges(ranges: readonly TimeRange[], most: number): readonly TimeRange[] {
  const sorted = [...ranges].sort((a, b) => a.from - b.from);
  for (let gap = 0; ; gap = Math.max(HOUR_MS, gap * 2)) {
    const joined: TimeRange[] = [];
    for (const range of sorted) {
      const last = joined.at(-1);
      if (last !== undefined && range.from - last.to <= gap)
        joined[joined.length - 1] = { from: last.from, to: range.to };
      else joined.push(range);
    }
    if (joined.length <= most) return joined;
  }
}
