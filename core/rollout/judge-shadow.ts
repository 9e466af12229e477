/**
 * The verdict of one look at a shadow test: is the challenger certified not to be worse by the margin, found worse, or neither
 * yet? Called from an activity (Math.exp and Math.log are not bit-stable across engines).
 */
import type { Task } from '../model';
import type { ShadowPolicy } from '../policy';
import type { Reason, Verdict } from '../verdict';
import type { PairedRow, ShadowCounts } from './evidence';
import { decimals, duration, percent } from './number-text';
import { assessPairedLoss, type PairedLossEvidence } from './paired-loss';
import { lowerBoundOfShare } from './share-bound';

export interface ShadowEvidence {
  /** Pairs with a mature label, in any order. */
  readonly pairs: readonly PairedRow[];
  readonly counts: ShadowCounts;
  readonly policy: ShadowPolicy;
  readonly task: Task;
  readonly classes: readonly string[];
  readonly threshold: number;
  /** Real time since the shadow got its first traffic. */
  readonly elapsedMs: number;
}

/** Plain JSON; with pairs, counts and policy it can be recomputed offline (I5). */
export interface ShadowJudgement {
  readonly verdict: Verdict;
  /** Nothing more is to come: `pass`, `fail`, or neither when maxMs has passed. */
  readonly final: boolean;
  readonly reasons: readonly Reason[];
  /** null when the counts cannot be. */
  readonly pairs: PairedLossEvidence | null;
  /** 1/alpha: what E_worse rejects at and E_ok certifies at. */
  readonly evidenceThreshold: number;
  readonly errors: {
    readonly requests: number;
    readonly errors: number;
    /** null without requests. */
    readonly share: number | null;
    /** Any-time lower bound at the policy's alpha. */
    readonly lowerBound: number;
    readonly max: number;
  };
  readonly dropped: number;
  readonly disagreements: number;
  readonly elapsedMs: number;
}

export function judgeShadow(evidence: ShadowEvidence): ShadowJudgement {
  const { counts, policy, elapsedMs } = evidence;
  const overdue = elapsedMs >= policy.maxMs;
  const base = {
    evidenceThreshold: 1 / policy.alpha,
    dropped: counts.dropped,
    disagreements: counts.disagreements,
    elapsedMs,
  };
  const nonsense = impossibleCounts(counts, elapsedMs);
  if (nonsense !== null) {
    const errors = { requests: 0, errors: 0, share: null, lowerBound: 0, max: policy.maxErrorShare };
    return { ...base, verdict: 'error', final: overdue, reasons: [nonsense], pairs: null, errors };
  }

  const pairs = assessPairedLoss({
    rows: evidence.pairs,
    loss: policy.loss,
    task: evidence.task,
    classes: evidence.classes,
    threshold: evidence.threshold,
    margin: policy.margin,
    clip: policy.clip,
    clusterBy: policy.clusterBy,
  });
  const errors = {
    requests: counts.requests,
    errors: counts.errors,
    share: counts.requests === 0 ? null : counts.errors / counts.requests,
    lowerBound: lowerBoundOfShare(counts.errors, counts.requests, policy.alpha),
    max: policy.maxErrorShare,
  };
  const measured = { ...base, pairs, errors };

  const harm = harmReasons(pairs, errors, policy);
  if (harm.length > 0) return { ...measured, verdict: 'fail', final: true, reasons: harm };

  const missing = missingReasons(pairs, errors, policy, elapsedMs);
  if (missing.length > 0) {
    const verdict: Verdict = pairs.unusable > 0 ? 'error' : 'inconclusive';
    const reasons = overdue ? [...missing, overdueReason(policy)] : missing;
    return { ...measured, verdict, final: overdue, reasons };
  }
  return { ...measured, verdict: 'pass', final: true, reasons: [certificateReason(pairs, policy)] };
}

type ErrorShare = ShadowJudgement['errors'];

