import type { CategoricalProfile, NumericProfile, ReferenceProfile } from '../drift/profile';
import type { EpochMs, FeatureSpec } from '../model';
import type { QualityPolicy } from '../policy';
import { worstVerdict, type Reason } from '../verdict';
import { scanColumn, type ColumnScan, type Offenders } from './column-scan';
import { probableRename } from './probable-rename';
import type { FeatureQuality, QualityCode, QualityIssue, QualityReport } from './quality-report';

/**
 * Checks rows before they are compared or trained on. Broken hard rules give `fail`: a missing column, a value of another
 * type or not finite, an all-null feature, the null share, the range, the freshness. Too few rows, and a freshness that
 * cannot be known, give `inconclusive`. Extra columns, new categories and constants only warn. Never throws.
 *
 * @param columns by name; each as long as `rows`. `null` and `undefined` mean missing.
 * @param profile the reference; null: rules against it are listed in `notChecked`.
 * @param freshness event time of the newest row (null: none) and of the window's end; left out where the caller does not
 * ask, and then listed in `notChecked` if the policy has the rule.
 */
export function checkQuality(
  columns: Readonly<Record<string, readonly unknown[]>>,
  rows: number,
  specs: readonly FeatureSpec[],
  profile: ReferenceProfile | null,
  policy: QualityPolicy,
  freshness?: { readonly newest: EpochMs | null; readonly end: EpochMs },
): QualityReport {
  const extras = extraColumns(columns, specs);
  const checks = specs.map((spec) => checkFeature(spec, columns, rows, extras, profile, policy));
  const issues = [
    ...checkRowCount(rows, policy),
    ...checkFreshness(freshness, policy),
    ...checks.flatMap((check) => check.issues),
    ...Object.keys(extras).map((name) =>
      issue('quality.extraColumn', 'warn', name, `column "${name}" is not in the contract`),
    ),
  ].sort((a, b) => SEVERITY.indexOf(a.severity) - SEVERITY.indexOf(b.severity));

  const hard = issues.flatMap((i) => (i.severity === 'warn' ? [] : [i.severity]));
  return {
    schemaVersion: 1,
    verdict: worstVerdict(['pass', ...hard]),
    rows,
    issues,
    reasons: issues.length === 0 ? [allGood(rows, specs.length)] : issues.map(toReason),
    features: checks.map((check) => check.quality),
    notChecked: notChecked(profile, policy, freshness),
  };
}

const SEVERITY: readonly QualityIssue['severity'][] = ['fail', 'error', 'inconclusive', 'warn'];

const allGood = (rows: number, features: number): Reason => ({
  code: 'quality.ok',
  text: `${rows} rows of ${features} features keep every rule`,
  observed: rows,
});

const toReason = (i: QualityIssue): Reason => ({
  code: i.code,
  text: i.message,
  observed: i.observed,
  expected: i.expected,
});

type Details = Partial<Pick<QualityIssue, 'observed' | 'expected' | 'probableRename'>> & {
  readonly offenders?: Offenders;
};

function issue(
  code: QualityCode,
  severity: QualityIssue['severity'],
  feature: string | null,
  message: string,
  details: Details = {},
): QualityIssue {
  const { offenders, ...rest } = details;
  const count = offenders?.count ?? 0;
  return {
    code,
    severity,
    feature,
    message,
    observed: null,
    expected: null,
    count,
    rows: offenders?.rows ?? [],
    ...rest,
  };
}

function checkRowCount(rows: number, policy: QualityPolicy): readonly QualityIssue[] {
  const expected = Math.max(1, policy.minRows);
  if (rows >= expected) return [];
  const message = `${rows} rows, needs ${expected}`;
  return [issue('quality.rowCount', 'inconclusive', null, message, { observed: rows, expected })];
}

