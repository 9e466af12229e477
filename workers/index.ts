/** temporal-ratchet/workers: for the process that runs a Temporal worker. */
export { ratchet, RatchetPlugin, type ConnectedPorts, type RatchetPluginOptions, type RatchetRole } from './plugin';
export type { ActivityPorts } from '../activities';
