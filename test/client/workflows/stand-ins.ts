/** Stand-ins for Ratchet's workflows: they answer as the contract says, and decide nothing. */
import {
  ApplicationFailure,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  setHandler,
} from '@temporalio/workflow';
import { NAMES, signalName, type Accepted, type Decision, type RetrainRequest } from '../../../core/messages';

const accepted = (id: string, message: string): Accepted => ({ id, accepted: true, message });

export async function model(input: {
  readonly model: string;
  readonly policy: Record<string, unknown>;
}): Promise<void> {
  let { policy } = input;
  const asked: string[] = [];
  setHandler(defineUpdate<Accepted, [RetrainRequest]>(NAMES.retrain), (request) => {
    asked.push(request.id);
    return accepted(request.id, `retraining asked for, manual ${request.manual}`);
  });
  setHandler(defineUpdate<Accepted, [{ id: string; policy: Record<string, unknown> }]>(NAMES.setPolicy), (request) => {
    policy = request.policy;
    return accepted(request.id, 'policy set');
  });
  setHandler(defineQuery(NAMES.status), () => ({
    model: input.model,
    phase: 'canary',
    active: { kind: 'canary', workflowId: `canary/${input.model}/7`, version: '7' },
    pendingTriggers: asked.length,
    policy,
  }));
  await condition(() => false);
}

export async function canary(): Promise<string> {
  const taken: Decision[] = [];
  setHandler(defineUpdate<Accepted, [Decision]>(NAMES.approve), (decision) => accepted(decision.id, 'approved'), {
    validator: (decision) => {
      if (decision.version !== '7') {
        throw ApplicationFailure.nonRetryable('the rollout is of version 7', 'RATCHET_DECISION_STALE', {
          hint: 'Look again.',
        });
      }
    },
  });
  setHandler(defineSignal<[Decision]>(signalName('abort')), (decision) => void taken.push(decision));
  setHandler(defineQuery(NAMES.status), () => ({ version: '7', phase: 'awaitingApproval', weight: 500 }));
  await condition(() => taken.length > 0);
  return `aborted by ${taken[0]?.actor ?? 'nobody'}`;
}
