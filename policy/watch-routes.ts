/** The one table of the watch API: the gateway answers by it, docs/reference/openapi.json is written from it. */
import { z } from 'zod';
import type { TriggerWebhookSource } from '../core/policy';
import * as api from './watch-api';

export const WATCH_SOURCES = [
  'webhook',
  'mlflow',
  'alertmanager',
  'evidently',
  'greatExpectations',
  'data',
] as const satisfies readonly TriggerWebhookSource[];

export interface QueryParameter {
  /** Of the text that was sent. Numbers are coerced. */
  readonly schema: z.ZodType;
  readonly description: string;
}

export interface WatchRoute {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** Segments in braces are parameters. */
  readonly path: string;
  /** null: open to all. `signature`: the source's own HMAC, or the scope operate where the policy names no secret. */
  readonly scope: 'watch' | 'label' | 'operate' | 'signature' | null;
  readonly summary: string;
  readonly query: Readonly<Record<string, QueryParameter>>;
  /** Content types that are taken, each with its schema (null: bytes). null: no body. */
  readonly body: Readonly<Record<string, z.ZodType | null>> | null;
  /** Which limit holds for the body. */
  readonly limit: 'body' | 'rows' | 'reference';
  /** Answers that are no fault. */
  readonly answers: Readonly<Record<number, { readonly description: string; readonly schema: z.ZodType | null }>>;
}

const moment = z.string().min(1).max(40);
const limit = {
  schema: z.coerce.number().int().min(1).max(500).default(50),
  description: 'Entries a page, 1 to 500.',
};
const before = { schema: z.string().max(400).optional(), description: '`next` of the page before.' };
const version = {
  schema: z.string().max(20).optional(),
  description: 'Default: the version that answers now.',
};
const window = {
  from: { schema: moment, description: 'Start, inclusive: ISO 8601 with a zone, or epoch milliseconds. Event time.' },
  to: { schema: moment, description: 'End, exclusive, after `from`.' },
  version,
};
const column = (what: string): QueryParameter => ({
  schema: z.string().min(1).max(200).optional(),
  description: `Name of the column with ${what}.`,
});
const JSON_TYPE = 'application/json';
const ok = (schema: z.ZodType, description: string) => ({ 200: { description, schema } });
const none = { query: {}, body: null, limit: 'body' } as const;

