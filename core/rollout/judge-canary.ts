/**
 * The verdict of one look at a canary: do its guardrails hold, and can the comparison be trusted? Called from an activity
 * (Math.exp and Math.log are not bit-stable across engines); the workflow reads only the returned numbers.
 */
import type { RolloutPolicy } from '../policy';
import type { Reason, Verdict } from '../verdict';
import { assessBadEvents } from './bad-event-ratio';
import type { ArmCounts, GuardrailEvent, Segment } from './evidence';
import { decimals, percent } from './number-text';
import { assessSampleRatio } from './sample-ratio';

export interface GuardrailJudgement {
  readonly event: GuardrailEvent;
  /** r0: the rate ratio that must not be exceeded. */
  readonly ratio: number;
  readonly candidateEvents: number;
  readonly championEvents: number;
  /** What the events are counted of: keys, or mature labelled answers for `wrong`. */
  readonly candidateTotal: number;
  readonly championTotal: number;
  readonly e: number;
  /** M/alpha. */
  readonly threshold: number;
  readonly fired: boolean;
}

/** Plain JSON; with the segments and the policy it can be recomputed offline (I5). */
export interface CanaryJudgement {
  /**
   * `fail`: a guardrail fired. `error`: counts that cannot be. `inconclusive`: no data for a guardrail on one of the arms, or the
   * sample ratio fired. `pass`: none of these; it says "no harm seen so far", the step's minimum sample is checked by decideStep.
   */
  readonly verdict: Verdict;
  readonly guardrails: readonly GuardrailJudgement[];
  readonly srm: { readonly bayesFactor: number | null; readonly fired: boolean };
  /** Distinct keys first answered by the candidate, over all segments. */
  readonly candidateKeys: number;
  readonly championKeys: number;
  /** Requests answered by the candidate, over all segments: the sign of life of its traffic. */
  readonly candidateRequests: number;
  readonly reasons: readonly Reason[];
}

export interface CanaryEvidence {
  readonly segments: readonly Segment[];
  readonly policy: Pick<RolloutPolicy, 'guardrails' | 'alpha' | 'srmBayesFactor'>;
}

export function judgeCanary({ segments, policy }: CanaryEvidence): CanaryJudgement {
  const candidate = sumArm(segments.map((s) => s.candidate));
  const champion = sumArm(segments.map((s) => s.champion));
  const totals = {
    candidateKeys: candidate.keys,
    championKeys: champion.keys,
    candidateRequests: candidate.requests,
  };
  const nonsense = impossibleCounts(segments, candidate, champion);
  if (nonsense !== null) {
    return {
      verdict: 'error',
      guardrails: [],
      srm: { bayesFactor: null, fired: false },
      candidateKeys: 0,
      championKeys: 0,
      candidateRequests: 0,
      reasons: [nonsense],
    };
  }

  const guardrails = judgeGuardrails(segments, policy, candidate, champion);
  const { bayesFactor } = assessSampleRatio(
    segments.map((s) => ({ weight: s.weight, candidate: s.candidate.keys, champion: s.champion.keys })),
  );
  const srm = { bayesFactor, fired: policy.srmBayesFactor !== null && bayesFactor >= policy.srmBayesFactor };

  const fired = guardrails.filter((g) => g.fired);
  const unmeasured = guardrails.filter((g) => g.candidateTotal === 0 || g.championTotal === 0);
  const empty = candidate.keys === 0 || champion.keys === 0;
  const reasons: Reason[] = [
    ...fired.map(guardrailReason),
    ...(srm.fired ? [sampleRatioReason(segments, bayesFactor, policy.srmBayesFactor)] : []),
    ...(empty ? [noTrafficReason(candidate.keys, champion.keys)] : unmeasured.map(unmeasuredReason)),
  ];
  if (reasons.length === 0) reasons.push(...guardrails.map(guardrailReason));
  if (reasons.length === 0) reasons.push(noGuardrailReason(candidate.keys));

  let verdict: Verdict = 'pass';
  if (fired.length > 0) verdict = 'fail';
  else if (srm.fired || empty || unmeasured.length > 0) verdict = 'inconclusive';
  return { verdict, guardrails, srm, ...totals, reasons };
}

const EVENT_COUNT: Readonly<Record<GuardrailEvent, (arm: ArmCounts) => number>> = {
  error: (arm) => arm.errors,
  slow: (arm) => arm.slow,
  wrong: (arm) => arm.wrong,
};
const EVENT_NAME: Readonly<Record<GuardrailEvent, string>> = {
  error: 'errors',
  slow: 'slow answers',
  wrong: 'wrong answers',
};
const eventTotal = (event: GuardrailEvent, arm: ArmCounts): number => (event === 'wrong' ? arm.labelled : arm.keys);

