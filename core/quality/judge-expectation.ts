/** Verdicts of expectations from their counts, by the rules of Great Expectations, but for what is missing: that never passes. */
import { columnsOf, within, type Bounds, type Expectation, type RowExpectation } from './expectation';
import { issueOf, percent } from './issue';
import type { ExpectationCounts, Offending, QualityCounts } from './quality-counts';
import type { ExpectationResult, QualityIssue } from './quality-report';

export interface JudgedExpectation {
  readonly result: ExpectationResult;
  /** null: it holds. */
  readonly issue: QualityIssue | null;
}

interface Outcome {
  readonly verdict: ExpectationResult['verdict'];
  readonly message: string;
  readonly evaluated: number;
  readonly observed: number | string | null;
  readonly expected: number | string | null;
  readonly offending?: Offending;
}

export function judgeExpectation(
  expectation: Expectation,
  counted: ExpectationCounts | undefined,
  counts: QualityCounts,
): JudgedExpectation {
  const outcome = outcomeOf(expectation, counted, counts);
  const { verdict, message, evaluated, observed, expected, offending } = outcome;
  const columns = columnsOf(expectation);
  const result: ExpectationResult = {
    expectation: expectation.expectation,
    columns,
    severity: expectation.severity,
    verdict,
    evaluated,
    unexpected: offending?.count ?? null,
    observed,
  };
  if (verdict === 'pass') return { result, issue: null };
  const severity = expectation.severity === 'soft' ? 'warn' : verdict;
  const of = columns.length === 0 ? '' : ` of ${columns.map((name) => `"${name}"`).join(', ')}`;
  const issue = issueOf(
    'quality.expectation',
    severity,
    columns[0] ?? null,
    `${expectation.expectation}${of}: ${message}`,
    {
      observed,
      expected,
      expectation: expectation.expectation,
      ...(offending === undefined ? {} : { offending }),
    },
  );
  return { result, issue };
}

const outcome = (
  verdict: Outcome['verdict'],
  message: string,
  evaluated: number,
  observed: number | string | null = null,
  expected: number | string | null = null,
): Outcome => ({ verdict, message, evaluated, observed, expected });

function outcomeOf(expectation: Expectation, counted: ExpectationCounts | undefined, counts: QualityCounts): Outcome {
  if (counted === undefined) return outcome('inconclusive', 'was not counted', 0);
  if (counted.kind === 'missing') {
    const names = counted.columns.map((name) => `"${name}"`).join(', ');
    return outcome('fail', `there is no column ${names}`, 0);
  }
  switch (counted.kind) {
    case 'table':
      return judgeTable(expectation, counts);
    case 'rows':
      return judgeRows(expectation as RowExpectation, counted.evaluated, counted.unexpected, counts.rows);
    case 'common':
      return judgeCommon(expectation, counted);
    case 'value':
      return judgeValue(expectation, counted);
  }
}

function judgeTable(expectation: Expectation, counts: QualityCounts): Outcome {
  switch (expectation.expectation) {
    case 'expect_table_row_count_to_be_between': {
      const kept = within(counts.rows, expectation);
      if (counts.rows === 0 && kept) return outcome('inconclusive', 'there are no rows', 0, 0, bounds(expectation));
      return outcome(
        kept ? 'pass' : 'fail',
        `${counts.rows} rows, expected ${bounds(expectation)}`,
        counts.rows,
        counts.rows,
        bounds(expectation),
      );
    }
    case 'expect_table_columns_to_match_set': {
      const wanted = new Set(expectation.column_set);
      const there = new Set(counts.columnNames);
      const missing = [...wanted].filter((name) => !there.has(name));
      const extra = expectation.exact_match ? counts.columnNames.filter((name) => !wanted.has(name)) : [];
      const said = [...missing.map((name) => `"${name}" is missing`), ...extra.map((name) => `"${name}" is extra`)];
      return outcome(said.length === 0 ? 'pass' : 'fail', said.join(', '), counts.columnNames.length, said.length, 0);
    }
    // A column that is not there was told by its counts.
    case 'expect_column_to_exist':
      return outcome('pass', '', counts.rows);
    default:
      return outcome('inconclusive', 'was not counted', 0);
  }
}

