/**
 * When evaluations add up to a trigger: `breaches` among the last `of` evaluated windows, the newest one included. One bad window is
 * common (a healthy model of F1 0.87 breaches a bound of 0.85 in 29 % of windows of 100 labels); three in a row are not (2.3 %).
 *
 * State of the `model` workflow: pure, no clock, safe in workflow code.
 * - An evaluation is keyed by version and window and counts once; computed again (late labels), it replaces the former one.
 * - A window that could not be judged changes nothing: it neither breaches nor clears.
 * - Hysteresis: `clearAfter` evaluations in a row without a breach clear the counter, breaches before them count no more.
 * - A recomputation that comes after a later one of the same window is ignored: the highest revision counts.
 * - A new champion starts at zero. A late report about another version, whose window is not newer, is ignored.
 * - It fires once for a newest window: a recomputation of a window that fired already does not fire again.
 */
import type { EvaluationReport } from '../messages';
import type { EpochMs, ModelVersion } from '../model';
import type { TriggerPolicy } from '../policy';
import type { Reason } from '../verdict';

export interface BreachState {
  /** null: nothing evaluated yet. */
  readonly version: ModelVersion | null;
  /** By windowEnd, oldest first; bounded. */
  readonly evaluations: readonly Evaluation[];
  /** End of the newest window that has fired. */
  readonly firedAt: EpochMs | null;
}

export interface Evaluation {
  readonly windowStart: EpochMs;
  readonly windowEnd: EpochMs;
  readonly breached: boolean;
  /** 1 when left out: carried from before there were revisions. */
  readonly revision?: number;
}

/** Of the policy: `clearAfter` left out means never, as before there was such a setting. */
export type BreachRule = Pick<TriggerPolicy, 'breaches' | 'of'> & Partial<Pick<TriggerPolicy, 'clearAfter'>>;

export interface BreachDecision {
  readonly state: BreachState;
  readonly fire: boolean;
  readonly reason: Reason;
}

/** Kept beyond `policy.of`, for the status page and for late recomputations. */
const KEPT_EVALUATIONS = 20;

/** Zero, for this champion. Call it when the champion or the reference changes. */
export function startBreaches(version: ModelVersion | null): BreachState {
  return { version, evaluations: [], firedAt: null };
}

/** Zero, before the first evaluation names the champion. */
export const EMPTY_BREACHES: BreachState = startBreaches(null);

export function recordEvaluation(state: BreachState, report: EvaluationReport, policy: BreachRule): BreachDecision {
  if (report.judged === false) {
    const text = 'the window could not be judged: it counts neither as a breach nor as a pass';
    return { state, fire: false, reason: { code: 'evaluation.notJudged', text } };
  }
  const newest = state.evaluations.at(-1);
  let base = state;
  if (state.version !== report.version) {
    if (state.version !== null && newest !== undefined && report.windowEnd <= newest.windowEnd) {
      const text = `the evaluation of version ${report.version} comes late: the champion is version ${state.version}`;
      return { state, fire: false, reason: { code: 'evaluation.otherVersion', text } };
    }
    base = startBreaches(report.version);
  }
  const { windowStart, windowEnd, breached, revision = 1 } = report;
  const isThis = (e: Evaluation): boolean => e.windowEnd === windowEnd && e.windowStart === windowStart;
  const former = base.evaluations.find(isThis)?.revision ?? 1;
  if (revision < former) {
    const text = `revision ${revision} of the window comes late: revision ${former} was counted already`;
    return { state, fire: false, reason: { code: 'evaluation.superseded', text } };
  }
  const others = base.evaluations.filter((e) => !isThis(e));
  const evaluations = [...others, { windowStart, windowEnd, breached, revision }]
    .sort((a, b) => a.windowEnd - b.windowEnd || a.windowStart - b.windowStart)
    .slice(-Math.max(policy.of, KEPT_EVALUATIONS));
  const recorded: BreachState = { ...base, evaluations };
  return fires(recorded, policy);
}

function fires(state: BreachState, { breaches, of, clearAfter = of }: BreachRule): BreachDecision {
  const last = state.evaluations.slice(-of);
  const newest = last.at(-1);
  const count = sinceCleared(last, clearAfter).filter((e) => e.breached).length;
  const text = `${count} of the last ${last.length} windows breached; ${breaches} of ${of} are needed, the newest among them`;
  const reason: Reason = { code: 'trigger.breaches', text, observed: count, expected: breaches };
  const reached = newest?.breached === true && count >= Math.max(1, breaches);
  if (!reached || newest === undefined || newest.windowEnd <= (state.firedAt ?? Number.NEGATIVE_INFINITY)) {
    return { state, fire: false, reason };
  }
  return { state: { ...state, firedAt: newest.windowEnd }, fire: true, reason };
}

/**
 * What came after the last run of `clearAfter` passes. Only runs inside the last `of` windows matter (a run that begins before
 * them has all that it clears before them too), so nothing but the windows themselves needs to be kept.
 */
function sinceCleared(last: readonly Evaluation[], clearAfter: number): readonly Evaluation[] {
  let passes = 0;
  let from = 0;
  last.forEach((evaluation, i) => {
    passes = evaluation.breached ? 0 : passes + 1;
    if (passes >= clearAfter) from = i + 1;
  });
  return last.slice(from);
}
