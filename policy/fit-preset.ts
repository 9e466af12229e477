/** Presets are written for a binary classifier; this fits them to the other tasks. */
import type { Task } from '../core/model';
import { metricsOf } from './metrics';
import type { PresetSections } from './schema';

/** A preset's sections as they stand for a task: values that only the user can know (margin, clip) are left out. */
export type FittedSections = Readonly<Record<string, unknown>>;

/**
 * Multiclass: rules on metrics that only two classes have are left out. Regression: the rules speak of RMSE with the same
 * ratios, `wrong` is no event, the shadow loss is squared, and its margin and clip must come from the policy file because
 * they are in the square of the target's unit.
 */
export function fitPreset(preset: PresetSections, task: Task): FittedSections {
  if (task === 'binary') return preset;
  if (task === 'multiclass') {
    const allowed = metricsOf('multiclass');
    return {
      ...preset,
      performance: { ...preset.performance, rules: preset.performance.rules.filter((r) => allowed.includes(r.metric)) },
    };
  }
  const ratio = preset.performance.rules.find((rule) => rule.metric === 'logLoss')?.bound ?? 1.05;
  const shadow: Record<string, unknown> | null = preset.shadow === null ? null : { ...preset.shadow, loss: 'squared' };
  if (shadow !== null) delete shadow['margin'];
  return {
    ...preset,
    performance: {
      ...preset.performance,
      rules: [{ metric: 'rmse', kind: 'ratioToHoldout', bound: ratio, withConfidence: true }],
    },
    gate: { ...preset.gate, rules: [{ kind: 'improvement', metric: 'rmse', min: 0, lowerBound: 0 }] },
    shadow,
    rollout: {
      ...preset.rollout,
      guardrails: preset.rollout.guardrails.filter((guardrail) => guardrail.event !== 'wrong'),
    },
  };
}
