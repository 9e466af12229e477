/** How a candidate is trained. */
import { z } from 'zod';
import { count, duration } from './fields';

const paramValue = z.union([z.number(), z.string(), z.boolean()]);
const logScale = z
  .boolean()
  .exactOptional()
  .describe('true: sampled on a logarithmic scale; `low` must be above 0. Left out: linear.');

export const searchRange = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('int'),
      low: z.number().int().describe('Smallest value, inclusive.'),
      high: z.number().int().describe('Largest value, inclusive.'),
      log: logScale,
    }),
    z.strictObject({
      kind: z.literal('float'),
      low: z.number().describe('Smallest value, inclusive.'),
      high: z.number().describe('Largest value, inclusive.'),
      log: logScale,
    }),
    z.strictObject({
      kind: z.literal('categorical'),
      choices: z.array(paramValue).min(1).max(100).describe('The values to choose from.'),
    }),
  ])
  .describe('A range to search.');

const queue = z
  .strictObject({
    queue: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, 'expected a task queue such as "ratchet-gpu-a100"')
      .describe('Task queue: ratchet-gpu, ratchet-gpu-<tag>, ratchet-cpu or your own.'),
    scheduleToStart: duration('1s', '7d')
      .nullable()
      .default(null)
      .describe(
        'How long a task may wait there for a free slot before the next queue is asked; null: as long as it takes.',
      ),
  })
  .transform(({ scheduleToStart, ...rest }) => ({ ...rest, scheduleToStartMs: scheduleToStart }));

export const training = z
  .strictObject({
    command: z
      .array(z.string().min(1))
      .min(1)
      .nullable()
      .describe('Command line of a trainer that keeps docs/reference/trainer.md; null: the built-in one.'),
    algorithm: z
      .enum(['lightgbm', 'logistic', 'linear'])
      .describe('Of the built-in trainer. logistic: classification only. linear: regression only.'),
    params: z
      .record(z.string(), paramValue)
      .describe('Hyper-parameters that are fixed, by their scikit-learn names. Replaces the map of the preset.'),
    search: z
      .record(z.string(), searchRange)
      .describe('Searched ranges by parameter; empty: no search, one fit. Replaces the map of the preset.'),
    trials: count(1, 1000).describe('Trials of the search. 1 to 1,000; unused without a search.'),
    parallelTrials: count(1, 100).describe('Trials that run at the same time, at most `trials`.'),
    folds: count(2, 20).describe('Folds of cross-validation over the training clusters. 2 to 20.'),
    seed: count(0, 2_147_483_647).describe(
      'Seed of the trainer, the folds and the search: the same data give the same model.',
    ),
    queues: z
      .array(queue)
      .min(1)
      .max(10)
      .describe('Task queues in the order of preference. A worker without a GPU runs the same code on its CPU.'),
    timeout: duration('1s', '30d').describe('Longest time of one trial or fit. 1s to 30d.'),
    heartbeatTimeout: duration('1s', '1d').describe(
      'Longest silence of a trainer before it counts as hung; below `timeout`.',
    ),
  })
  .transform(({ timeout, heartbeatTimeout, ...rest }) => ({
    ...rest,
    timeoutMs: timeout,
    heartbeatTimeoutMs: heartbeatTimeout,
  }))
  .describe('Training.');
