import { ActivityCancellationType } from '@temporalio/common';
import { CancellationScope, condition } from '@temporalio/workflow';
import type { CanaryTick, RolloutHandle } from '../activities/rollout';
import type { CanaryState } from '../core/rollout/canary-state';
import { FENCED, failureCode } from './activity-failure';
import { callActivity } from './call-activity';
import type { DecisionInbox } from './decision-inbox';
import { showWeight } from './presence';

/**
 * One analysis tick, racing the inbox: a message never waits for a measurement. null: it could not measure.
 * @throws the failure RATCHET_ROUTE_FENCED, because then no later tick can measure either.
 */
export async function measureUnlessTold(
  handle: RolloutHandle,
  machine: CanaryState,
  slowUs: number | null,
  inbox: DecisionInbox,
): Promise<CanaryTick | 'message' | null> {
  // A tick whose worker died must be given up while the lease can still be renewed.
  const timeout = Math.max(2000, handle.policy.rollout.leaseMs / 2);
  const work = new CancellationScope();
  const measured = work.run(async (): Promise<CanaryTick | null> => {
    try {
      return await callActivity(
        'tickCanary',
        { handle, step: machine.step, slowUs },
        `analysis of step ${machine.step + 1} at ${showWeight(machine.weight)}, and the lease`,
        {
          scheduleToCloseTimeout: timeout,
          startToCloseTimeout: timeout,
          cancellationType: ActivityCancellationType.ABANDON,
          retry: { maximumAttempts: 1 },
        },
      );
    } catch (error) {
      if (failureCode(error) === FENCED) throw error;
      return null;
    }
  });
  const ears = new CancellationScope();
  const told = ears
    .run(() => condition(() => inbox.pending.length > 0))
    .then(
      () => 'message' as const,
      () => null,
    );
  const first = await Promise.race([measured, told]).finally(() => ears.cancel());
  if (first === 'message') {
    measured.catch(() => undefined);
    work.cancel();
  }
  return first;
}
