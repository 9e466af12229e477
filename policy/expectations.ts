/** Expectations as people write them: Great Expectations' names and arguments, in a policy, a list or a GX suite. */
import { z } from 'zod';
import { RatchetError } from '../core/errors';
import {
  EXPECTATION_NAMES,
  VALUE_EXPECTATIONS,
  type Bounds,
  type Expectation,
  type ValueType,
} from '../core/quality/expectation';
import { compilePattern } from '../core/quality/pattern';
import { isObject } from './merge';

const severity = z
  .enum(['hard', 'soft'])
  .default('hard')
  .describe('hard: a broken rule fails the data. soft: it warns.');
const mostly = z.number().min(0).max(1).default(1).describe('Least share of rows that must keep the rule, 0 to 1.');
const name = z.string().min(1).max(200);
const column = name.describe('Name of the column.');
const bound = z.number().nullable().default(null);
const values = z
  .array(z.union([z.number(), z.string()]))
  .min(1)
  .max(10_000);

const boundFields = {
  min_value: bound.describe('Smallest allowed, null: none.'),
  max_value: bound.describe('Largest allowed, null: none.'),
  strict_min: z.boolean().default(false).describe('true: min_value itself is not allowed.'),
  strict_max: z.boolean().default(false).describe('true: max_value itself is not allowed.'),
};

const ofColumn = { column, severity };
const ofRows = { column, mostly, severity };

/** A bound must be there, and leave room. */
const bounded = <T extends z.ZodType<Bounds>>(schema: T): T =>
  schema.superRefine(({ min_value: low, max_value: high, strict_min, strict_max }, context) => {
    if (low === null && high === null) {
      context.addIssue({ code: 'custom', path: ['min_value'], message: 'expected min_value, max_value or both' });
    }
    if (low === null || high === null || low < high || (low === high && !strict_min && !strict_max)) return;
    context.addIssue({ code: 'custom', path: ['min_value'], message: `nothing lies between ${low} and ${high}` });
  });

