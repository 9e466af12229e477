/** {@link QualityCounts} → verdict: the only place where data quality is judged, whoever counted. */
import type { ReferenceProfile } from '../drift/profile';
import type { EpochMs, FeatureSpec } from '../model';
import type { QualityPolicy } from '../policy';
import { worstVerdict, type Reason } from '../verdict';
import { hours, issueOf, percent, reasonOf, share } from './issue';
import { columnIssues, leakageIssue, missingColumn, nullShareOf } from './judge-column';
import { judgeExpectation } from './judge-expectation';
import { own, profileOf, qualityPlanOf, type QualityCounts } from './quality-counts';
import type { FeatureQuality, QualityIssue, QualityReport } from './quality-report';

/** Event time of the newest row (null: none) and of the window's end. */
export interface Freshness {
  readonly newest: EpochMs | null;
  readonly end: EpochMs;
}

/**
 * Judges counts by the policy. Broken hard rules give `fail`: a missing column, a value of another type or not finite, an
 * all-null feature, the null share, the range, the freshness, an id with two contents, a row count far below that of earlier
 * windows, a hard expectation. Too few rows, a freshness that cannot be known and a hard expectation on too few values give
 * `inconclusive`. Extra columns, new categories, constants, repeated rows, hints and soft expectations only warn. Never throws.
 *
 * @param profile the reference; null: rules against it are listed in `notChecked`.
 * @param freshness left out where the caller does not ask, and then listed in `notChecked` if the policy has the rule.
 * @param earlierRows rows of earlier windows of the same length, for `minRowsRatio`.
 */
export function judgeQuality(
  counts: QualityCounts,
  specs: readonly FeatureSpec[],
  profile: ReferenceProfile | null,
  policy: QualityPolicy,
  freshness?: Freshness,
  earlierRows: readonly number[] = [],
): QualityReport {
  const plan = qualityPlanOf(specs, profile, policy);
  const judged = plan.expectations.map((expectation, i) =>
    judgeExpectation(expectation, counts.expectations[i], counts),
  );
  const issues = [
    ...rowCountIssues(counts.rows, policy, earlierRows),
    ...freshnessIssues(freshness, policy),
    ...identityIssues(counts, policy),
    ...plan.columns.flatMap((planned) => {
      const column = own(counts.columns, planned.name);
      if (column === null) return [missingColumn(planned.name, own(counts.renames, planned.name))];
      return columnIssues(planned, column, counts.rows, profileOf(profile, planned.name), policy);
    }),
    ...judged.flatMap(({ issue }) => issue ?? []),
    ...leakageIssues(counts, policy),
    ...counts.extraColumns.map((name) =>
      issueOf('quality.extraColumn', 'warn', name, `column "${name}" is not in the contract`),
    ),
  ].sort((a, b) => SEVERITY.indexOf(a.severity) - SEVERITY.indexOf(b.severity));

  const hard = issues.flatMap((issue) => (issue.severity === 'warn' ? [] : [issue.severity]));
  return {
    schemaVersion: 1,
    verdict: worstVerdict(['pass', ...hard]),
    rows: counts.rows,
    issues,
    reasons: issues.length === 0 ? [allGood(counts.rows, specs.length, judged.length)] : issues.map(reasonOf),
    features: specs.map(({ name }) => featureOf(name, counts, profile)),
    ...(judged.length === 0 ? {} : { expectations: judged.map(({ result }) => result) }),
    notChecked: notChecked(profile, policy, freshness, earlierRows),
  };
}

const SEVERITY: readonly QualityIssue['severity'][] = ['fail', 'error', 'inconclusive', 'warn'];

const allGood = (rows: number, features: number, expectations: number): Reason => ({
  code: 'quality.ok',
  text: `${rows} rows of ${features} features keep every rule${expectations === 0 ? '' : ` and ${expectations} expectations`}`,
  observed: rows,
});

