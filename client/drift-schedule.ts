/** The Schedule that starts a model's drift checks. */
import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { driftScheduleId, driftWorkflowId } from '../core/ids';
import type { Policy } from '../core/policy';
import { startAttributes } from './search-attributes';

/** Missed checks older than this are not made up for: after an outage one check suffices, a burst helps nobody. */
const CATCHUP_WINDOW = '5 minutes';

/** Creates the Schedule, or brings the existing one to the policy's interval. */
export async function saveDriftSchedule(client: Client, policy: Policy, taskQueue: string): Promise<void> {
  const scheduleId = driftScheduleId(policy.model);
  const spec = { intervals: [{ every: policy.triggers.checkEveryMs }] };
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