/**
 * GX: the share of rows that keep the rule, of those that it speaks of, is at least `mostly`. With `mostly` below 1 and so few rows
 * that a single one would exceed what is tolerated, keeping the rule says nothing: `inconclusive` (10 rows for 0.9, 1000 for 0.999).
 */
function judgeRows(expectation: RowExpectation, n: number, unexpected: Offending, rows: number): Outcome {
  const { mostly } = expectation;
  const expected = mostly;
  if (n === 0) {
    const message = rows === 0 ? 'there are no rows' : 'no row has a value that it speaks of';
    return { ...outcome('inconclusive', message, 0, null, expected), offending: unexpected };
  }
  const kept = (n - unexpected.count) / n;
  const base = { evaluated: n, observed: kept, expected, offending: unexpected };
  if (kept < mostly) {
    const message = `${unexpected.count} of ${n} rows (${percent(1 - kept)}) break it, at most ${percent(1 - mostly)} may`;
    return { ...base, verdict: 'fail', message };
  }
  const fewest = fewestRows(mostly);
  if (n < fewest) {
    const message = `${n} rows cannot show that ${percent(mostly)} keep it, needs ${fewest}`;
    return { ...base, verdict: 'inconclusive', message };
  }
  return { ...base, verdict: 'pass', message: '' };
}

/** The least number of rows of which one is no more than the tolerated share. */
export const fewestRows = (mostly: number): number => (mostly >= 1 ? 1 : Math.ceil(1 / (1 - mostly) - 1e-9));

function judgeCommon(expectation: Expectation, counted: ExpectationCounts & { kind: 'common' }): Outcome {
  const { n, ties, inSet, values } = counted;
  const observed = values.length === 0 ? null : values.join(', ');
  if (n === 0) return outcome('inconclusive', 'there are no values', 0);
  const tiesOkay = 'ties_okay' in expectation && expectation.ties_okay;
  const kept = tiesOkay ? inSet > 0 : ties === 1 && inSet === 1;
  const message =
    ties === 1
      ? `the most common value ${observed} is not in the set`
      : `${ties} values are equally common, ${inSet} of them in the set: ${observed}`;
  return outcome(kept ? 'pass' : 'fail', message, n, observed);
}

function judgeValue(expectation: Expectation, counted: ExpectationCounts & { kind: 'value' }): Outcome {
  const { n, unusable, observed } = counted;
  if (n === 0) return outcome('inconclusive', 'there are no values', 0);
  if (unusable > 0) {
    return outcome('fail', `${unusable} of ${n} values are no finite numbers, so it is not defined`, n);
  }
  if (expectation.expectation === 'expect_column_quantile_values_to_be_between') {
    return judgeQuantiles(expectation.quantile_ranges, n, observed);
  }
  const value = observed[0] ?? null;
  if (value === null) return outcome('inconclusive', `it is not defined for ${n} values`, n);
  if (!('min_value' in expectation)) return outcome('inconclusive', 'was not counted', 0);
  const kept = within(value, expectation);
  return outcome(kept ? 'pass' : 'fail', `${value}, expected ${bounds(expectation)}`, n, value, bounds(expectation));
}

function judgeQuantiles(
  ranges: (Expectation & { expectation: 'expect_column_quantile_values_to_be_between' })['quantile_ranges'],
  n: number,
  observed: readonly (number | null)[],
): Outcome {
  const broken: string[] = [];
  for (const [i, q] of ranges.quantiles.entries()) {
    const value = observed[i] ?? null;
    const range = ranges.value_ranges[i];
    if (value === null || range === undefined) return outcome('inconclusive', `quantile ${q} is not defined`, n);
    const [low, high] = range;
    if ((low !== null && value < low) || (high !== null && value > high)) {
      broken.push(`quantile ${q} is ${value}, expected [${low ?? '−∞'}, ${high ?? '∞'}]`);
    }
  }
  return outcome(broken.length === 0 ? 'pass' : 'fail', broken.join(', '), n, observed.join(', '));
}

function bounds({ min_value: low, max_value: high, strict_min: above, strict_max: below }: Bounds): string {
  return `${above ? '(' : '['}${low ?? '−∞'}, ${high ?? '∞'}${below ? ')' : ']'}`;
}