function rowCountIssues(rows: number, policy: QualityPolicy, earlierRows: readonly number[]): readonly QualityIssue[] {
  const fewest = Math.max(1, policy.minRows);
  if (rows < fewest) {
    const message = `${rows} rows, needs ${fewest}`;
    return [issueOf('quality.rowCount', 'inconclusive', null, message, { observed: rows, expected: fewest })];
  }
  const ratio = policy.minRowsRatio ?? null;
  if (ratio === null || earlierRows.length === 0) return [];
  const sorted = [...earlierRows].sort((a, b) => a - b);
  const usual = (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
  const expected = ratio * usual;
  if (!(rows < expected)) return [];
  const message = `${rows} rows, ${usual} in the median of ${sorted.length} earlier windows; at least ${percent(ratio)} of that is expected`;
  return [issueOf('quality.rowDrop', 'fail', null, message, { observed: rows, expected })];
}

function freshnessIssues(freshness: Freshness | undefined, policy: QualityPolicy): readonly QualityIssue[] {
  const expected = policy.maxStalenessMs;
  if (expected === null || freshness === undefined) return [];
  const observed = freshness.newest === null ? NaN : freshness.end - freshness.newest;
  if (!Number.isFinite(observed)) {
    const message = 'there is no newest row to tell the freshness by';
    return [issueOf('quality.freshness', 'inconclusive', null, message, { expected })];
  }
  if (observed <= expected) return [];
  const message = `the newest row is ${hours(observed)} older than the end of the window, at most ${hours(expected)} is allowed`;
  return [issueOf('quality.freshness', 'fail', null, message, { observed, expected })];
}

function identityIssues({ idClash, duplicates, rows }: QualityCounts, policy: QualityPolicy): readonly QualityIssue[] {
  const found: QualityIssue[] = [];
  if (idClash !== null && idClash.count > 0) {
    const message = `${idClash.count} ids came more than once with other content`;
    const details = { observed: idClash.count, expected: 0, offending: idClash };
    found.push(issueOf('quality.idClash', 'fail', null, message, details));
  }
  const expected = policy.maxDuplicateShare ?? null;
  const observed = duplicates === null ? null : share(duplicates.count, rows);
  if (expected !== null && observed !== null && duplicates !== null && observed > expected) {
    const message = `${percent(observed)} of the rows repeat the features of an earlier row, at most ${percent(expected)} is expected`;
    const details = { observed, expected, offending: duplicates };
    found.push(issueOf('quality.duplicateRows', 'warn', null, message, details));
  }
  return found;
}

function leakageIssues(counts: QualityCounts, policy: QualityPolicy): readonly QualityIssue[] {
  const threshold = policy.leakageThreshold ?? null;
  if (threshold === null) return [];
  return Object.entries(counts.leakage).flatMap(([name, leakage]) => leakageIssue(name, leakage, threshold) ?? []);
}

function featureOf(name: string, counts: QualityCounts, profile: ReferenceProfile | null): FeatureQuality {
  const column = own(counts.columns, name);
  const referenceNullShare = nullShareOf(profileOf(profile, name));
  if (column === null) {
    return { name, nulls: 0, nullShare: null, referenceNullShare, min: null, max: null, distinct: 0 };
  }
  return {
    name,
    nulls: column.nulls.count,
    nullShare: share(column.nulls.count, column.rows),
    referenceNullShare,
    min: column.min,
    max: column.max,
    distinct: column.distinct,
  };
}

function notChecked(
  profile: ReferenceProfile | null,
  policy: QualityPolicy,
  freshness: Freshness | undefined,
  earlierRows: readonly number[],
): readonly string[] {
  return [
    ...(profile === null ? ['null share increase and new categories: there is no reference profile'] : []),
    ...(profile === null && policy.unitChange === true ? ['unit change: there is no reference profile'] : []),
    ...(policy.maxStalenessMs !== null && freshness === undefined ? ['freshness: not asked for these rows'] : []),
    ...((policy.minRowsRatio ?? null) !== null && earlierRows.length === 0
      ? ['row count against earlier windows: there are none']
      : []),
  ];
}
