import { getExternalWorkflowHandle, log, workflowInfo } from '@temporalio/workflow';
import { modelWorkflowId } from '../core/ids';
import type { ChildReport } from '../core/messages';
import { childEndedSignal } from './messages';

/** Tells `model/<name>` that this workflow ends. A team that runs only canaries has no such workflow: then nobody is told. */
export async function reportToModel(model: string, report: Omit<ChildReport, 'workflowId' | 'runId'>): Promise<void> {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  try {
    await getExternalWorkflowHandle(modelWorkflowId(model)).signal(childEndedSignal, {
      ...report,
      workflowId,
      runId: firstExecutionRunId,
    });
  } catch (error) {
    log.info(`no model workflow to report to: ${String(error)}`);
  }
}
