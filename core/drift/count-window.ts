import { RatchetError } from '../errors';
import { numberColumn, stringColumn, type Frame, type FrameColumn } from '../frame';
import type { EpochMs } from '../model';
import { binOf, categoryCodes, float32Values } from './feature-values';
import { HOUR_MS } from './intraclass';
import {
  MAX_NEW_CATEGORIES,
  type CategoricalCounts,
  type CountPlan,
  type FeatureCounts,
  type NumericCounts,
  type PlannedFeature,
  type WindowCounts,
} from './window-counts';

/** Rows to count. Every list has `frame.rows` values. */
export interface CountableRows {
  readonly frame: Frame;
  /** Epoch milliseconds. */
  readonly occurredAt: ArrayLike<EpochMs>;
  /** Needed when the plan counts the answers: scores for a number, labels for a string. */
  readonly scores?: readonly (number | null)[];
  readonly labels?: readonly (string | null)[];
  /** Only rows with from <= occurredAt < to are counted. */
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/**
 * Counts rows by a plan; adapters count the same in SQL. Numbers are rounded to float32 as the log stores them, what is missing
 * or not finite is a null. A planned feature whose column the frame lacks (or holds as strings where numbers are planned) is left
 * out of the result, never counted as zeros.
 *
 * @throws RATCHET_INPUT_INVALID when a list has another length than the frame, or `to` is before `from`.
 */
export function countWindow(rows: CountableRows, plan: CountPlan): WindowCounts {
  const { frame, from, to, occurredAt } = rows;
  if (!(to >= from))
    throw new RatchetError('RATCHET_INPUT_INVALID', `the window ends at ${to}, before its start ${from}`);
  for (const name of ['occurredAt', 'scores', 'labels'] as const) {
    const length = rows[name]?.length ?? frame.rows;
    if (length !== frame.rows) {
      throw new RatchetError('RATCHET_INPUT_INVALID', `${name} has ${length} values for ${frame.rows} rows`);
    }
  }
  const chosen: number[] = [];
  const hours = new Map<number, number>();
  for (let i = 0; i < frame.rows; i++) {
    const time = occurredAt[i]!;
    if (!(time >= from && time < to)) continue;
    chosen.push(i);
    const hour = Math.floor(time / HOUR_MS) * HOUR_MS;
    hours.set(hour, (hours.get(hour) ?? 0) + 1);
  }
  const features = plan.features.flatMap((feature): readonly (readonly [string, FeatureCounts])[] => {
    const column = frame.columns.get(feature.name);
    const counts = column === undefined ? null : countColumn(column, feature, chosen);
    return counts === null ? [] : [[feature.name, counts]];
  });
  return {
    schemaVersion: 1,
    planKey: plan.key,
    from,
    to,
    rows: chosen.length,
    hours: [...hours].sort(([a], [b]) => a - b).map(([start, count]) => ({ start, rows: count })),
    features: Object.fromEntries(features),
    prediction: plan.prediction === null ? null : countAnswers(rows, plan.prediction, chosen),
  };
}

function countAnswers(rows: CountableRows, plan: PlannedFeature, chosen: readonly number[]): FeatureCounts | null {
  if (plan.kind === 'number') {
    return rows.scores === undefined ? null : countColumn(numberColumn(rows.scores), plan, chosen);
  }
  return rows.labels === undefined ? null : countColumn(stringColumn(rows.labels), plan, chosen);
}

/** Counts of the given rows of a column (null: all); null when numbers are planned and the column holds strings. */
export function countColumn(
  column: FrameColumn,
  plan: PlannedFeature,
  rows: readonly number[] | null,
): FeatureCounts | null {
  const length = column.kind === 'number' ? column.values.length : column.codes.length;
  const chosen = rows ?? Array.from({ length }, (_, i) => i);
  if (plan.kind === 'string') return countCategories(column, plan.categories, chosen);
  const values = float32Values(column);
  return values === null ? null : countNumbers(values, plan, chosen);
}

function countNumbers(
  values: Float64Array,
  plan: PlannedFeature & { readonly kind: 'number' },
  chosen: readonly number[],
): NumericCounts {
  const counts = new Array<number>(plan.edges.length + 1).fill(0);
  const low = plan.min ?? -Infinity;
  const high = plan.max ?? Infinity;
  let nulls = 0;
  let belowMin = 0;
  let aboveMax = 0;
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  let sumSquares = 0;
  for (const row of chosen) {
    const value = values[row]!;
    if (Number.isNaN(value)) {
      nulls++;
      continue;
    }
    counts[binOf(value, plan.edges)]!++;
    if (value < low) belowMin++;
    if (value > high) aboveMax++;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    sumSquares += value * value;
  }
  const empty = nulls === chosen.length;
  return {
    kind: 'number',
    rows: chosen.length,
    nulls,
    counts,
    belowMin,
    aboveMax,
    min: empty ? null : min,
    max: empty ? null : max,
    sum,
    sumSquares,
  };
}

function countCategories(
  column: FrameColumn,
  planned: readonly string[],
  chosen: readonly number[],
): CategoricalCounts {
  const { codes, categories } = categoryCodes(column);
  const totals = new Array<number>(categories.length).fill(0);
  let nulls = 0;
  for (const row of chosen) {
    const code = codes[row]!;
    if (code < 0) nulls++;
    else totals[code]!++;
  }
  const known = new Set(planned);
  const seen = categories.flatMap((name, code) => (totals[code]! > 0 ? [[name, totals[code]!] as const] : []));
  const fresh = seen.filter(([name]) => !known.has(name)).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  const named = [...seen.filter(([name]) => known.has(name)), ...fresh.slice(0, MAX_NEW_CATEGORIES)];
  return {
    kind: 'string',
    rows: chosen.length,
    nulls,
    counts: Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1))),
    unnamed: fresh.slice(MAX_NEW_CATEGORIES).reduce((total, [, count]) => total + count, 0),
  };
}