export const WATCH_ROUTES = {
  listModels: {
    ...none,
    method: 'GET',
    path: '/v1/models',
    scope: 'watch',
    summary: 'Registered models, by name.',
    query: { limit, after: { schema: z.string().max(100).optional(), description: '`next` of the page before.' } },
    answers: ok(api.modelPage, 'A page of models.'),
  },
  getModel: {
    ...none,
    method: 'GET',
    path: '/v1/models/{model}',
    scope: 'watch',
    summary: 'A model: its policy, its versions, its reference.',
    answers: ok(api.modelDetails, 'The model.'),
  },
  registerModel: {
    ...none,
    method: 'PUT',
    path: '/v1/models/{model}',
    scope: 'operate',
    summary: 'Registers a model that is served elsewhere, or changes its policy. Idempotent.',
    body: { [JSON_TYPE]: api.registration },
    answers: {
      200: { description: 'It was there; the policy is this one now.', schema: api.modelDetails },
      201: { description: 'The version is new.', schema: api.modelDetails },
    },
  },
  addPredictions: {
    ...none,
    method: 'POST',
    path: '/v1/models/{model}/predictions',
    scope: 'label',
    summary: 'Rows that the model answered, all or none. Acknowledged ones are on the disk of the gateway.',
    query: { version },
    body: { [JSON_TYPE]: api.predictions, 'application/x-ndjson': null },
    limit: 'rows',
    answers: { 202: { description: 'Kept; PostgreSQL has them within moments.', schema: api.accepted } },
  },
  addLabels: {
    ...none,
    method: 'POST',
    path: '/v1/models/{model}/labels',
    scope: 'label',
    summary: 'The truth, when it is known: late, in any order, each with an outcome of its own.',
    body: { [JSON_TYPE]: api.labels },
    answers: ok(api.labelOutcomes, 'One outcome a label.'),
  },
  setReference: {
    ...none,
    method: 'POST',
    path: '/v1/models/{model}/reference',
    scope: 'operate',
    summary: 'Freezes rows, usually the training data, as what windows of the version are compared with.',
    query: {
      version,
      time: column('event times (ISO 8601 with a zone, or epoch milliseconds): needed for `clusterBy`'),
      prediction: column("the version's answers: scores, or labels of a multiclass model"),
      target: column('the truth'),
    },
    body: {
      [JSON_TYPE]: api.referenceRows,
      'text/csv': null,
      'text/tab-separated-values': null,
      'application/vnd.apache.parquet': null,
    },
    limit: 'reference',
    answers: { 201: { description: 'The profile, named by the digest of its content.', schema: api.savedReference } },
  },
  getDrift: {
    ...none,
    method: 'GET',
    path: '/v1/models/{model}/drift',
    scope: 'watch',
    summary: 'Has the input moved? A window against the reference, from counts.',
    query: window,
    answers: ok(api.driftAnswer, 'The measurement.'),
  },
  getQuality: {
    ...none,
    method: 'GET',
    path: '/v1/models/{model}/quality',
    scope: 'watch',
    summary: 'Is the data of a window fit to be judged?',
    query: { ...window, version },
    answers: ok(api.qualityAnswer, 'The report.'),
  },
  getPerformance: {
    ...none,
    method: 'GET',
    path: '/v1/models/{model}/performance',
    scope: 'watch',
    summary: 'How well did the version answer, on the labels of a window that have arrived?',
    query: {
      ...window,
      slices: {
        schema: z.string().max(2000).optional(),
        description: "Features whose values are measured one by one, separated by commas; default: the policy's.",
      },
    },
    answers: ok(api.performanceAnswer, 'The measurement.'),
  },
  listEvaluations: {
    ...none,
    method: 'GET',
    path: '/v1/models/{model}/evaluations',
    scope: 'watch',
    summary: 'What the scheduled checks found, newest window first.',
    query: { limit, before },
    answers: ok(api.evaluationPage, 'A page of evaluations.'),
  },
  getReport: {
    ...none,
    method: 'GET',
    path: '/v1/models/{model}/report',
    scope: 'watch',
    summary: 'A window, or the last check, as one page that is readable offline, or as JSON.',
    query: {
      format: { schema: z.enum(['html', 'json']).default('html'), description: 'What to answer.' },
      from: {
        schema: moment.optional(),
        description: 'With `to`: this window is measured now. Without: the last check.',
      },
      to: { schema: moment.optional(), description: 'End, exclusive.' },
      version,
    },
    answers: ok(api.reportAnswer, 'The report; text/html unless format is json.'),
  },
  listTriggers: {
    ...none,
    method: 'GET',
    path: '/v1/models/{model}/triggers',
    scope: 'watch',
    summary: 'Every trigger that was kept, newest first, and who took it.',
    query: { limit, before },
    answers: ok(api.triggerPage, 'A page of triggers.'),
  },
  addTrigger: {
    ...none,
    method: 'POST',
    path: '/v1/models/{model}/triggers/{source}',
    scope: 'signature',
    summary: `A trigger from outside; source is one of ${WATCH_SOURCES.join(', ')}, and the policy must name it in triggers.webhooks.`,
    body: { [JSON_TYPE]: api.triggerBody },
    answers: {
      200: {
        description: 'Nothing new: a duplicate, or nothing to do (`ignored` says why).',
        schema: api.triggerAnswer,
      },
      202: { description: 'Kept in the inbox: it is not lost from here on.', schema: api.triggerAnswer },
    },
  },
  getOpenApi: {
    ...none,
    method: 'GET',
    path: '/v1/openapi.json',
    scope: null,
    summary: 'This description.',
    answers: ok(api.openApi, 'OpenAPI 3.1.'),
  },
} as const satisfies Readonly<Record<string, WatchRoute>>;

export type WatchOperation = keyof typeof WATCH_ROUTES;
