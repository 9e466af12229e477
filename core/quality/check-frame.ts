/** Quality of a file: what `ratchet quality <file> --expectations <file>` runs. */
import { buildReferenceProfile } from '../drift/profile-build';
import type { ReferenceProfile } from '../drift/profile';
import type { Frame } from '../frame';
import type { FeatureColumns, FeatureSpec, FeatureValue } from '../model';
import type { QualityPolicy } from '../policy';
import { cellsOf } from './cells';
import { countQuality } from './count';
import type { Expectation } from './expectation';
import { judgeQuality } from './judge';
import { qualityPlanOf } from './quality-counts';
import type { QualityReport } from './quality-report';

export interface CheckFrameOptions {
  /** Its columns are the schema; its nulls, categories and deciles are compared with. */
  readonly reference?: Frame;
  /** Column with the target: no feature; single features that predict it are named. */
  readonly target?: string;
  /** Column that names the rows in reports; a value that comes twice with other content fails. */
  readonly key?: string;
  /** Rules beside the expectations. Left out: only what is wrong in itself fails (types, infinities, empty columns). */
  readonly policy?: QualityPolicy;
}

/** Nothing is required, but for the hints and what is wrong in itself. */
const EXPECTATIONS_ALONE: QualityPolicy = {
  minRows: 1,
  maxNullShare: 1,
  maxNullShareIncrease: 1,
  ranges: {},
  maxNewCategoryShare: 0,
  maxStalenessMs: null,
  maxDuplicateShare: 0,
  maxCardinalityRatio: 2,
  leakageThreshold: 0.99,
  unitChange: true,
};
const PROFILE_BINS = 10;

/**
 * Never throws for any frame. A column that an expectation wants to be null is not held to have values. A `key` or `target` column
 * that the frame lacks fails, as an expectation that it exists.
 */
export function checkFrame(
  frame: Frame,
  expectations: readonly Expectation[],
  options: CheckFrameOptions = {},
): QualityReport {
  const { reference, target, key } = options;
  const policy: QualityPolicy = {
    ...(options.policy ?? EXPECTATIONS_ALONE),
    expectations: [...(options.policy?.expectations ?? []), ...expectations, ...needed(target, key)],
  };
  const mayBeNull = new Set(
    expectations.flatMap((e) => (e.expectation === 'expect_column_values_to_be_null' ? [e.column] : [])),
  );
  const isFeature = (name: string): boolean => name !== target && name !== key && !mayBeNull.has(name);
  const specs = specsOf(reference ?? frame).filter(({ name }) => isFeature(name));
  const profile = reference === undefined ? null : profileOfFrame(reference, specs);
  const cells = [...frame.columns].map(([name, column]) => [name, cellsOf(column)] as const);
  const keys = key === undefined ? undefined : cells.find(([name]) => name === key)?.[1];
  const truths = target === undefined ? undefined : cells.find(([name]) => name === target)?.[1];
  const counts = countQuality(
    {
      rows: frame.rows,
      columns: new Map(cells),
      expected: new Set([...frame.columns.keys()].filter((name) => !isFeature(name))),
      ...(keys === undefined ? {} : { keys: { values: keys, unique: true } }),
      ...(truths === undefined ? {} : { target: truths }),
    },
    qualityPlanOf(specs, profile, policy),
  );
  return judgeQuality(counts, specs, profile, policy);
}

const needed = (...names: readonly (string | undefined)[]): readonly Expectation[] =>
  names.flatMap((column) =>
    column === undefined ? [] : [{ expectation: 'expect_column_to_exist', column, severity: 'hard' } as const],
  );

const specsOf = (frame: Frame): readonly FeatureSpec[] =>
  [...frame.columns].map(([name, { kind }]) => ({ name, kind }));

function profileOfFrame(frame: Frame, specs: readonly FeatureSpec[]): ReferenceProfile {
  const columns = specs.map(({ name }): readonly [string, readonly FeatureValue[]] => {
    const cells = cellsOf(frame.columns.get(name)!);
    return [name, Array.from({ length: cells.length }, (_, row) => cells.at(row) as FeatureValue)];
  });
  const features: FeatureColumns = { rows: frame.rows, columns: Object.fromEntries(columns) };
  return buildReferenceProfile(features, specs, { bins: PROFILE_BINS });
}
