/** Blessings, serving, notifications, retention. */
import { z } from 'zod';
import { BLESSINGS } from '../core/model';
import { count } from './fields';

const blessing = z.enum(BLESSINGS);

export const blessings = z
  .strictObject({
    required: z.array(blessing).describe('What must be recorded for a version before it serves in full.'),
    vouched: z
      .array(blessing)
      .describe("Those for which an outside trainer's word is enough (`ratchet rollout --version`)."),
  })
  .describe('Blessings.');

export const serving = z
  .strictObject({
    log: z
      .enum(['os', 'durable', 'memory'])
      .describe(
        '`os`: written before the answer leaves, survives a killed gateway. `durable`: fsynced too, survives a power cut. `memory`: lost with the gateway.',
      ),
    onLogFull: z
      .enum(['refuse', 'shed'])
      .describe('When maxLogBytes wait: refuse requests (503), or answer and count the loss.'),
    maxLogBytes: count(1_048_576, 1_099_511_627_776).describe(
      'Most bytes that may wait for PostgreSQL. 1 MiB to 1 TiB.',
    ),
  })
  .describe('Serving and the prediction log.');

const webhook = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe('Where notifications are posted as JSON, http or https.'),
  secretEnv: z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]*$/, 'expected the name of an environment variable, never the secret itself')
    .nullable()
    .default(null)
    .describe('Name of the environment variable that holds the signing secret; null: unsigned.'),
});

export const notifications = z
  .strictObject({ webhooks: z.array(webhook).max(10).describe('Receivers besides the log.') })
  .describe('Notifications.');

export const retention = z
  .strictObject({
    keepVersions: count(1, 10_000).describe(
      'Versions kept; champion, previous and live candidates are never counted out.',
    ),
    predictionsDays: count(1, 36_500).describe('Days that predictions are kept, by receivedAt.'),
  })
  .describe('Retention.');
