/** Bodies and answers of the watch API (`/v1`), as schemas: what is checked, what docs/reference/openapi.json says. */
import { z } from 'zod';

const time = z.union([z.number(), z.string()]).meta({ description: 'ISO 8601 with a zone, or epoch milliseconds.' });
const epochMs = z.number().meta({ description: 'Epoch milliseconds.' });
const reason = z.looseObject({ code: z.string(), text: z.string() });
const reasons = z.array(reason);
const cell = z.union([z.number(), z.string(), z.boolean(), z.null()]);

// ---------------------------------------------------------------- bodies

export const registration = z.strictObject({
  policy: z
    .record(z.string(), z.unknown())
    .meta({ description: 'A policy file as JSON (docs/reference/policy.schema.json); `model` may be left out.' }),
  version: z
    .string()
    .regex(/^[1-9]\d{0,17}$/, 'must be a decimal number as text, such as "1"')
    .default('1')
    .meta({ description: 'The version that answers now. Other features, classes or threshold need another one.' }),
  holdoutMetrics: z.record(z.string(), z.number()).default({}).meta({
    description: 'Metrics of the version when it was released: bounds of rules that compare with the hold-out.',
  }),
  actor: z.string().min(1).max(200).default('api'),
  reason: z.string().min(1).max(2000).default('registered over HTTP'),
});

export const predictionRow = z.strictObject({
  id: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: 'Yours: the same id counts once, and labels name it. Left out: one is made and answered.' }),
  occurredAt: time
    .optional()
    .meta({ description: 'Event time, ISO 8601 with a zone or epoch milliseconds; default: now.' }),
  key: z
    .string()
    .min(1)
    .max(512)
    .nullable()
    .optional()
    .meta({ description: 'Whom it is about: a customer, a device.' }),
  features: z
    .record(z.string(), cell)
    .meta({ description: 'By name. One that is left out is missing (null); an unknown one is refused.' }),
  score: z.number().nullable().optional().meta({
    description:
      'Binary: probability of the positive class; regression: the value; multiclass: the largest probability.',
  }),
  label: z
    .union([z.string(), z.number(), z.boolean()])
    .nullable()
    .optional()
    .meta({ description: 'The class that was answered; binary: by default that of the score and the threshold.' }),
  probabilities: z
    .array(z.number().min(0).max(1))
    .nullable()
    .optional()
    .meta({ description: 'Multiclass, in the order of the classes.' }),
});

export const predictions = z.strictObject({ rows: z.array(predictionRow).min(1) });

export const labels = z.object({
  labels: z
    .array(
      z.strictObject({
        id: z.string().meta({ description: 'The id of the prediction, as it was sent or answered.' }),
        value: z.union([z.string(), z.number(), z.boolean()]),
        observedAt: time.optional(),
        correction: z.boolean().optional().meta({ description: 'true: replaces another value.' }),
      }),
    )
    .min(1)
    .max(10_000),
});

export const referenceRows = z.strictObject({ rows: z.array(z.record(z.string(), cell)).min(1) });

export const triggerBody = z
  .record(z.string(), z.unknown())
  .meta({ description: 'As the source sends it; docs/how-to/watch-a-model-served-elsewhere.md names the shapes.' });

// ---------------------------------------------------------------- answers

export const fault = z.object({ error: z.string(), code: z.string(), hint: z.string() });

export const watchedModel = z.object({
  model: z.string(),
  task: z.enum(['binary', 'multiclass', 'regression']),
  servedBy: z.enum(['elsewhere', 'ratchet', 'nobody']),
  version: z.string().nullable().meta({ description: 'The one that answers now.' }),
  policyDigest: z.string(),
  createdAt: epochMs,
});

export const modelDetails = watchedModel.extend({
  versions: z.array(z.object({ version: z.string(), external: z.boolean(), createdAt: epochMs })),
  reference: z
    .object({ digest: z.string(), rows: z.number(), savedAt: epochMs.nullable() })
    .nullable()
    .meta({ description: 'What windows of the version are compared with; null: there is none yet.' }),
  policy: z.record(z.string(), z.unknown()),
});

const next = z.string().nullable().meta({ description: 'Cursor of the next page; null: this is the last one.' });

