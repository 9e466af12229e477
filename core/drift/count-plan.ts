import type { FeatureSpec } from '../model';
import { contentKey } from './content-key';
import type { CategoricalProfile, NumericProfile, ReferenceProfile } from './profile';
import type { CountPlan, PlannedFeature } from './window-counts';

/**
 * What to count of a window so that it can be compared with `profile`: the profile's own quantile bins and categories. A feature
 * that the profile lacks, or has as another kind, is not planned; `measureCounts` then says `insufficient`. Deterministic: the key
 * names profile bins and contract order, so partial counts of an older reference are never mixed in.
 *
 * @param options.prediction false: the answers are not counted. They are also not where the profile has none.
 */
export function countPlanOf(
  profile: ReferenceProfile,
  specs: readonly FeatureSpec[],
  options: { readonly prediction?: boolean } = {},
): CountPlan {
  const features = specs.flatMap(({ name, kind }) => {
    const reference = Object.hasOwn(profile.features, name) ? profile.features[name] : undefined;
    return reference?.kind === kind ? [planned(name, reference)] : [];
  });
  const prediction =
    options.prediction === false || profile.prediction === undefined
      ? null
      : planned(PREDICTION_NAME, profile.prediction);
  return { schemaVersion: 1, key: contentKey({ schemaVersion: 1, features, prediction }), features, prediction };
}

/** What the answers are called in plans and measurements. No contract can have a feature of this name. */
export const PREDICTION_NAME = '(prediction)';
export const TARGET_NAME = '(target)';

export function planned(name: string, reference: NumericProfile | CategoricalProfile): PlannedFeature {
  return reference.kind === 'number'
    ? { name, kind: 'number', edges: reference.edges, min: reference.min, max: reference.max }
    : { name, kind: 'string', categories: Object.keys(reference.counts).sort() };
}
