import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { modelWorkflowId } from '../../core/ids';
import { signalName, type EvaluationReport } from '../../core/messages';
import type { ModelName } from '../../core/model';
import type { WorkflowGateway } from '../../core/ports';

/** What activities ask of Temporal itself: signal-with-start (workflows cannot) and describing a child. */
export class TemporalWorkflowGateway implements WorkflowGateway {
  constructor(
    private readonly client: Client,
    private readonly taskQueue: string,
  ) {}

  async reportEvaluation(model: ModelName, report: EvaluationReport): Promise<void> {
    await this.client.workflow.signalWithStart('model', {
      workflowId: modelWorkflowId(model),
      taskQueue: this.taskQueue,
      args: [{ model }],
      signal: signalName('evaluation'),
      signalArgs: [report],
      staticSummary: `Ratchet keeps ${model} good`,
    });
  }

  async nudgeModel(model: ModelName): Promise<void> {
    await this.client.workflow.signalWithStart('model', {
      workflowId: modelWorkflowId(model),
      taskQueue: this.taskQueue,
      args: [{ model }],
      signal: signalName('triggersWaiting'),
      staticSummary: `Ratchet keeps ${model} good`,
    });
  }

  async describe(
    workflowId: string,
    runId?: string,
  ): Promise<{ state: 'running' | 'closed' | 'missing'; status: string; runId: string | null }> {
    try {
      // The first run id names the chain: a run that continued as new is found by the workflow id alone.
      const handle = this.client.workflow.getHandle(workflowId);
      const description = await handle.describe();
      const firstRunId = description.raw.workflowExecutionInfo?.firstRunId ?? description.runId;
      if (runId !== undefined && firstRunId !== runId) {
        return { state: 'closed', status: 'SUPERSEDED', runId: description.runId };
      }
      return {
        state: description.status.name === 'RUNNING' ? 'running' : 'closed',
        status: description.status.name,
        runId: description.runId,
      };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return { state: 'missing', status: 'NOT_FOUND', runId: null };
      throw error;
    }
  }
}
