import { scheduleActivity } from '@temporalio/workflow';

/** A user's own workflow, which calls the user's own activity. */
export async function greet(name: string): Promise<string> {
  return scheduleActivity<string>('hello', [name], { startToCloseTimeout: '10 seconds' });
}
