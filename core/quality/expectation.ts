/**
 * Expectations: rules on data under the names and the arguments of Great Expectations (GX 1.x), complete, as they enter
 * history. `policy/expectations.ts` reads and checks what people write; nothing else names a default.
 *
 * Values. `null`, `undefined` and NaN are missing (as in GX over pandas); infinities are values. A value of another type than
 * the rule speaks of (text under a number rule) is there and unexpected.
 */

/** Judged row by row: at least the share `mostly` of the rows that it speaks of must keep it. */
export const ROW_EXPECTATIONS = [
  'expect_column_values_to_not_be_null',
  'expect_column_values_to_be_null',
  'expect_column_values_to_be_between',
  'expect_column_values_to_be_in_set',
  'expect_column_values_to_not_be_in_set',
  'expect_column_values_to_match_regex',
  'expect_column_values_to_not_match_regex',
  'expect_column_values_to_be_unique',
  'expect_column_values_to_be_of_type',
  'expect_column_value_lengths_to_be_between',
  'expect_column_pair_values_a_to_be_greater_than_b',
  'expect_compound_columns_to_be_unique',
] as const;

/** Judged by one number of a column. */
export const VALUE_EXPECTATIONS = [
  'expect_column_mean_to_be_between',
  'expect_column_median_to_be_between',
  'expect_column_min_to_be_between',
  'expect_column_max_to_be_between',
  'expect_column_sum_to_be_between',
  'expect_column_stdev_to_be_between',
  'expect_column_unique_value_count_to_be_between',
  'expect_column_proportion_of_unique_values_to_be_between',
] as const;

export const EXPECTATION_NAMES = [
  'expect_column_to_exist',
  'expect_table_columns_to_match_set',
  'expect_table_row_count_to_be_between',
  ...ROW_EXPECTATIONS,
  ...VALUE_EXPECTATIONS,
  'expect_column_quantile_values_to_be_between',
  'expect_column_most_common_value_to_be_in_set',
] as const;

export type ExpectationName = (typeof EXPECTATION_NAMES)[number];
export type ValueExpectationName = (typeof VALUE_EXPECTATIONS)[number];

/** The kinds of values that `expect_column_values_to_be_of_type` tells apart. */
export type ValueType = 'number' | 'integer' | 'string';

interface Common {
  /** `hard`: a broken rule fails the data. `soft`: it warns. */
  readonly severity: 'hard' | 'soft';
}

/** Bounds; null: none. Both inclusive unless strict. At least one of them is there. */
export interface Bounds {
  readonly min_value: number | null;
  readonly max_value: number | null;
  readonly strict_min: boolean;
  readonly strict_max: boolean;
}

interface OfColumn extends Common {
  readonly column: string;
}

/** `mostly`: least share of the rows that must keep the rule, 0 to 1. */
interface Mostly extends Common {
  readonly mostly: number;
}

export type Expectation =
  | ({ readonly expectation: 'expect_column_to_exist' } & OfColumn)
  | ({
      readonly expectation: 'expect_table_columns_to_match_set';
      readonly column_set: readonly string[];
      /** false: further columns are fine. */
      readonly exact_match: boolean;
    } & Common)
  | ({ readonly expectation: 'expect_table_row_count_to_be_between' } & Bounds & Common)
  | RowExpectation
  | ({ readonly expectation: ValueExpectationName } & Bounds & OfColumn)
  | ({
      readonly expectation: 'expect_column_quantile_values_to_be_between';
      /** One range [low, high] a quantile, inclusive; null: no bound. */
      readonly quantile_ranges: {
        readonly quantiles: readonly number[];
        readonly value_ranges: readonly (readonly [number | null, number | null])[];
      };
    } & OfColumn)
  | ({
      readonly expectation: 'expect_column_most_common_value_to_be_in_set';
      readonly value_set: readonly (number | string)[];
      /** true: one of several equally common values in the set is enough. */
      readonly ties_okay: boolean;
    } & OfColumn);

export type RowExpectation =
  | ({
      readonly expectation:
        'expect_column_values_to_not_be_null' | 'expect_column_values_to_be_null' | 'expect_column_values_to_be_unique';
    } & OfColumn &
      Mostly)
  | ({ readonly expectation: 'expect_column_values_to_be_between' } & Bounds & OfColumn & Mostly)
  /** Length in Unicode code points. */
  | ({ readonly expectation: 'expect_column_value_lengths_to_be_between' } & Bounds & OfColumn & Mostly)
  | ({
      readonly expectation: 'expect_column_values_to_be_in_set' | 'expect_column_values_to_not_be_in_set';
      readonly value_set: readonly (number | string)[];
    } & OfColumn &
      Mostly)
  /** Found anywhere in the text (anchor it with ^ and $). Syntax: `core/quality/pattern.ts`. */
  | ({
      readonly expectation: 'expect_column_values_to_match_regex' | 'expect_column_values_to_not_match_regex';
      readonly regex: string;
    } & OfColumn &
      Mostly)
  | ({ readonly expectation: 'expect_column_values_to_be_of_type'; readonly type_: ValueType } & OfColumn & Mostly)
  | ({
      readonly expectation: 'expect_column_pair_values_a_to_be_greater_than_b';
      readonly column_A: string;
      readonly column_B: string;
      readonly or_equal: boolean;
      /** Rows left out; in the others a missing value breaks the rule. */
      readonly ignore_row_if: 'both_values_are_missing' | 'either_value_is_missing' | 'neither';
    } & Mostly)
  | ({
      readonly expectation: 'expect_compound_columns_to_be_unique';
      readonly column_list: readonly string[];
      /** Rows left out; in the others missing equals missing. */
      readonly ignore_row_if: 'all_values_are_missing' | 'any_value_is_missing' | 'never';
    } & Mostly);

/** The columns that it reads; none for rules on the table. */
export function columnsOf(expectation: Expectation): readonly string[] {
  if ('column' in expectation) return [expectation.column];
  if ('column_A' in expectation) return [expectation.column_A, expectation.column_B];
  return 'column_list' in expectation ? expectation.column_list : [];
}

export function isRowExpectation(expectation: Expectation): expectation is RowExpectation {
  return (ROW_EXPECTATIONS as readonly string[]).includes(expectation.expectation);
}

/** Is the value within the bounds? */
export function within(value: number, bounds: Bounds): boolean {
  const { min_value: low, max_value: high } = bounds;
  const enough = low === null || (bounds.strict_min ? value > low : value >= low);
  return enough && (high === null || (bounds.strict_max ? value < high : value <= high));
}
