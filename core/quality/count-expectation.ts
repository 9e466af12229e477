/** Counts of one expectation over rows. The SQL of adapters/postgres/quality-sql.ts counts by the same rules. */
import { contentsOf, type Cells } from './cells';
import {
  columnsOf,
  isRowExpectation,
  within,
  type Expectation,
  type RowExpectation,
  type ValueExpectationName,
} from './expectation';
import { atRank, byCodePoint, isMissing, sumOf, type Frequencies } from './frequencies';
import { Offenders } from './offenders';
import { compilePattern, type Pattern } from './pattern';
import { MOST_COMMON, type ExpectationCounts } from './quality-counts';

export interface CountContext {
  readonly rows: number;
  columnOf(name: string): Cells | undefined;
  frequencies(name: string, cells: Cells): Frequencies;
  readonly keys: Cells | null;
}

export function countExpectation(expectation: Expectation, context: CountContext): ExpectationCounts {
  const names = columnsOf(expectation);
  const missing = names.filter((name) => context.columnOf(name) === undefined);
  if (missing.length > 0) return { kind: 'missing', columns: missing };
  const columns = names.map((name) => context.columnOf(name)!);
  if (isRowExpectation(expectation)) return countRows(expectation, columns, context);
  if (!('column' in expectation) || expectation.expectation === 'expect_column_to_exist') return { kind: 'table' };
  const frequencies = context.frequencies(expectation.column, columns[0]!);
  if (expectation.expectation === 'expect_column_most_common_value_to_be_in_set') {
    return countCommon(frequencies, expectation.value_set);
  }
  return expectation.expectation === 'expect_column_quantile_values_to_be_between'
    ? countQuantiles(frequencies, expectation.quantile_ranges.quantiles)
    : countValue(expectation.expectation, frequencies);
}

function countRows(expectation: RowExpectation, columns: readonly Cells[], context: CountContext): ExpectationCounts {
  const unexpected = new Offenders(context.keys);
  let evaluated = 0;
  const judge = rowJudge(expectation, columns, context);
  for (let row = 0; row < context.rows; row++) {
    const kept = judge(row);
    if (kept === null) continue;
    evaluated++;
    if (!kept) unexpected.add(row);
  }
  return { kind: 'rows', evaluated, unexpected: unexpected.done() };
}

/** Whether a row keeps the rule; null: the rule does not speak of it. */
function rowJudge(
  expectation: RowExpectation,
  columns: readonly Cells[],
  context: CountContext,
): (row: number) => boolean | null {
  const [a, b] = [columns[0]!, columns[1]];
  switch (expectation.expectation) {
    case 'expect_column_values_to_not_be_null':
      return (row) => !isMissing(a.at(row));
    case 'expect_column_values_to_be_null':
      return (row) => isMissing(a.at(row));
    case 'expect_column_values_to_be_unique': {
      const { numbers, strings, infinite } = context.frequencies(expectation.column, a);
      const repeated = new Set<unknown>([...numbers, ...strings].flatMap(([v, n]) => (n > 1 ? [v] : [])));
      if (infinite[0] > 1) repeated.add(Infinity);
      if (infinite[1] > 1) repeated.add(-Infinity);
      return (row) => ifThere(a.at(row), (v) => (typeof v === 'number' || typeof v === 'string') && !repeated.has(v));
    }
    case 'expect_column_pair_values_a_to_be_greater_than_b': {
      const { ignore_row_if: ignore, or_equal: orEqual } = expectation;
      return (row) => {
        const [x, y] = [a.at(row), b!.at(row)];
        const missing = Number(isMissing(x)) + Number(isMissing(y));
        if (missing > 0)
          return missing === 2
            ? ignore === 'neither'
              ? false
              : null
            : ignore === 'either_value_is_missing'
              ? null
              : false;
        const order = orderOf(x, y);
        return order !== null && (order > 0 || (orEqual && order === 0));
      };
    }
    case 'expect_compound_columns_to_be_unique':
      return compoundJudge(expectation.ignore_row_if, columns, context.rows);
    default: {
      const keeps = valueRule(expectation);
      return (row) => ifThere(a.at(row), keeps);
    }
  }
}

const ifThere = (value: unknown, keeps: (value: unknown) => boolean): boolean | null =>
  isMissing(value) ? null : keeps(value);

/** Numbers by size, texts by code points; null: not comparable. */
function orderOf(a: unknown, b: unknown): number | null {
  if (typeof a === 'number' && typeof b === 'number') return a === b ? 0 : a < b ? -1 : 1;
  return typeof a === 'string' && typeof b === 'string' ? byCodePoint(a, b) : null;
}

function compoundJudge(
  ignore: 'all_values_are_missing' | 'any_value_is_missing' | 'never',
  columns: readonly Cells[],
  rows: number,
): (row: number) => boolean | null {
  const speaksOf = (row: number): boolean => {
    const missing = columns.filter((cells) => isMissing(cells.at(row))).length;
    return ignore === 'never' || (ignore === 'any_value_is_missing' ? missing === 0 : missing < columns.length);
  };
  const content = contentsOf(columns.map((cells) => ({ length: cells.length, at: (row) => presentOf(cells.at(row)) })));
  const times = new Map<string, number>();
  for (let row = 0; row < rows; row++) {
    if (speaksOf(row)) times.set(content(row), (times.get(content(row)) ?? 0) + 1);
  }
  return (row) => (speaksOf(row) ? times.get(content(row)) === 1 : null);
}