function judgeGuardrails(
  segments: readonly Segment[],
  policy: CanaryEvidence['policy'],
  candidate: ArmCounts,
  champion: ArmCounts,
): GuardrailJudgement[] {
  const threshold = policy.guardrails.length / policy.alpha;
  return policy.guardrails.map(({ event, ratio }) => {
    const count = EVENT_COUNT[event];
    const evidence = assessBadEvents({
      segments: segments.map((s) => ({
        weight: s.weight,
        candidate: count(s.candidate),
        champion: count(s.champion),
      })),
      ratio,
    });
    return {
      event,
      ratio,
      candidateEvents: evidence.candidateEvents,
      championEvents: evidence.championEvents,
      candidateTotal: eventTotal(event, candidate),
      championTotal: eventTotal(event, champion),
      e: evidence.e,
      threshold,
      fired: evidence.e >= threshold,
    };
  });
}

function sumArm(arms: readonly ArmCounts[]): ArmCounts {
  const sum = { keys: 0, requests: 0, errors: 0, slow: 0, wrong: 0, labelled: 0 };
  for (const arm of arms) {
    sum.keys += arm.keys;
    sum.requests += arm.requests;
    sum.errors += arm.errors;
    sum.slow += arm.slow;
    sum.wrong += arm.wrong;
    sum.labelled += arm.labelled;
  }
  return sum;
}

/**
 * Counts that no log can produce. An event is credited to the arm and segment where it first happened and a key to where it
 * was first seen, so only sums over both arms can be held against each other.
 */
function impossibleCounts(segments: readonly Segment[], candidate: ArmCounts, champion: ArmCounts): Reason | null {
  const problem = (text: string): Reason => ({ code: 'canary.counts', text: `counts cannot be: ${text}` });
  for (const [index, segment] of segments.entries()) {
    if (!Number.isSafeInteger(segment.weight) || segment.weight < 0 || segment.weight > 10_000) {
      return problem(`segment ${index} has weight ${segment.weight}, expected 0–10000 basis points`);
    }
    for (const arm of ['candidate', 'champion'] as const) {
      for (const [name, value] of Object.entries(segment[arm])) {
        if (Number.isSafeInteger(value) && value >= 0) continue;
        return problem(`segment ${index} has ${name} ${value} on the ${arm}, expected a whole number >= 0`);
      }
    }
  }
  const both = sumArm([candidate, champion]);
  if (both.errors > both.requests) return problem(`${both.errors} errors in ${both.requests} requests`);
  if (both.slow > both.requests) return problem(`${both.slow} slow answers in ${both.requests} requests`);
  if (both.wrong > both.labelled) return problem(`${both.wrong} wrong among ${both.labelled} labelled`);
  return null;
}

function guardrailReason(g: GuardrailJudgement): Reason {
  const sign = g.fired ? '>=' : '<';
  const limit = g.ratio === 1 ? '' : ` (allowed: ${decimals(g.ratio)} ×)`;
  return {
    code: `guardrail.${g.event}`,
    text:
      `${EVENT_NAME[g.event]} ${percent(g.candidateEvents, g.candidateTotal)} (${g.candidateEvents} of ${g.candidateTotal}) ` +
      `against ${percent(g.championEvents, g.championTotal)} (${g.championEvents} of ${g.championTotal})${limit}, ` +
      `E = ${decimals(g.e)} ${sign} ${decimals(g.threshold)}`,
    observed: g.e,
    expected: g.threshold,
  };
}

function unmeasuredReason(g: GuardrailJudgement): Reason {
  const what = g.event === 'wrong' ? 'mature labels' : 'keys';
  return {
    code: `guardrail.${g.event}.noData`,
    text: `${EVENT_NAME[g.event]} cannot be compared: ${g.candidateTotal} ${what} on the candidate, ${g.championTotal} on the champion`,
    observed: Math.min(g.candidateTotal, g.championTotal),
    expected: 1,
  };
}

function noTrafficReason(candidateKeys: number, championKeys: number): Reason {
  return {
    code: 'canary.noData',
    text: `nothing to compare: ${candidateKeys} keys on the candidate, ${championKeys} on the champion`,
    observed: Math.min(candidateKeys, championKeys),
    expected: 1,
  };
}

function sampleRatioReason(segments: readonly Segment[], bayesFactor: number, limit: number | null): Reason {
  const split = segments.filter((s) => s.weight > 0 && s.weight < 10_000);
  const got = split.reduce((sum, s) => sum + s.candidate.keys, 0);
  const keys = split.reduce((sum, s) => sum + s.candidate.keys + s.champion.keys, 0);
  const due = split.reduce((sum, s) => sum + (s.weight / 10_000) * (s.candidate.keys + s.champion.keys), 0);
  return {
    code: 'sampleRatio',
    text:
      `the candidate got ${percent(got, keys)} of ${keys} keys where ${percent(due, keys)} were due: assignment or log is broken ` +
      `(Bayes factor ${decimals(bayesFactor)} >= ${decimals(limit ?? 0)})`,
    observed: bayesFactor,
    expected: limit,
  };
}

function noGuardrailReason(candidateKeys: number): Reason {
  return { code: 'canary.noGuardrails', text: `no guardrail is set; ${candidateKeys} keys on the candidate` };
}
