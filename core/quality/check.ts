import type { ReferenceProfile } from '../drift/profile';
import type { FeatureSpec } from '../model';
import type { QualityPolicy } from '../policy';
import type { Cells } from './cells';
import { countQuality, type QualityTable } from './count';
import { judgeQuality, type Freshness } from './judge';
import { qualityPlanOf } from './quality-counts';
import type { QualityReport } from './quality-report';

/**
 * Checks rows before they are compared or trained on: `countQuality`, then `judgeQuality` (which see). Never throws.
 *
 * @param columns by name; each as long as `rows`. `null` and `undefined` mean missing.
 * @param beside what there is beside the features: columns that expectations may read, names of the rows, the target.
 */
export function checkQuality(
  columns: Readonly<Record<string, readonly unknown[]>>,
  rows: number,
  specs: readonly FeatureSpec[],
  profile: ReferenceProfile | null,
  policy: QualityPolicy,
  freshness?: Freshness,
  beside: Pick<QualityTable, 'expected' | 'others' | 'keys' | 'target'> = {},
): QualityReport {
  const table: QualityTable = { rows, columns: new Map<string, Cells>(Object.entries(columns)), ...beside };
  return judgeQuality(countQuality(table, qualityPlanOf(specs, profile, policy)), specs, profile, policy, freshness);
}