/** NaN is missing here. */
const presentOf = (value: unknown): unknown => (isMissing(value) ? null : value);

type ValueRule = Exclude<
  RowExpectation,
  | { expectation: 'expect_column_pair_values_a_to_be_greater_than_b' }
  | { expectation: 'expect_compound_columns_to_be_unique' }
  | { expectation: 'expect_column_values_to_not_be_null' }
>;

/** The rule on one value that is there. */
function valueRule(expectation: ValueRule): (value: unknown) => boolean {
  switch (expectation.expectation) {
    case 'expect_column_values_to_be_between':
      return (value) => typeof value === 'number' && within(value, expectation);
    case 'expect_column_value_lengths_to_be_between':
      return (value) => typeof value === 'string' && within(codePoints(value), expectation);
    case 'expect_column_values_to_be_in_set':
    case 'expect_column_values_to_not_be_in_set': {
      const set = new Set<unknown>(expectation.value_set);
      const wanted = expectation.expectation === 'expect_column_values_to_be_in_set';
      return (value) => set.has(value) === wanted;
    }
    case 'expect_column_values_to_match_regex':
    case 'expect_column_values_to_not_match_regex':
      return patternRule(expectation.regex, expectation.expectation === 'expect_column_values_to_match_regex');
    case 'expect_column_values_to_be_of_type': {
      const { type_: type } = expectation;
      if (type === 'integer') return (value) => Number.isInteger(value);
      return (value) => typeof value === type;
    }
    default:
      return () => false;
  }
}

/** Each distinct text is matched once. A pattern that cannot be read (the policy refuses those) is kept by nothing. */
function patternRule(regex: string, wanted: boolean): (value: unknown) => boolean {
  const known = new Map<string, boolean>();
  let pattern: Pattern;
  try {
    pattern = compilePattern(regex);
  } catch {
    return () => false;
  }
  return (value) => {
    if (typeof value !== 'string') return false;
    const kept = known.get(value) ?? pattern.matches(value) === wanted;
    known.set(value, kept);
    return kept;
  };
}

function codePoints(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; count++) at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  return count;
}

/** Values that are no finite numbers, and how many values are there at all. */
const thereIn = (f: Frequencies): number => f.finite + f.texts + f.infinite[0] + f.infinite[1] + f.others;

function countValue(name: ValueExpectationName, f: Frequencies): ExpectationCounts {
  const n = thereIn(f);
  if (
    name === 'expect_column_unique_value_count_to_be_between' ||
    name === 'expect_column_proportion_of_unique_values_to_be_between'
  ) {
    const distinct = f.numbers.length + f.strings.length + Number(f.infinite[0] > 0) + Number(f.infinite[1] > 0);
    const isCount = name === 'expect_column_unique_value_count_to_be_between';
    const observed = n === 0 || f.others > 0 ? null : isCount ? distinct : distinct / n;
    return { kind: 'value', n, unusable: f.others, observed: [observed] };
  }
  const unusable = n - f.finite;
  const observed = n === 0 || unusable > 0 ? null : finite(numberOf(name, f));
  return { kind: 'value', n, unusable, observed: [observed] };
}

function numberOf(
  name: Exclude<
    ValueExpectationName,
    'expect_column_unique_value_count_to_be_between' | 'expect_column_proportion_of_unique_values_to_be_between'
  >,
  { numbers, finite: n }: Frequencies,
): number | null {
  switch (name) {
    case 'expect_column_min_to_be_between':
      return numbers[0]?.[0] ?? null;
    case 'expect_column_max_to_be_between':
      return numbers.at(-1)?.[0] ?? null;
    case 'expect_column_sum_to_be_between':
      return sumOf(numbers);
    case 'expect_column_mean_to_be_between':
      return sumOf(numbers) / n;
    case 'expect_column_median_to_be_between':
      return (atRank(numbers, n / 2)! + atRank(numbers, Math.floor(n / 2) + 1)!) / 2;
    case 'expect_column_stdev_to_be_between': {
      if (n < 2) return null;
      const mean = sumOf(numbers) / n;
      return Math.sqrt(numbers.reduce((sum, [v, count]) => sum + (v - mean) * (v - mean) * count, 0) / (n - 1));
    }
  }
}

function countQuantiles(f: Frequencies, quantiles: readonly number[]): ExpectationCounts {
  const n = thereIn(f);
  const unusable = n - f.finite;
  return {
    kind: 'value',
    n,
    unusable,
    observed: quantiles.map((q) => (n === 0 || unusable > 0 ? null : atRank(f.numbers, q * f.finite))),
  };
}

function countCommon(f: Frequencies, set: readonly (number | string)[]): ExpectationCounts {
  const all: readonly (readonly [number | string, number])[] = [...f.numbers, ...f.strings];
  const most = all.reduce((max, [, count]) => Math.max(max, count), 0);
  const ties = all.filter(([, count]) => count === most).map(([value]) => value);
  const wanted = new Set(set);
  return {
    kind: 'common',
    n: f.finite + f.texts,
    ties: ties.length,
    inSet: ties.filter((value) => wanted.has(value)).length,
    values: ties.slice(0, MOST_COMMON),
  };
}

const finite = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null);
