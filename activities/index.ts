/**
 * The activities, as factories over ports. Which of them a worker offers depends on the queue that it serves:
 * `light` on `ratchet`, `cpu` on `ratchet-cpu`, `gpu` on the GPU queues.
 */
import { createOperateActivities } from './operate';
import { createPolicyActivities } from './policy';
import type { ActivityPorts } from './ports';
import { createRetrainActivities } from './retrain';
import { createRolloutActivities } from './rollout';
import { createTrackActivities } from './track';
import { createSearchActivities, createTrainActivities } from './train';
import { createTriggerActivities } from './triggers';
import { createWatchActivities } from './watch';

export type { ActivityPorts, GpuLeases } from './ports';
export { toApplicationFailure } from './failure';

// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the table's type is the contract
export function createLightActivities(ports: ActivityPorts) {
  return {
    ...createPolicyActivities(ports),
    ...createRolloutActivities(ports),
    ...createOperateActivities(ports),
    ...createTrackActivities(ports),
    ...createTriggerActivities(ports),
  };
}

/** Statistics, evaluation, search and, when no GPU worker answers, training. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the table's type is the contract
export function createCpuActivities(ports: ActivityPorts) {
  return {
    ...createWatchActivities(ports),
    ...createRetrainActivities(ports),
    ...createSearchActivities(ports),
    ...createTrainActivities(ports),
  };
}

// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the table's type is the contract
export function createGpuActivities(ports: ActivityPorts) {
  return createTrainActivities(ports);
}

export type LightActivities = ReturnType<typeof createLightActivities>;
export type CpuActivities = ReturnType<typeof createCpuActivities>;
export type GpuActivities = ReturnType<typeof createGpuActivities>;
export type AllActivities = LightActivities & CpuActivities & GpuActivities;
