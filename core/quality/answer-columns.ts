import type { FeatureSpec } from '../model';
import type { QualityPolicy } from '../policy';
import { columnsOf } from './expectation';

/** Columns of the prediction log beside the features: what the model answered. */
export const ANSWER_COLUMNS: readonly string[] = ['score', 'label'];

/** The rules that can be asked of rows which no model has answered yet: those that read `score` or `label` are left out. */
export function withoutAnswerRules(policy: QualityPolicy, specs: readonly FeatureSpec[]): QualityPolicy {
  if (policy.expectations === undefined) return policy;
  const answers = new Set(ANSWER_COLUMNS.filter((name) => !specs.some((spec) => spec.name === name)));
  const expectations = policy.expectations.filter((rule) => !columnsOf(rule).some((name) => answers.has(name)));
  return { ...policy, expectations };
}
