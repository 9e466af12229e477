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
 * - References do not mix: of the last `of` windows only those count that were measured against the reference of the newest one.
 *   A new reference thus begins at zero. Nothing is thrown away for it: a signal of before the change that comes late (its
 *   window is older, or its revision lower) cannot set the counter of the new reference back to zero.
 *   A new reference re-evaluates no window by itself: what was measured stays what it was. A window that late labels recompute
 *   is measured against the reference of that day and replaces its former evaluation as ever, so it leaves the old reference's
 *   count for the new one's; and the same window still fires at most once, whatever it was measured against.
 *   Unknown references (reports of before there was the field) count with any, as they did.
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
  /** See EvaluationReport; left out: unknown, also in a state carried from before there was the field. */
  readonly reference?: string | null;
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

/** Zero, for this champion. */
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
  const { windowStart, windowEnd, breached, reference, revision = 1 } = report;
  const isThis = (e: Evaluation): boolean => e.windowEnd === windowEnd && e.windowStart === windowStart;
  const former = base.evaluations.find(isThis)?.revision ?? 1;
  if (revision < former) {
    const text = `revision ${revision} of the window comes late: revision ${former} was counted already`;
    return { state, fire: false, reason: { code: 'evaluation.superseded', text } };
  }
  const others = base.evaluations.filter((e) => !isThis(e));
  const evaluation = { windowStart, windowEnd, breached, revision, ...(reference === undefined ? {} : { reference }) };
  const evaluations = [...others, evaluation]
    .sort((a, b) => a.windowEnd - b.windowEnd || a.windowStart - b.windowStart)
    .slice(-Math.max(policy.of, KEPT_EVALUATIONS));
  const recorded: BreachState = { ...base, evaluations };
  return fires(recorded, policy);
}

function fires(state: BreachState, { breaches, of, clearAfter = of }: BreachRule): BreachDecision {
  const recent = state.evaluations.slice(-of);
  const last = againstNewestReference(recent);
  const newest = last.at(-1);
  const count = sinceCleared(last, clearAfter).filter((e) => e.breached).length;
  const others = recent.length - last.length;
  const text =
    `${count} of the last ${last.length} windows breached; ${breaches} of ${of} are needed, the newest among them` +
    (others === 0 ? '' : ` (${others} measured against another reference do not count)`);
  const reason: Reason = { code: 'trigger.breaches', text, observed: count, expected: breaches };
  const reached = newest?.breached === true && count >= Math.max(1, breaches);
  if (!reached || newest === undefined || newest.windowEnd <= (state.firedAt ?? Number.NEGATIVE_INFINITY)) {
    return { state, fire: false, reason };
  }
  return { state: { ...state, firedAt: newest.windowEnd }, fire: true, reason };
}

/** Those with the newest known reference, and those of which it is unknown: always the newest one itself. Keeps the order. */
function againstNewestReference(recent: readonly Evaluation[]): readonly Evaluation[] {
  const reference = recent.findLast((e) => e.reference !== undefined)?.reference;
  return recent.filter((e) => e.reference === undefined || e.reference === reference);
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
