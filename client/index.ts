/** `temporal-ratchet/client`: what another service needs to talk to Ratchet. Light: no worker, no database driver. */
export { RatchetClient, DEFAULT_ADDRESS, DEFAULT_NAMESPACE } from './ratchet-client';
export type {
  By,
  ConnectOptions,
  DecisionKind,
  DecisionOptions,
  ModelView,
  RatchetClientOptions,
  Registration,
  RetrainOptions,
  StartedWorkflow,
  WatchOptions,
} from './ratchet-client';
export { toRatchetError } from './errors';
export { ensureSearchAttributes } from './search-attributes';
