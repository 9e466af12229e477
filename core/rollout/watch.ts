/**
 * After promotion: the new champion alone serves, so there is no arm to compare with. Rolls back when the share of errors is
 * beyond doubt above an absolute limit.
 */
import type { RolloutPolicy } from '../policy';
import type { Judgement } from '../verdict';
import { percent } from './number-text';
import { lowerBoundOfShare } from './share-bound';

export interface WatchEvidence {
  /** Requests that the promoted version answered since promotion, and how many ended in an error. */
  readonly requests: number;
  readonly errors: number;
  readonly policy: Pick<RolloutPolicy, 'watchMaxErrorShare' | 'alpha'>;
}

export interface WatchJudgement extends Judgement {
  readonly requests: number;
  readonly errors: number;
  /** Any-time lower bound of the error share at the policy's alpha. */
  readonly lowerBound: number;
}

/** `fail`: lower bound > watchMaxErrorShare. `inconclusive`: no request. `error`: counts that cannot be. */
export function judgeWatch({ requests, errors, policy }: WatchEvidence): WatchJudgement {
  const valid = Number.isSafeInteger(requests) && Number.isSafeInteger(errors) && errors >= 0 && errors <= requests;
  if (!valid) {
    const text = `counts cannot be: ${errors} errors in ${requests} requests`;
    return { verdict: 'error', reasons: [{ code: 'watch.counts', text }], requests: 0, errors: 0, lowerBound: 0 };
  }
  const max = policy.watchMaxErrorShare;
  const lowerBound = lowerBoundOfShare(errors, requests, policy.alpha);
  const measured = { requests, errors, lowerBound };
  if (requests === 0) {
    const reason = { code: 'watch.noTraffic', text: 'no request since promotion', observed: 0, expected: 1 };
    return { verdict: 'inconclusive', reasons: [reason], ...measured };
  }
  const reason = {
    code: 'watch.errors',
    text:
      `errors on ${percent(errors, requests)} of ${requests} requests since promotion (at least ${percent(lowerBound, 1)}), ` +
      `allowed ${percent(max, 1)}`,
    observed: lowerBound,
    expected: max,
  };
  return { verdict: lowerBound > max ? 'fail' : 'pass', reasons: [reason], ...measured };
}