function checkFreshness(
  freshness: { readonly newest: EpochMs | null; readonly end: EpochMs } | undefined,
  policy: QualityPolicy,
): readonly QualityIssue[] {
  const expected = policy.maxStalenessMs;
  if (expected === null || freshness === undefined) return [];
  const observed = freshness.newest === null ? NaN : freshness.end - freshness.newest;
  if (!Number.isFinite(observed)) {
    const message = 'there is no newest row to tell the freshness by';
    return [issue('quality.freshness', 'inconclusive', null, message, { expected })];
  }
  if (observed <= expected) return [];
  const message = `the newest row is ${hours(observed)} older than the end of the window, at most ${hours(expected)} is allowed`;
  return [issue('quality.freshness', 'fail', null, message, { observed, expected })];
}

interface FeatureCheck {
  readonly quality: FeatureQuality;
  readonly issues: readonly QualityIssue[];
}

function checkFeature(
  spec: FeatureSpec,
  columns: Readonly<Record<string, readonly unknown[]>>,
  rows: number,
  extras: Readonly<Record<string, readonly unknown[]>>,
  profile: ReferenceProfile | null,
  policy: QualityPolicy,
): FeatureCheck {
  const reference = own(profile?.features ?? {}, spec.name);
  const referenceNullShare = reference === null || reference.rows === 0 ? null : reference.nulls / reference.rows;
  const values = own(columns, spec.name);
  if (values === null) {
    const quality = {
      name: spec.name,
      nulls: 0,
      nullShare: null,
      referenceNullShare,
      min: null,
      max: null,
      distinct: 0,
    };
    return { quality, issues: [missingColumn(spec, extras, reference)] };
  }
  const range = own(policy.ranges, spec.name);
  const scan = scanColumn(values, spec.kind, {
    min: range?.min ?? null,
    max: range?.max ?? null,
    knownCategories: reference?.kind === 'string' ? new Set(Object.keys(reference.counts)) : null,
  });
  const quality: FeatureQuality = {
    name: spec.name,
    nulls: scan.nulls.count,
    nullShare: share(scan.nulls.count, scan.rows),
    referenceNullShare,
    min: scan.min,
    max: scan.max,
    distinct: scan.distinct,
  };
  return { quality, issues: columnIssues(spec, scan, rows, referenceNullShare, range, policy) };
}

function missingColumn(
  spec: FeatureSpec,
  extras: Readonly<Record<string, readonly unknown[]>>,
  reference: NumericProfile | CategoricalProfile | null,
): QualityIssue {
  const rename = probableRename(spec, extras, reference);
  const hint = rename === null ? '' : `; probably renamed to "${rename.column}"`;
  return issue('quality.missingColumn', 'fail', spec.name, `column "${spec.name}" is missing${hint}`, {
    observed: rename?.column ?? null,
    expected: spec.name,
    ...(rename === null ? {} : { probableRename: rename }),
  });
}

