import { scheduleActivity, workflowInfo, type ActivityOptions } from '@temporalio/workflow';
import type { AllActivities } from '../activities';
import { ACTIVITY_PREFIX, cpuQueueOf } from '../core/ids';

type Input<K extends keyof AllActivities> = Parameters<AllActivities[K]>[0];
type Output<K extends keyof AllActivities> = Awaited<ReturnType<AllActivities[K]>>;

/**
 * Light work: short, idempotent, retried until it is done. A fault that no retry can mend is non-retryable by its code
 * (activities/failure.ts), so unlimited attempts only ever wait for a service to come back.
 */
const PATIENT: ActivityOptions = {
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '10 seconds' },
};

/** Calls one of our activities by name; `summary` is the line that the Temporal UI shows beside it. */
export function callActivity<K extends keyof AllActivities>(
  name: K,
  input: Input<K>,
  summary: string,
  options: ActivityOptions = {},
): Promise<Output<K>> {
  return scheduleActivity<Output<K>>(`${ACTIVITY_PREFIX}${name}`, [input], {
    ...PATIENT,
    summary: oneLine(summary),
    ...options,
  });
}

/** The same on the statistics queue. */
export function callOnCpu<K extends keyof AllActivities>(
  name: K,
  input: Input<K>,
  summary: string,
  options: ActivityOptions = {},
): Promise<Output<K>> {
  return callActivity(name, input, summary, {
    startToCloseTimeout: '30 minutes',
    taskQueue: cpuQueueOf(workflowInfo().taskQueue),
    ...options,
  });
}

/** The server refuses summaries over 400 bytes (temporal.md §2). */
export function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= 180 ? line : `${line.slice(0, 177)}…`;
}
