/**
 * How long a canary needs to see a harm of a given size, before it is started. The e-process of bad-event-ratio.ts gains per
 * event, in the mean, the Kullback–Leibler divergence of the event's arm under the true and the tested ratio:
 *
 *     g = θ_w(r)·ln[θ_w(r)/θ_w(r0)] + (1 − θ_w(r))·ln[(1 − θ_w(r))/(1 − θ_w(r0))]
 *     events ≈ (ln(M/α) + ½)/g + 1
 *
 * ½ is what the mixture pays for not knowing r, 1 the event that crosses. Within 25 % of the simulated medians of
 * rollout.md §3.3 (a) for ratios 1.5–10 and weights 5–50 %.
 */
import { RatchetError } from '../errors';
import type { RolloutPolicy } from '../policy';

export interface DetectionQuestion {
  /** Bad events an hour when the champion answers everything, > 0. */
  readonly eventsPerHour: number;
  /** Share of the candidate, basis points 1–9999. */
  readonly weight: number;
  /** The true ratio that is to be found, > nullRatio. */
  readonly ratio: number;
  /** r0 of the guardrail. */
  readonly nullRatio: number;
  readonly alpha: number;
  /** M: guardrails of the rollout. */
  readonly guardrails: number;
}

export interface DetectionPlan {
  /** Events on both arms together until the guardrail fires, in the middle run. */
  readonly events: number;
  readonly hours: number;
}

/** Throws RATCHET_INPUT_INVALID when the harm cannot be found: no events, one arm empty, or a ratio within the allowance. */
export function planDetection(question: DetectionQuestion): DetectionPlan {
  const { eventsPerHour, weight, ratio, nullRatio, alpha, guardrails } = question;
  const possible =
    eventsPerHour > 0 && weight > 0 && weight < 10_000 && nullRatio > 0 && ratio > nullRatio && alpha > 0 && alpha < 1;
  if (!possible || !(guardrails >= 1)) {
    throw new RatchetError(
      'RATCHET_INPUT_INVALID',
      `cannot plan for ${eventsPerHour} events/h at weight ${weight}, ratio ${ratio} against ${nullRatio}, alpha ${alpha}, ${guardrails} guardrails`,
    );
  }
  const w = weight / 10_000;
  const onCandidate = (r: number): number => (w * r) / (w * r + 1 - w);
  const actual = onCandidate(ratio);
  const tested = onCandidate(nullRatio);
  const gain = actual * Math.log(actual / tested) + (1 - actual) * Math.log((1 - actual) / (1 - tested));
  const events = Math.ceil((Math.log(guardrails / alpha) + 0.5) / gain) + 1;
  return { events, hours: events / (eventsPerHour * (1 - w + w * ratio)) };
}

/** The plan of each step of a policy for its strictest guardrail of this kind, had the candidate `ratio` times the events. */
export function planSteps(
  policy: Pick<RolloutPolicy, 'steps' | 'guardrails' | 'alpha'>,
  question: { readonly eventsPerHour: number; readonly ratio: number; readonly nullRatio: number },
): readonly (DetectionPlan & { readonly weight: number; readonly withinMaxHold: boolean })[] {
  return policy.steps
    .filter((step) => step.weight < 10_000)
    .map(({ weight, maxHoldMs }) => {
      const guardrails = Math.max(1, policy.guardrails.length);
      const plan = planDetection({ ...question, weight, alpha: policy.alpha, guardrails });
      return { weight, ...plan, withinMaxHold: plan.hours * 3_600_000 <= maxHoldMs };
    });
}
