import type { ModelName, ModelVersion } from './model';

/** Task queues (DESIGN §5). */
export const TASK_QUEUE = 'ratchet';
export const CPU_TASK_QUEUE = 'ratchet-cpu';
export const GPU_TASK_QUEUE = 'ratchet-gpu';

/** The statistics queue beside a workflow queue: `ratchet` → `ratchet-cpu`. */
export const cpuQueueOf = (taskQueue: string): string => `${taskQueue}-cpu`;

/** Prefix of every activity's name on the wire, so that ours never clash with the user's (temporal.md §1.4). */
export const ACTIVITY_PREFIX = 'ratchet.';

/** Workflow ids (DESIGN §4). The id is the lock: one open workflow an id. */
export const modelWorkflowId = (model: ModelName): string => `model/${model}`;
export const driftWorkflowId = (model: ModelName): string => `drift/${model}`;
export const retrainWorkflowId = (model: ModelName, n: number | string): string => `retrain/${model}/${n}`;
export const shadowWorkflowId = (model: ModelName, version: ModelVersion): string => `shadow/${model}/${version}`;
export const canaryWorkflowId = (model: ModelName, version: ModelVersion): string => `canary/${model}/${version}`;
export const rollbackWorkflowId = (model: ModelName, n: number | string): string => `rollback/${model}/${n}`;
export const driftScheduleId = (model: ModelName): string => `ratchet-drift/${model}`;

/**
 * The key under which an effect happens at most once: `<workflow id>:<first execution run id>:<step>`.
 * A rollout retried under the same id has another run id, so it is new work.
 */
export const idempotencyKey = (workflowId: string, firstRunId: string, step: string): string =>
  `${workflowId}:${firstRunId}:${step}`;

/** Search attributes (DESIGN §4), with their Temporal types. */
export const SEARCH_ATTRIBUTES = {
  RatchetModel: 'KEYWORD',
  RatchetPhase: 'KEYWORD',
  RatchetVersion: 'KEYWORD',
  RatchetOutcome: 'KEYWORD',
  RatchetDriftScore: 'DOUBLE',
  RatchetNeedsHuman: 'BOOL',
} as const;
