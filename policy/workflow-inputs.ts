/** The inputs of every workflow and the payloads of every message, as schemas: checked at the edges, published as JSON Schema. */
import { z } from 'zod';
import { RatchetError } from '../core/errors';
import type { Decision, PauseRequest, RetrainRequest, RollbackRequest, RolloutRequest } from '../core/messages';
import type { DriftCheckInput, ModelInput, RetrainInput, RollbackInput, RolloutInput } from '../core/workflow-io';
import { modelName, modelVersion } from './model';

export interface WorkflowInputs {
  readonly model: ModelInput;
  readonly driftCheck: DriftCheckInput;
  readonly retrain: RetrainInput;
  readonly shadowTest: RolloutInput;
  readonly canary: RolloutInput;
  readonly rollback: RollbackInput;
}
export type WorkflowKind = keyof WorkflowInputs;

export interface MessagePayloads {
  readonly decision: Decision;
  readonly retrain: RetrainRequest;
  readonly rollout: RolloutRequest;
  readonly rollback: RollbackRequest;
  readonly setPolicy: PauseRequest & { readonly policy: Readonly<Record<string, unknown>> };
  readonly pauseAutomation: PauseRequest;
  readonly resumeAutomation: PauseRequest;
}
export type MessageKind = keyof MessagePayloads;

const id = z.string().min(1).max(200).describe('Decision id: makes the message count once; it is the update id too.');
const actor = z.string().min(1).max(200).describe('Who asks: a person or a service, by name.');
const reason = z.string().min(1).max(2000).describe('Why, in words: it is kept in the record.');
const policy = z
  .record(z.string(), z.unknown())
  .exactOptional()
  .describe('A policy as in policy.schema.json, or a resolved one. Left out: the stored one.');
const lookbackMs = z
  .number()
  .int()
  .positive()
  .exactOptional()
  .describe('Overrides data.lookback for this retraining, milliseconds of event time.');
const asOf = z
  .number()
  .int()
  .nonnegative()
  .exactOptional()
  .describe('Event time that the retraining speaks of, epoch milliseconds. Left out: the watermark.');
const unchangedDigest = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .exactOptional()
  .describe('Digest of the training data judged last: the same again end this retraining as `unchanged`.');
const state = z.unknown().exactOptional().describe('Set by continue-as-new only; never by hand.');

const rolloutInput = z.strictObject({ model: modelName, version: modelVersion, actor, reason, policy, state });

/** By workflow type. */
export const WORKFLOW_INPUTS: { readonly [K in WorkflowKind]: z.ZodType<WorkflowInputs[K]> } = {
  model: z
    .strictObject({ model: modelName, policy, state })
    .describe('Input of the workflow `model`, id `model/<name>`: the entity of one model.'),
  driftCheck: z
    .strictObject({ model: modelName })
    .describe('Input of the workflow `driftCheck`: evaluates the oldest complete window not yet evaluated.'),
  retrain: z
    .strictObject({ model: modelName, reason, actor, lookbackMs, asOf, policy, unchangedDigest })
    .describe('Input of the workflow `retrain`, id `retrain/<name>/<n>`: trains and gates one candidate.'),
  shadowTest: rolloutInput.describe('Input of the workflow `shadowTest`, id `shadow/<name>/<version>`.'),
  canary: rolloutInput.describe('Input of the workflow `canary`, id `canary/<name>/<version>`.'),
  rollback: z
    .strictObject({
      model: modelName,
      actor,
      reason,
      of: modelVersion
        .exactOptional()
        .describe(
          'The version to take away; when it serves no more, nothing is changed. Left out: canary, else champion.',
        ),
    })
    .describe('Input of the workflow `rollback`, id `rollback/<name>/<n>`: the previous champion serves again.'),
};

const decision = z
  .strictObject({
    id,
    version: modelVersion,
    actor,
    reason,
    step: z.number().int().nonnegative().exactOptional().describe('The step, 0-based, that the decision speaks of.'),
  })
  .describe('A decision about a rollout: approve, reject, pause, resume, promoteStep, promoteFull, abort.');
const pause = z.strictObject({ id, actor, reason }).describe('Pauses or resumes the automation of a model.');

/** By message name (core/messages.ts NAMES); the signal twin carries the same payload. */
export const MESSAGE_PAYLOADS: { readonly [K in MessageKind]: z.ZodType<MessagePayloads[K]> } = {
  decision,
  retrain: z
    .strictObject({
      id,
      actor,
      reason,
      manual: z.boolean().describe('true: a person asked; runs even in cooldown and without an incident.'),
      lookbackMs,
      asOf,
    })
    .describe('Asks `model` for a retraining.'),
  rollout: z
    .strictObject({ id, version: modelVersion, actor, reason })
    .describe('A version trained elsewhere enters a rollout.'),
  rollback: z.strictObject({ id, actor, reason }).describe('The previous champion serves again.'),
  setPolicy: z
    .strictObject({
      id,
      actor,
      reason,
      policy: z.record(z.string(), z.unknown()).describe('As in policy.schema.json.'),
    })
    .describe('Replaces the policy of a model; refused as a whole when it has a problem.'),
  pauseAutomation: pause,
  resumeAutomation: pause,
};

/**
 * Checks the input of a workflow.
 * @throws RatchetError RATCHET_INPUT_INVALID with every problem in `details.problems` as { path, message }.
 */
export function parseWorkflowInput<K extends WorkflowKind>(kind: K, input: unknown): WorkflowInputs[K] {
  return parse<WorkflowInputs[K]>(WORKFLOW_INPUTS[kind], input, 'RATCHET_INPUT_INVALID', `the input of ${kind}`);
}

/**
 * Checks the payload of a message.
 * @throws RatchetError RATCHET_DECISION_MALFORMED with every problem in `details.problems` as { path, message }.
 */
export function parseMessage<K extends MessageKind>(kind: K, payload: unknown): MessagePayloads[K] {
  return parse<MessagePayloads[K]>(
    MESSAGE_PAYLOADS[kind],
    payload,
    'RATCHET_DECISION_MALFORMED',
    `the payload of ${kind}`,
  );
}

function parse<T>(
  schema: z.ZodType<T>,
  value: unknown,
  code: 'RATCHET_INPUT_INVALID' | 'RATCHET_DECISION_MALFORMED',
  what: string,
): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap((issue) => {
    const path = issue.path.map(String).join('.');
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({ path: path === '' ? key : `${path}.${key}`, message: 'unknown key' }));
  });
  const list = problems.map((problem) =>
    problem.path === '' ? problem.message : `${problem.path}: ${problem.message}`,
  );
  throw new RatchetError(code, `${what} does not match its schema: ${list.join('; ')}`, { details: { problems } });
}