export const modelPage = z.object({ models: z.array(watchedModel), next });

export const accepted = z.object({
  accepted: z.number().int(),
  version: z.string(),
  ids: z.array(z.string()).meta({ description: 'One a row, in order: what labels may name.' }),
});

export const labelOutcomes = z.object({
  outcomes: z.array(
    z.looseObject({
      id: z.unknown(),
      outcome: z.enum(['accepted', 'duplicate', 'corrected', 'conflict', 'unknown', 'invalid']),
    }),
  ),
});

export const savedReference = z.object({
  model: z.string(),
  version: z.string(),
  digest: z.string(),
  rows: z.number().int(),
  features: z.array(z.object({ name: z.string(), kind: z.enum(['number', 'string']), nulls: z.number() })),
  hasPrediction: z.boolean(),
  hasTarget: z.boolean(),
  hasEventTime: z.boolean(),
});

const window = {
  model: z.string(),
  version: z.string(),
  from: epochMs.meta({ description: 'Inclusive, event time.' }),
  to: epochMs.meta({ description: 'Exclusive, event time.' }),
};

export const driftAnswer = z.object({
  ...window,
  verdict: z.enum(['noDrift', 'warn', 'drift', 'insufficient']),
  rows: z.number().int(),
  reasons,
  reference: z.object({ digest: z.string(), rows: z.number() }).nullable(),
  measurement: z
    .looseObject({ schemaVersion: z.literal(1), features: z.array(z.looseObject({ name: z.string() })) })
    .nullable()
    .meta({ description: 'Every feature with effect, p, counts and thresholds; null: there is no reference.' }),
});

export const qualityAnswer = z.object({
  ...window,
  verdict: z.enum(['pass', 'fail', 'inconclusive', 'error']),
  rows: z.number().int(),
  reasons,
  report: z.looseObject({ issues: z.array(z.looseObject({ code: z.string(), severity: z.string() })) }),
});

export const performanceAnswer = z.object({
  ...window,
  verdict: z.enum(['pass', 'fail', 'inconclusive']),
  rows: z.number().int(),
  labelled: z.number().int(),
  coverage: z.number().min(0).max(1),
  reasons,
  measurement: z.looseObject({
    schemaVersion: z.literal(1),
    metrics: z.array(z.looseObject({ name: z.string(), value: z.number().nullable() })),
  }),
});

const evaluation = z.object({
  version: z.string(),
  windowStart: epochMs,
  windowEnd: epochMs,
  revision: z.number().int(),
  at: epochMs,
  workflowId: z.string(),
  report: z.looseObject({ breached: z.boolean(), driftScore: z.number().nullable(), reasons }),
  measurement: z.record(z.string(), z.unknown()),
});

export const evaluationPage = z.object({ evaluations: z.array(evaluation), next });

export const triggerPage = z.object({
  triggers: z.array(
    z.object({
      id: z.string(),
      source: z.string(),
      actor: z.string(),
      reason: z.string(),
      manual: z.boolean(),
      asOf: epochMs.nullable(),
      payload: z.record(z.string(), z.unknown()).nullable(),
      receivedAt: epochMs,
      takenBy: z.string().nullable().meta({ description: 'The workflow that took it; null: it waits.' }),
    }),
  ),
  next,
});

export const triggerAnswer = z.object({
  added: z.number().int().meta({ description: 'Triggers that are new and kept.' }),
  duplicate: z.boolean().meta({ description: 'true: understood, and every one of them was here before.' }),
  ids: z.array(z.string()),
  ignored: z.string().nullable().meta({ description: 'Why there was nothing to do; null: there was.' }),
});

export const reportAnswer = z.looseObject({
  schemaVersion: z.literal(1),
  subject: z.looseObject({ kind: z.literal('window'), model: z.string(), version: z.string() }),
  verdict: z.enum(['noDrift', 'warn', 'drift', 'breach', 'dataInvalid', 'insufficient']),
  reasons,
  features: z.array(z.looseObject({ name: z.string(), level: z.string(), effect: z.number().nullable() })),
  performance: z.looseObject({}).nullable(),
  quality: z.looseObject({}).nullable(),
});

export const openApi = z.looseObject({ openapi: z.string() });
