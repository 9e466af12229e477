/** The Schedule that starts a model's drift checks. */
import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client, type ScheduleSpec } from '@temporalio/client';
import { driftScheduleId, driftWorkflowId } from '../core/ids';
import type { Policy } from '../core/policy';
import { triggerSettings } from '../core/trigger/settings';
import { startAttributes } from './search-attributes';

/** Missed checks older than this are not made up for: after an outage one check suffices, a burst helps nobody. */
const CATCHUP_WINDOW = '5 minutes';

/**
 * When checks start: at the cron lines in the policy's zone, else at the interval; each up to the jitter later, at random. The
 * server works out zones and cron, and refuses lines that it cannot read.
 */
export function driftScheduleSpec(policy: Policy): ScheduleSpec {
  const { cron, checkEveryMs, jitterMs, timeZone } = triggerSettings(policy);
  return {
    ...(cron.length > 0
      ? { cronExpressions: [...cron], timezone: timeZone }
      : { intervals: [{ every: checkEveryMs }] }),
    ...(jitterMs > 0 ? { jitter: jitterMs } : {}),
  };
}

/** Creates the Schedule, or brings the existing one to the policy's times. */
export async function saveDriftSchedule(client: Client, policy: Policy, taskQueue: string): Promise<void> {
  const scheduleId = driftScheduleId(policy.model);
  const spec = driftScheduleSpec(policy);
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCHUP_WINDOW } as const;
  const action = {
    type: 'startWorkflow',
    workflowType: 'driftCheck',
    workflowId: driftWorkflowId(policy.model),
    taskQueue,
    args: [{ model: policy.model }],
    typedSearchAttributes: startAttributes(policy.model),
    staticSummary: `Drift check of ${policy.model}`,
    staticDetails: `Evaluates the oldest complete window of **${policy.model}** that was not evaluated yet.`,
  } as const;
  try {
    await client.schedule.create({ scheduleId, spec, policies, action: { ...action, args: [...action.args] } });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule
      .getHandle(scheduleId)
      .update((previous) => ({ state: previous.state, spec, policies, action: { ...action, args: [...action.args] } }));
  }
}
