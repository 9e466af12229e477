/** Issues of one feature from its counts. */
import type { CategoricalProfile, NumericProfile } from '../drift/profile';
import type { QualityPolicy } from '../policy';
import { atRank } from './frequencies';
import { issueOf, percent, share } from './issue';
import type { Leakage } from './leakage';
import type { Rename } from './probable-rename';
import type { ColumnCounts, PlannedColumn } from './quality-counts';
import type { QualityIssue } from './quality-report';
import { unitChange } from './unit-change';

export type FeatureProfile = NumericProfile | CategoricalProfile | null;

/** Fewest values on either side before a change of unit is looked for: deciles of fewer are noise. */
const FEWEST_FOR_DECILES = 50;
/** A jump from 1 to 3 categories says nothing. */
const LEAST_NEW_CATEGORIES = 10;

export function missingColumn(name: string, rename: Rename | null): QualityIssue {
  const hint = rename === null ? '' : `; probably renamed to "${rename.column}"`;
  return issueOf('quality.missingColumn', 'fail', name, `column "${name}" is missing${hint}`, {
    observed: rename?.column ?? null,
    expected: name,
    ...(rename === null ? {} : { probableRename: rename }),
  });
}

export function columnIssues(
  planned: PlannedColumn,
  counts: ColumnCounts,
  rows: number,
  profile: FeatureProfile,
  policy: QualityPolicy,
): readonly QualityIssue[] {
  const { name, kind } = planned;
  const found: QualityIssue[] = [];
  if (counts.rows !== rows) {
    const message = `column "${name}" has ${counts.rows} values for ${rows} rows`;
    found.push(issueOf('quality.length', 'error', name, message, { observed: counts.rows, expected: rows }));
  }
  const { wrongType, wrongExample, notFinite } = counts;
  if (wrongType.count > 0) {
    const message = `column "${name}" holds ${wrongExample} where a ${kind} is due, in ${wrongType.count} rows`;
    const details = { observed: wrongExample, expected: kind, offending: wrongType };
    found.push(issueOf('quality.type', 'fail', name, message, details));
  }
  if (notFinite.count > 0) {
    const message = `column "${name}" holds NaN or infinity in ${notFinite.count} rows`;
    const details = { observed: notFinite.count, expected: 0, offending: notFinite };
    found.push(issueOf('quality.notFinite', 'fail', name, message, details));
  }
  found.push(...nullIssues(name, counts, profile, policy), ...rangeIssues(planned, counts));
  found.push(...categoryIssues(name, counts, profile, policy));
  const valid = counts.rows - counts.nulls.count - wrongType.count - notFinite.count;
  if (counts.distinct === 1 && valid > 1) {
    const message = `"${name}" has the same value in all ${valid} rows`;
    found.push(issueOf('quality.constant', 'warn', name, message, { observed: 1, expected: 2 }));
  }
  if (policy.unitChange === true) found.push(...unitIssues(name, counts, valid, profile));
  return found;
}

export const nullShareOf = (profile: FeatureProfile): number | null =>
  profile === null || profile.rows === 0 ? null : profile.nulls / profile.rows;

function nullIssues(
  name: string,
  counts: ColumnCounts,
  profile: FeatureProfile,
  policy: QualityPolicy,
): readonly QualityIssue[] {
  const observed = share(counts.nulls.count, counts.rows);
  const before = nullShareOf(profile);
  if (observed === null) return [];
  const offending = counts.nulls;
  if (observed === 1) {
    const message = `"${name}" is missing in all ${counts.rows} rows`;
    return [issueOf('quality.allNull', 'fail', name, message, { observed, expected: policy.maxNullShare, offending })];
  }
  if (observed > policy.maxNullShare) {
    const message = `"${name}" is missing in ${percent(observed)} of the rows, at most ${percent(policy.maxNullShare)} is allowed`;
    const expected = policy.maxNullShare;
    return [issueOf('quality.nullShare', 'fail', name, message, { observed, expected, offending })];
  }
  const allowed = before === null ? 1 : before + policy.maxNullShareIncrease;
  if (observed > allowed) {
    const message = `"${name}" is missing in ${percent(observed)} of the rows, ${percent(before ?? 0)} in the reference; at most ${percent(allowed)} is allowed`;
    return [issueOf('quality.nullShareIncrease', 'fail', name, message, { observed, expected: allowed, offending })];
  }
  return [];
}

function rangeIssues({ name, min, max }: PlannedColumn, counts: ColumnCounts): readonly QualityIssue[] {
  if (counts.outOfRange.count === 0) return [];
  const expected = `[${min ?? '−∞'}, ${max ?? '∞'}]`;
  const observed = `[${counts.min}, ${counts.max}]`;
  const message = `${counts.outOfRange.count} values of "${name}" lie outside ${expected}; seen ${observed}`;
  return [issueOf('quality.range', 'fail', name, message, { observed, expected, offending: counts.outOfRange })];
}

function categoryIssues(
  name: string,
  counts: ColumnCounts,
  profile: FeatureProfile,
  policy: QualityPolicy,
): readonly QualityIssue[] {
  const found: QualityIssue[] = [];
  const newShare = share(counts.newCategory.count, counts.rows) ?? 0;
  if (newShare > policy.maxNewCategoryShare) {
    const message = `${percent(newShare)} of "${name}" are categories that the reference does not know, most often "${counts.newExample}"`;
    const details = { observed: newShare, expected: policy.maxNewCategoryShare, offending: counts.newCategory };
    found.push(issueOf('quality.newCategory', 'warn', name, message, details));
  }
  const ratio = policy.maxCardinalityRatio ?? null;
  const before = profile?.kind === 'string' ? Object.keys(profile.counts).length : 0;
  if (ratio === null || before === 0 || counts.distinct - before < LEAST_NEW_CATEGORIES) return found;
  if (counts.distinct > ratio * before) {
    const message = `"${name}" has ${counts.distinct} categories, ${before} in the reference; at most ${ratio} times as many are expected`;
    found.push(
      issueOf('quality.cardinality', 'warn', name, message, { observed: counts.distinct, expected: ratio * before }),
    );
  }
  return found;
}

function unitIssues(
  name: string,
  counts: ColumnCounts,
  valid: number,
  profile: FeatureProfile,
): readonly QualityIssue[] {
  if (profile?.kind !== 'number' || valid < FEWEST_FOR_DECILES || profile.sample.length < FEWEST_FOR_DECILES) return [];
  const sample = profile.sample.map((value): readonly [number, number] => [value, 1]);
  const reference = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => atRank(sample, (i * sample.length) / 10)!);
  const change = unitChange(reference, counts.deciles);
  if (change === null) return [];
  const message = `the unit of "${name}" has probably changed: ${change.text} on all deciles against the reference (median ${reference[4]} → ${counts.deciles[4]})`;
  return [
    issueOf('quality.unitChange', 'warn', name, message, {
      observed: change.kind === 'shift' ? change.offset : change.factor,
      expected: change.kind === 'shift' ? 0 : 1,
    }),
  ];
}

export function leakageIssue(name: string, leakage: Leakage, threshold: number): QualityIssue | null {
  if (leakage.value < threshold) return null;
  const measure = { auc: 'AUC', spearman2: 'squared rank correlation', epsilon2: 'ε²' }[leakage.measure];
  const message = `"${name}" alone predicts the target (${measure} ${Number(leakage.value.toPrecision(4))} over ${leakage.rows} rows): is it known when the model predicts?`;
  return issueOf('quality.leakage', 'warn', name, message, { observed: leakage.value, expected: threshold });
}