function harmReasons(pairs: PairedLossEvidence, errors: ErrorShare, policy: ShadowPolicy): Reason[] {
  const reasons: Reason[] = [];
  const limit = 1 / policy.alpha;
  if (pairs.eWorse >= limit) {
    reasons.push({
      code: 'shadow.worse',
      text: `${lossText(pairs, policy)} on ${pairs.n} pairs: worse with E = ${decimals(pairs.eWorse)} >= ${decimals(limit)}`,
      observed: pairs.eWorse,
      expected: limit,
    });
  }
  if (errors.lowerBound > errors.max) {
    reasons.push({
      code: 'shadow.errors',
      text:
        `errors on ${percent(errors.errors, errors.requests)} of ${errors.requests} shadow requests ` +
        `(at least ${percent(errors.lowerBound, 1)}), allowed ${percent(errors.max, 1)}`,
      observed: errors.lowerBound,
      expected: errors.max,
    });
  }
  return reasons;
}

/** What a pass still lacks; empty: nothing. */
function missingReasons(
  pairs: PairedLossEvidence,
  errors: ErrorShare,
  policy: ShadowPolicy,
  elapsedMs: number,
): Reason[] {
  const reasons: Reason[] = [];
  const limit = 1 / policy.alpha;
  if (pairs.unusable > 0) {
    reasons.push({
      code: 'shadow.unusable',
      text: `${pairs.unusable} pairs have a score that is no number or a label that the model does not know`,
      observed: pairs.unusable,
      expected: 0,
    });
  }
  if (errors.requests === 0) {
    reasons.push({ code: 'shadow.noTraffic', text: 'no shadow request yet', observed: 0, expected: 1 });
  } else if (errors.errors / errors.requests > errors.max) {
    reasons.push({
      code: 'shadow.errors',
      text: `errors on ${percent(errors.errors, errors.requests)} of ${errors.requests} shadow requests, allowed ${percent(errors.max, 1)}`,
      observed: errors.errors / errors.requests,
      expected: errors.max,
    });
  }
  if (pairs.n < Math.max(1, policy.minPairs)) {
    reasons.push({
      code: 'shadow.pairs',
      text: `${pairs.n} pairs with a mature label, ${Math.max(1, policy.minPairs)} are needed`,
      observed: pairs.n,
      expected: Math.max(1, policy.minPairs),
    });
  }
  if (pairs.eOk < limit) {
    reasons.push({
      code: 'shadow.certificate',
      text:
        `not yet certified to be worse by less than ${decimals(policy.margin)}: E = ${decimals(pairs.eOk)} < ${decimals(limit)}` +
        (pairs.n === 0 ? '' : ` (${lossText(pairs, policy)})`),
      observed: pairs.eOk,
      expected: limit,
    });
  }
  if (elapsedMs < policy.minMs) {
    reasons.push({
      code: 'shadow.time',
      text: `ran for ${duration(elapsedMs)}, at least ${duration(policy.minMs)} are wanted`,
      observed: elapsedMs,
      expected: policy.minMs,
    });
  }
  return reasons;
}

function certificateReason(pairs: PairedLossEvidence, policy: ShadowPolicy): Reason {
  const limit = 1 / policy.alpha;
  return {
    code: 'shadow.certificate',
    text:
      `${lossText(pairs, policy)} on ${pairs.n} pairs: certified to be worse by less than ${decimals(policy.margin)}, ` +
      `E = ${decimals(pairs.eOk)} >= ${decimals(limit)}`,
    observed: pairs.eOk,
    expected: limit,
  };
}

function overdueReason(policy: ShadowPolicy): Reason {
  return {
    code: 'shadow.overdue',
    text: `no verdict within ${duration(policy.maxMs)}`,
    observed: null,
    expected: policy.maxMs,
  };
}

function lossText(pairs: PairedLossEvidence, policy: ShadowPolicy): string {
  const champion = decimals(pairs.championLoss ?? 0);
  const candidate = decimals(pairs.candidateLoss ?? 0);
  const difference = pairs.meanDifference ?? 0;
  return `${policy.loss} ${champion} → ${candidate} (${difference > 0 ? '+' : ''}${decimals(difference)})`;
}

function impossibleCounts(counts: ShadowCounts, elapsedMs: number): Reason | null {
  const problem = (text: string): Reason => ({ code: 'shadow.counts', text: `counts cannot be: ${text}` });
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isSafeInteger(value) || value < 0) return problem(`${name} is ${value}, expected a whole number >= 0`);
  }
  if (counts.errors > counts.requests) return problem(`${counts.errors} errors in ${counts.requests} requests`);
  if (!(elapsedMs >= 0)) return problem(`elapsed time ${elapsedMs} ms`);
  return null;
}