function columnIssues(
  spec: FeatureSpec,
  scan: ColumnScan,
  rows: number,
  referenceNullShare: number | null,
  range: { readonly min: number | null; readonly max: number | null } | null,
  policy: QualityPolicy,
): readonly QualityIssue[] {
  const name = spec.name;
  const found: QualityIssue[] = [];
  if (scan.rows !== rows) {
    const message = `column "${name}" has ${scan.rows} values for ${rows} rows`;
    found.push(issue('quality.length', 'error', name, message, { observed: scan.rows, expected: rows }));
  }
  if (scan.wrongType.count > 0) {
    const message = `column "${name}" holds ${scan.wrongExample} where a ${spec.kind} is due, in ${scan.wrongType.count} rows`;
    found.push(
      issue('quality.type', 'fail', name, message, {
        observed: scan.wrongExample,
        expected: spec.kind,
        offenders: scan.wrongType,
      }),
    );
  }
  if (scan.notFinite.count > 0) {
    const message = `column "${name}" holds NaN or infinity in ${scan.notFinite.count} rows`;
    found.push(
      issue('quality.notFinite', 'fail', name, message, {
        observed: scan.notFinite.count,
        expected: 0,
        offenders: scan.notFinite,
      }),
    );
  }
  found.push(...nullIssues(name, scan, referenceNullShare, policy));
  if (scan.outOfRange.count > 0) {
    const allowed = `[${range?.min ?? '−∞'}, ${range?.max ?? '∞'}]`;
    const message = `${scan.outOfRange.count} values of "${name}" lie outside ${allowed}; seen [${scan.min}, ${scan.max}]`;
    found.push(
      issue('quality.range', 'fail', name, message, {
        observed: `[${scan.min}, ${scan.max}]`,
        expected: allowed,
        offenders: scan.outOfRange,
      }),
    );
  }
  const newShare = share(scan.newCategory.count, scan.rows) ?? 0;
  if (newShare > policy.maxNewCategoryShare) {
    const message = `${percent(newShare)} of "${name}" are categories that the reference does not know, most often "${scan.newExample}"`;
    found.push(
      issue('quality.newCategory', 'warn', name, message, {
        observed: newShare,
        expected: policy.maxNewCategoryShare,
        offenders: scan.newCategory,
      }),
    );
  }
  const valid = scan.rows - scan.nulls.count - scan.wrongType.count - scan.notFinite.count;
  if (scan.distinct === 1 && valid > 1) {
    found.push(
      issue('quality.constant', 'warn', name, `"${name}" has the same value in all ${valid} rows`, {
        observed: 1,
        expected: 2,
      }),
    );
  }
  return found;
}

function nullIssues(
  name: string,
  scan: ColumnScan,
  referenceNullShare: number | null,
  policy: QualityPolicy,
): readonly QualityIssue[] {
  const observed = share(scan.nulls.count, scan.rows);
  if (observed === null) return [];
  const offenders = scan.nulls;
  if (observed === 1) {
    return [
      issue('quality.allNull', 'fail', name, `"${name}" is missing in all ${scan.rows} rows`, {
        observed,
        expected: policy.maxNullShare,
        offenders,
      }),
    ];
  }
  if (observed > policy.maxNullShare) {
    const message = `"${name}" is missing in ${percent(observed)} of the rows, at most ${percent(policy.maxNullShare)} is allowed`;
    return [issue('quality.nullShare', 'fail', name, message, { observed, expected: policy.maxNullShare, offenders })];
  }
  const allowed = referenceNullShare === null ? 1 : referenceNullShare + policy.maxNullShareIncrease;
  if (observed > allowed) {
    const message = `"${name}" is missing in ${percent(observed)} of the rows, ${percent(referenceNullShare ?? 0)} in the reference; at most ${percent(allowed)} is allowed`;
    return [issue('quality.nullShareIncrease', 'fail', name, message, { observed, expected: allowed, offenders })];
  }
  return [];
}

function notChecked(
  profile: ReferenceProfile | null,
  policy: QualityPolicy,
  freshness: { readonly newest: EpochMs | null } | undefined,
): readonly string[] {
  return [
    ...(profile === null ? ['null share increase and new categories: there is no reference profile'] : []),
    ...(policy.maxStalenessMs !== null && freshness === undefined ? ['freshness: not asked for these rows'] : []),
  ];
}

function extraColumns(
  columns: Readonly<Record<string, readonly unknown[]>>,
  specs: readonly FeatureSpec[],
): Readonly<Record<string, readonly unknown[]>> {
  const named = new Set(specs.map((spec) => spec.name));
  return Object.fromEntries(Object.entries(columns).filter(([name]) => !named.has(name)));
}

/** A record's own entry: a feature may be called `constructor`. */
function own<T>(record: Readonly<Record<string, T>>, key: string): T | null {
  return Object.hasOwn(record, key) ? (record[key] ?? null) : null;
}

const share = (count: number, rows: number): number | null => (rows > 0 ? count / rows : null);
const percent = (value: number): string => `${Number((100 * value).toPrecision(3))} %`;
const hours = (ms: number): string => `${Number((ms / 3_600_000).toPrecision(3))} h`;
