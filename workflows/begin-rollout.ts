import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import { ActivityFailure } from '@temporalio/common';
import type { BeginRolloutInput, BeginRolloutResult } from '../activities/rollout';
import type { Reason } from '../core/verdict';
import { callActivity } from './call-activity';
import type { DecisionInbox } from './decision-inbox';

export type Beginning = BeginRolloutResult | { readonly kind: 'aborted'; readonly reasons: readonly Reason[] };

/**
 * Claims, checks and loads. It may wait long for a gateway, so an abort that arrives meanwhile ends it: the activity is
 * cancelled and gives its claim back. One that comes too late for that is left in the inbox for the rollout.
 */
export async function beginUnlessAborted(input: BeginRolloutInput, inbox: DecisionInbox): Promise<Beginning> {
  const work = new CancellationScope();
  const begun = work.run(() =>
    // Cancellation reaches an activity with its heartbeats, which are thinned to 0.8 of this time.
    callActivity('beginRollout', input, `claim, checks and loading of version ${input.version}`, {
      heartbeatTimeout: '5 seconds',
    }),
  );
  const ears = new CancellationScope();
  const told = ears
    .run(() => condition(() => inbox.pending.some((message) => message.kind === 'abort')))
    .then(
      () => 'abort' as const,
      () => begun,
    );
  const first = await Promise.race([begun, told]).finally(() => ears.cancel());
  if (first !== 'abort') return first;
  work.cancel();
  try {
    return await begun;
  } catch (error) {
    if (!isCancellation(error) && !(error instanceof ActivityFailure)) throw error;
    const abort = inbox.pending.find((message) => message.kind === 'abort');
    inbox.pending.splice(0);
    return {
      kind: 'aborted',
      reasons: [{ code: 'abort', text: `aborted by ${abort?.actor ?? '?'} while starting: ${abort?.reason ?? ''}` }],
    };
  }
}
