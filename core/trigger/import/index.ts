/** Every source that reaches us over HTTP. */
import { alertmanager } from './alertmanager';
import { data } from './data';
import { evidently } from './evidently';
import { greatExpectations } from './great-expectations';
import { mlflow } from './mlflow';
import type { TriggerSource, TriggerWebhookSource } from './source';
import { webhook } from './webhook';

export {
  constantTimeEqual,
  MLFLOW_SIGNATURE,
  RATCHET_SIGNATURE,
  REPLAY_WINDOW_MS,
  verifySignature,
  type SignatureScheme,
} from './signature';
export type { Headers, Hmac, ParsedTriggers, SourceConfig, TriggerSource, TriggerWebhookSource } from './source';

/** By the name that the policy's `triggers.webhooks` uses. */
export const TRIGGER_SOURCES: Readonly<Record<TriggerWebhookSource, TriggerSource>> = {
  webhook,
  mlflow,
  alertmanager,
  evidently,
  greatExpectations,
  data,
};