const regex = z
  .string()
  .max(1000)
  .superRefine((source, context) => {
    try {
      compilePattern(source);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  })
  .describe(
    'Found anywhere in the text. Literals, classes, groups, |, * + ? {m,n}, ^ $, \\d \\w \\s; no backreferences, no lookarounds.',
  );

/** Names of types in GX suites of pandas, Spark and SQL. */
const TYPE_NAMES: Readonly<Record<ValueType, readonly string[]>> = {
  number: [
    'number',
    'float',
    'float32',
    'float64',
    'double',
    'double precision',
    'double_precision',
    'real',
    'numeric',
    'decimal',
  ],
  integer: [
    'integer',
    'int',
    'int8',
    'int16',
    'int32',
    'int64',
    'uint8',
    'uint16',
    'uint32',
    'uint64',
    'bigint',
    'smallint',
    'long',
  ],
  string: ['string', 'str', 'object', 'text', 'varchar', 'char'],
};

const type = z.string().transform((written, context): ValueType => {
  const found = (Object.keys(TYPE_NAMES) as ValueType[]).find((t) => TYPE_NAMES[t].includes(written.toLowerCase()));
  if (found !== undefined) return found;
  context.addIssue({
    code: 'custom',
    message: `expected number, integer or string (or a GX type of these), got "${written}"`,
  });
  return z.NEVER;
});

const rule = <N extends string, S extends z.ZodRawShape>(expectation: N, shape: S) =>
  z.strictObject({ expectation: z.literal(expectation), ...shape });

const quantileRanges = z
  .strictObject({
    quantiles: z.array(z.number().min(0).max(1)).min(1).max(100),
    value_ranges: z.array(z.tuple([z.number().nullable(), z.number().nullable()])).min(1),
  })
  .refine((q) => q.quantiles.length === q.value_ranges.length, {
    error: 'expected as many value_ranges as quantiles',
    path: ['value_ranges'],
  });

const RULES = [
  rule('expect_column_to_exist', ofColumn),
  rule('expect_table_columns_to_match_set', {
    column_set: z.array(name).min(1),
    exact_match: z.boolean().default(true),
    severity,
  }),
  bounded(rule('expect_table_row_count_to_be_between', { ...boundFields, severity })),
  rule('expect_column_values_to_not_be_null', ofRows),
  rule('expect_column_values_to_be_null', ofRows),
  rule('expect_column_values_to_be_unique', ofRows),
  bounded(rule('expect_column_values_to_be_between', { ...boundFields, ...ofRows })),
  bounded(rule('expect_column_value_lengths_to_be_between', { ...boundFields, ...ofRows })),
  rule('expect_column_values_to_be_in_set', { value_set: values, ...ofRows }),
  rule('expect_column_values_to_not_be_in_set', { value_set: values, ...ofRows }),
  rule('expect_column_values_to_match_regex', { regex, ...ofRows }),
  rule('expect_column_values_to_not_match_regex', { regex, ...ofRows }),
  rule('expect_column_values_to_be_of_type', { type_: type, ...ofRows }),
  rule('expect_column_pair_values_a_to_be_greater_than_b', {
    column_A: column,
    column_B: column,
    or_equal: z.boolean().default(false),
    ignore_row_if: z
      .enum(['both_values_are_missing', 'either_value_is_missing', 'neither'])
      .default('both_values_are_missing'),
    mostly,
    severity,
  }),
  rule('expect_compound_columns_to_be_unique', {
    column_list: z.array(name).min(2),
    ignore_row_if: z
      .enum(['all_values_are_missing', 'any_value_is_missing', 'never'])
      .default('all_values_are_missing'),
    mostly,
    severity,
  }),
  ...VALUE_EXPECTATIONS.map((expectation) => bounded(rule(expectation, { ...boundFields, ...ofColumn }))),
  rule('expect_column_quantile_values_to_be_between', { quantile_ranges: quantileRanges, ...ofColumn }),
  rule('expect_column_most_common_value_to_be_in_set', {
    value_set: values,
    ties_okay: z.boolean().default(false),
    ...ofColumn,
  }),
] as const;

/** One expectation; an unknown name is answered with the nearest ones. */
export const expectation = z.discriminatedUnion('expectation', RULES, {
  error: (issue) => {
    const written = isObject(issue.input) ? issue.input['expectation'] : undefined;
    if (typeof written !== 'string')
      return 'expected an object with `expectation`, e.g. expect_column_values_to_be_between';
    return `unknown expectation "${written}"; the nearest are ${nearest(written).join(', ')}`;
  },
});

export const MOST_EXPECTATIONS = 500;

export const expectations = z.array(expectation).max(MOST_EXPECTATIONS).default([]);

interface Problem {
  readonly path: string;
  readonly message: string;
}

/**
 * Reads what an expectations file holds: a list of `{ expectation, column, …, mostly, severity }`, or a GX suite
 * `{ expectations: [{ type | expectation_type, kwargs }] }` (GX 0.x and 1.x; `meta`, `notes`, `id` are left aside). GX 1.x severities:
 * `critical` is hard, `warning` and `info` are soft.
 *
 * @throws RatchetError RATCHET_INPUT_INVALID with every problem in `details.problems` as { path, message }.
 */
export function parseExpectations(input: unknown): readonly Expectation[] {
  const list = isObject(input) ? input['expectations'] : input;
  if (!Array.isArray(list)) {
    throw invalid([{ path: '', message: 'expected a list of expectations, or an object with `expectations`' }]);
  }
  if (list.length === 0) throw invalid([{ path: '', message: 'there is no expectation: nothing would be checked' }]);
  if (list.length > MOST_EXPECTATIONS) {
    throw invalid([{ path: '', message: `${list.length} expectations, at most ${MOST_EXPECTATIONS} are allowed` }]);
  }
  const parsed = list.map((item: unknown) => expectation.safeParse(ownForm(item)));
  const problems = parsed.flatMap((result, i) => (result.success ? [] : problemsOf(result.error, i)));
  if (problems.length > 0) throw invalid(problems);
  return parsed.flatMap((result): Expectation[] => (result.success ? [result.data] : []));
}

/** Arguments of GX that change nothing here. */
const IGNORED = new Set([
  'result_format',
  'catch_exceptions',
  'meta',
  'batch_id',
  'parse_strings_as_datetimes',
  'windows',
]);
const SEVERITIES: Readonly<Record<string, string>> = { critical: 'hard', warning: 'soft', info: 'soft' };

/** An entry of a GX suite in our form; anything else as it is. */
function ownForm(item: unknown): unknown {
  if (!isObject(item)) return item;
  const type = item['type'] ?? item['expectation_type'];
  if (typeof type !== 'string' || !isObject(item['kwargs'])) return item;
  const kwargs = Object.entries(item['kwargs']).filter(([key, value]) => !IGNORED.has(key) && value !== undefined);
  const written = item['severity'];
  const severity = typeof written === 'string' && Object.hasOwn(SEVERITIES, written) ? SEVERITIES[written] : written;
  return { expectation: type, ...Object.fromEntries(kwargs), ...(severity === undefined ? {} : { severity }) };
}

function problemsOf(error: z.ZodError, index: number): readonly Problem[] {
  return error.issues.flatMap((issue) => {
    const path = [index, ...issue.path.map(String)].filter((part) => part !== 'expectation').join('.');
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({ path: `${path}.${key}`, message: 'unknown argument' }));
  });
}

function invalid(problems: readonly Problem[]): RatchetError {
  const list = problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const many = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new RatchetError('RATCHET_INPUT_INVALID', `the expectations have ${many}: ${list.join('; ')}`, {
    details: { problems },
    hint: 'Correct every problem listed; the names and arguments are those of Great Expectations.',
  });
}

const NEAREST = 3;

/** By shared words, most alike first. */
function nearest(written: string): readonly string[] {
  const words = (text: string): ReadonlySet<string> =>
    new Set(
      text
        .toLowerCase()
        .split(/[^a-z]+/)
        .filter(Boolean),
    );
  const own = words(written);
  const likeness = (candidate: string): number => {
    const other = words(candidate);
    return (2 * [...own].filter((word) => other.has(word)).length) / (own.size + other.size);
  };
  return EXPECTATION_NAMES.map((candidate) => ({ candidate, like: likeness(candidate) }))
    .sort((a, b) => b.like - a.like)
    .slice(0, NEAREST)
    .map(({ candidate }) => candidate);
}
